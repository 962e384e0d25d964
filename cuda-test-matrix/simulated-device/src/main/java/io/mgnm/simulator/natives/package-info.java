/**
 * Shared libraries that Java answers: C stubs written and compiled at run time, whose functions
 * call back into Java on the calling thread. Knows nothing of CUDA and depends on nothing else
 * here.
 */
package io.mgnm.simulator.natives;
