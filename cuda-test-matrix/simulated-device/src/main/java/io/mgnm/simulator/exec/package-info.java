/**
 * Running kernels: modules loaded into device memory, launches, blocks, warps with divergence and
 * barriers, and what a launch reports. Start at {@link io.mgnm.simulator.exec.Launch}.
 */
package io.mgnm.simulator.exec;
