/**
 * A CUDA device in Java. The core (memory, ptx, isa, exec, count) parses PTX and runs it on
 * simulated warps with checks and counters; it knows nothing of a driver, streams or JNI.
 */
package io.mgnm.simulator;
