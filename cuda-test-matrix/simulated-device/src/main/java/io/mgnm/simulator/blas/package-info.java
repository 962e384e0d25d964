/**
 * cuBLAS on simulated devices, as far as a trainer uses it: handles, float products and the vector
 * functions around them, computed in double and rounded once. Strict: what cuBLAS documents as an
 * invalid argument is one. Builds on {@code driver}.
 */
package io.mgnm.simulator.blas;
