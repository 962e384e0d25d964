/**
 * The catalogue of CUDA sources that this module ships as resources; they lie in {@code
 * src/main/cuda}. Depends on nothing.
 */
package io.mgnm.kernels;
