/**
 * How a backend's results are compared with the reference: the same code on the same inputs, and
 * the tolerance rule. Tests, the test matrix and benchmarks share it.
 *
 * <p>Depends on {@code io.mgnm.ops} and {@code io.mgnm.ops.reference}; no backend depends on it.
 */
package io.mgnm.ops.parity;
