package io.mgnm.cuda;

import java.util.List;
import java.util.Map;

/** A small source for tests: {@code y += a x}, and kernels that go wrong on purpose. */
final class Axpy {
  static final String TEXT =
      """
      extern "C" __global__ void axpy(const float* x, float* y, float a, int n) {
        const int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i < n) {
          y[i] += a * x[i];
        }
      }

      // Writes far behind y.
      extern "C" __global__ void stray(float* y, long long offset) {
        y[offset] = 1.0f;
      }

      extern "C" __global__ void __launch_bounds__(128) reverse(int* y) {
        extern __shared__ int held[];
        held[threadIdx.x] = y[threadIdx.x];
        __syncthreads();
        y[threadIdx.x] = held[blockDim.x - 1 - threadIdx.x];
      }
      """;

  static final KernelSource SOURCE = new KernelSource("axpy.cu", TEXT, Map.of());

  private Axpy() {}

  static CudaModule load(CudaContext context) {
    KernelImage image =
        KernelCompiler.withDefaultCache().compile(SOURCE, List.of(), context.target());
    return context.load(image);
  }

  static CudaContext open() {
    return CudaContext.open(CudaDriver.devices().getFirst());
  }
}
