/**
 * The CUDA driver and compiler for Java programs, on JCuda: a context on a device, memory with an
 * owner, a stream, kernels compiled at run time, and graphs.
 *
 * <pre>{@code
 * try (CudaContext context = CudaContext.open(CudaDriver.devices().getFirst());
 *     MemoryScope scope = context.scope("example")) {
 *   KernelSource source = new KernelSource("axpy.cu", text, Map.of());
 *   KernelImage image = KernelCompiler.withDefaultCache()
 *       .compile(source, List.of("-DN=16"), context.target());
 *   DeviceBuffer x = scope.floats(1000, "x");
 *   context.load(image).kernel("axpy").launch(context.stream(), LaunchShape.of(4, 256), x, 2f);
 * }
 * }</pre>
 *
 * <p>Rules that hold here:
 *
 * <ul>
 *   <li>A context is used by one thread at a time, and may move between threads; two at once are a
 *       {@link java.lang.WrongThreadException}. Use after close is an {@link
 *       java.lang.IllegalStateException}. Neither reaches the driver.
 *   <li>Every return code of the driver is turned into a {@link io.mgnm.cuda.CudaException} in one
 *       place. After a fault that ends a context, all its calls throw {@link
 *       io.mgnm.cuda.CudaContextDeadException}.
 *   <li>Memory belongs to a {@link io.mgnm.cuda.MemoryScope}; the context's {@link
 *       io.mgnm.cuda.MemoryLedger} knows who owns what and what leaked. A Cleaner only reports.
 *   <li>No address leaves this package. Nothing here depends on another package of this project.
 * </ul>
 */
package io.mgnm.cuda;
