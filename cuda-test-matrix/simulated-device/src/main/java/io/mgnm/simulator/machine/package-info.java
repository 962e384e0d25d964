/**
 * The simulated multiprocessor: registers of a warp, its parts while it is divergent, shared and
 * local memory, global accesses, and the checks and counters of each. What instructions do is in
 * {@code isa}.
 */
package io.mgnm.simulator.machine;
