/**
 * The CUDA driver API on simulated devices: contexts, modules, streams, events, graphs and memory,
 * as functions that the stub {@code libcuda.so.1} calls. Work given to streams runs as late as the
 * program allows, at once, or in a seeded order; whatever the program got wrong on the host side
 * becomes a finding. Depends on the core and on {@code natives}; cuBLAS and cuDNN build on it.
 */
package io.mgnm.simulator.driver;
