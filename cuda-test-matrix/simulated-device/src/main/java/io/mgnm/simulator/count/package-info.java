/**
 * What a launch cost: counters, the table of latencies, named GPUs, occupancy, and the estimate of
 * time that follows from them.
 */
package io.mgnm.simulator.count;
