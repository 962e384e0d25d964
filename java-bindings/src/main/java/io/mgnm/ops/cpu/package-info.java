/**
 * The fallback: every operation in float on {@code jdk.incubator.vector}, as fast as it can be.
 *
 * <p>Rules that hold here:
 *
 * <ul>
 *   <li>Buffers are {@code float[]}. Loops work on a <b>virtual width of 16 lanes</b> ({@link
 *       io.mgnm.ops.cpu.Lanes}), which is one vector or several, whatever the processor has.
 *   <li>Only + − × ÷ fma √, integer operations and our own exp and tanh: no float {@code
 *       reduceLanes}, no transcendental {@code lanewise}. So AVX2, AVX-512 and the interpreter give
 *       the same bits.
 *   <li>Lanes are capsules: a {@link io.mgnm.ops.cpu.MicroBatch} puts the sequences of its
 *       histories side by side, 16 a group, values as {@code [position][component][lane]}.
 *   <li>A recorded sequence runs forward and backward of one micro-batch before the next, so what
 *       lies between stays in cache. Sums over the batch go into a fixed number of slots, added up
 *       in a fixed order, so the number of threads changes nothing.
 *   <li>Nothing is allocated while a sequence runs.
 * </ul>
 *
 * <p>Depends on {@code io.mgnm.ops} only.
 */
package io.mgnm.ops.cpu;
