/** The catalogue of CUDA sources that this module ships as resources. Depends on nothing. */
package io.mgnm.kernels;
