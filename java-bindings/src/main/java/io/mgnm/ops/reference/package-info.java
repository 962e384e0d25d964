/**
 * The truth: every operation in double, as plain loops in the order of the paper's equations.
 *
 * <p>Nothing here is fast or clever. The same loops with every stored value rounded to float
 * ({@link io.mgnm.ops.reference.Precision#SINGLE}) are the naive float32 that the tolerance rule of
 * the parity tests measures other backends by. Depends on {@code io.mgnm.ops} only.
 */
package io.mgnm.ops.reference;
