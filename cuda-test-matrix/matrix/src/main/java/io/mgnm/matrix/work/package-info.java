/**
 * How the matrix runs: processes that take jobs, targets that are opened, and the judging of cases.
 *
 * <p>Depends on {@code rows}, on the backends and on the simulated device.
 */
package io.mgnm.matrix.work;
