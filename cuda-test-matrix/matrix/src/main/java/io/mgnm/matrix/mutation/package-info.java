/**
 * Mistakes planted into the CUDA sources, to see whether the matrix would find them: operators that
 * make them, the running of each, and the committed list of those that may survive.
 *
 * <p>Depends on {@code rows} and {@code work}.
 */
package io.mgnm.matrix.mutation;
