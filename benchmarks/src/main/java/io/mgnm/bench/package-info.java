/**
 * {@code mgnm bench}: how long a training step and scoring take here.
 *
 * <p>A workload is checked against the reference before it is timed. What is compared with each
 * other is timed in turns within one run, since machines are shared; reported are medians with the
 * least and the most. On a simulated device work is counted instead. Depends on {@code io.mgnm}
 * below; {@code mgnm simulate} has it on its class path.
 */
package io.mgnm.bench;
