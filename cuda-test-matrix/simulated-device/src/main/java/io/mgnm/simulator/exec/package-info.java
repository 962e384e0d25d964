/**
 * The words in which launches are asked for and reported: orders and checks, faults and findings
 * with their place and thread, reports, compute capabilities. Depends on counters only.
 */
package io.mgnm.simulator.exec;
