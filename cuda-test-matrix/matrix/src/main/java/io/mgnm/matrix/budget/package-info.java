/**
 * Registers, shared memory and spills of every kernel, for every architecture, from the compiler's
 * log: the committed list of what may be, and its check.
 *
 * <p>Depends on {@code rows} and {@code work}.
 */
package io.mgnm.matrix.budget;
