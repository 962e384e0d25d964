/**
 * The table of what every kernel costs, beside the same mathematics operator by operator: counted
 * on the simulated device, which is why anyone can write it again.
 *
 * <p>Depends on {@code work}, on the CUDA backend and on the simulated device's counters.
 */
package io.mgnm.matrix.table;
