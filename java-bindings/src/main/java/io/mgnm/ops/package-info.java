/**
 * The operations as contracts: one interface an operation, and the {@link io.mgnm.ops.Backend} that
 * implements them. Mathematics, shapes and determinism are stated here, once for every backend.
 *
 * <p>Read {@link io.mgnm.ops.CapsuleSquash} first: the other operations have its shape. Everything
 * is float32 in a backend's own memory; a {@link io.mgnm.ops.Batch} says which rows exist, a {@link
 * io.mgnm.ops.Tensor} holds them, and a {@link io.mgnm.ops.Sequence} is a recorded straight line of
 * operations that a backend may cut up, reorder by history or capture as a graph, as long as the
 * results are those of the plain order.
 *
 * <p>Depends on nothing of this project. {@code mgnm} sees this package and never a backend's.
 */
package io.mgnm.ops;
