/**
 * Operations on NVIDIA GPUs: one launcher an operation, for the kernels of {@code io.mgnm.kernels}.
 *
 * <p>Rules that hold here:
 *
 * <ul>
 *   <li>Kernels are compiled at run time for the device at hand and for exact sizes; sizes that a
 *       run does not change are constants in the source.
 *   <li>An operation prepares its launches in Java and gives them to {@link
 *       io.mgnm.ops.cuda.CudaBackend}, which runs them in one stream or notes them for a recorded
 *       sequence; a sequence is captured once as a CUDA graph and replayed.
 *   <li>Whatever changes from step to step is in device memory, never a launch's argument. No float
 *       atomics; same bits from run to run.
 *   <li>Rows of capsules of items lie as {@code [history][level][interest][position][width]}: a
 *       sequence is one piece of memory.
 * </ul>
 *
 * <p>Depends on {@code io.mgnm.ops}, {@code io.mgnm.cuda} and {@code io.mgnm.kernels}.
 */
package io.mgnm.ops.cuda;
