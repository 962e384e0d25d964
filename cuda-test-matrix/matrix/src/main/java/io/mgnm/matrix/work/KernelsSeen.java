package io.mgnm.matrix.work;

import java.util.Set;

/**
 * Which kernels a job's cases launched on simulated devices.
 *
 * @param stem of the job's row
 * @param kernels by name
 */
public record KernelsSeen(String stem, Set<String> kernels) implements Job.Report {}
