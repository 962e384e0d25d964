/**
 * What the matrix runs: one small class a stem, and the sizes at which all are tried.
 *
 * <p>Depends on {@code io.mgnm.ops} and its {@code parity}; knows no backend.
 */
package io.mgnm.matrix.rows;
