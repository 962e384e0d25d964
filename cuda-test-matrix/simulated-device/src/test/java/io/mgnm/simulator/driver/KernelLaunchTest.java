package io.mgnm.simulator.driver;

import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
import static jcuda.driver.CUresult.CUDA_ERROR_ILLEGAL_ADDRESS;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_PTX;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_VALUE;
import static jcuda.driver.CUresult.CUDA_ERROR_NOT_FOUND;
import static jcuda.driver.CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU;
import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuFuncSetAttribute;
import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecKernelNodeSetParams;
import static jcuda.driver.JCudaDriver.cuGraphGetNodes;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphKernelNodeGetParams;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.driver.JCudaDriver.cuModuleUnload;
import static jcuda.driver.JCudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static jcuda.driver.JCudaDriver.cuStreamWaitEvent;
import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.simulator.driver.Finding.Kind;
import io.mgnm.simulator.junit.SimulatedCuda;
import jcuda.driver.CUDA_KERNEL_NODE_PARAMS;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUgraphNode;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.Test;

/** Kernels through JCuda: launches, refusals, faults, streams and graphs. */
@SimulatedCuda
class KernelLaunchTest {
  private static final int N = 300;

  private static float[] ramp(int n, float factor) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = factor * i;
    }
    return values;
  }

  private static CUstream stream() {
    CUstream stream = new CUstream();
    Gpu.check(cuStreamCreate(stream, 1));
    return stream;
  }

  @Test
  void aKernelAddsVectors(Machine machine) {
    try (Gpu gpu = new Gpu(0);
        DeviceFloats memory = new DeviceFloats();
        Kernels kernel = new Kernels(Kernels.VECTOR_ADD, "vector_add")) {
      CUdeviceptr c = memory.bytes(4 * N);
      CUdeviceptr a = memory.of(ramp(N, 1));
      CUdeviceptr b = memory.of(ramp(N, 2));
      Gpu.check(kernel.launch(3, 128, 0, null, a, b, c, N));
      assertThat(machine.launches()).as("not yet").isEmpty();
      assertThat(DeviceFloats.read(c, N)).isEqualTo(ramp(N, 3));
      assertThat(machine.launches())
          .singleElement()
          .extracting("kernel", "blocks", "blocksRun", "threads", "dynamicShared")
          .containsExactly("vector_add", 3L, 3L, 128, 0);
      assertThat(machine.trace().calls("cuLaunchKernel").getFirst().detail())
          .contains("vector_add, grid (3,1,1), block (128,1,1)");
    }
  }

  @Test
  void modulesAreChecked(Machine machine) {
    try (Gpu gpu = new Gpu(0)) {
      CUmodule module = new CUmodule();
      byte[] cubin = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0};
      assertThat(cuModuleLoadData(module, cubin)).isEqualTo(CUDA_ERROR_NO_BINARY_FOR_GPU);
      assertThat(machine.trace().calls().getLast().detail()).contains("CUBIN", "runs PTX");
      Gpu.check(cuModuleLoadData(module, Kernels.VECTOR_ADD));
      assertThat(cuModuleGetFunction(new CUfunction(), module, "other"))
          .isEqualTo(CUDA_ERROR_NOT_FOUND);
      Gpu.check(cuModuleUnload(module));
      assertThat(machine.findings().isEmpty()).isTrue();
      String unknown = Kernels.VECTOR_ADD.replace("add.f32", "frobnicate.f32");
      assertThat(cuModuleLoadData(module, unknown)).isEqualTo(CUDA_ERROR_INVALID_PTX);
    }
    assertThat(machine.findings().take())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.kind()).isEqualTo(Kind.UNSUPPORTED);
              assertThat(finding.message()).contains("frobnicate").contains("PTX line");
            });
  }

  @Test
  @SimulatedCuda(computeCapability = "7.5")
  void launchesAreChecked() {
    try (Gpu gpu = new Gpu(0);
        DeviceFloats memory = new DeviceFloats();
        Kernels kernel = new Kernels(Kernels.VECTOR_ADD, "vector_add")) {
      CUdeviceptr a = memory.of(1, 2);
      CUdeviceptr c = memory.bytes(8);
      assertThat(kernel.launch(0, 32, 0, null, a, a, c, 2)).isEqualTo(CUDA_ERROR_INVALID_VALUE);
      assertThat(kernel.launch(1, 1025, 0, null, a, a, c, 2)).isEqualTo(CUDA_ERROR_INVALID_VALUE);
      assertThat(kernel.launch(1, 32, 49_153, null, a, a, c, 2))
          .as("more than 48 KB without opting in")
          .isEqualTo(CUDA_ERROR_INVALID_VALUE);
      int attribute = CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
      assertThat(cuFuncSetAttribute(kernel.function, attribute, 65_537))
          .as("more than compute capability 7.5 has")
          .isEqualTo(CUDA_ERROR_INVALID_VALUE);
      Gpu.check(cuFuncSetAttribute(kernel.function, attribute, 65_536));
      Gpu.check(kernel.launch(1, 32, 65_536, null, a, a, c, 2));
      assertThat(DeviceFloats.read(c, 2)).containsExactly(2, 4);
      int[] blocks = new int[1];
      Gpu.check(cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, kernel.function, 128, 0));
      assertThat(blocks[0]).isEqualTo(8);
      Gpu.check(cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, kernel.function, 128, 30_000));
      assertThat(blocks[0]).isEqualTo(2);
    }
  }

  @Test
  void faultsSurfaceAtTheNextWaitAndStay(Machine machine) {
    try (Gpu gpu = new Gpu(0)) {
      DeviceFloats memory = new DeviceFloats();
      Kernels kernel = new Kernels(Kernels.VECTOR_ADD, "vector_add");
      CUdeviceptr a = memory.of(ramp(N, 1));
      CUdeviceptr c = memory.bytes(4 * N - 4);
      Gpu.check(kernel.launch(3, 128, 0, null, a, a, c, N));
      assertThat(cuCtxSynchronize()).isEqualTo(CUDA_ERROR_ILLEGAL_ADDRESS);
      assertThat(cuMemAlloc(new CUdeviceptr(), 4)).isEqualTo(CUDA_ERROR_ILLEGAL_ADDRESS);
      assertThat(cuCtxSynchronize()).isEqualTo(CUDA_ERROR_ILLEGAL_ADDRESS);
    }
    assertThat(machine.findings().take())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.kind()).isEqualTo(Kind.KERNEL);
              assertThat(finding.message()).contains("vector_add", "thread (43,0,0)", "st.global");
            });
  }

  @Test
  void aKernelThatUsesFreedMemoryIsFound(Machine machine) {
    try (Gpu gpu = new Gpu(0)) {
      DeviceFloats memory = new DeviceFloats();
      Kernels kernel = new Kernels(Kernels.VECTOR_ADD, "vector_add");
      CUdeviceptr a = memory.of(ramp(N, 1));
      CUdeviceptr c = new CUdeviceptr();
      Gpu.check(cuMemAlloc(c, 4 * N));
      Gpu.check(cuMemFree(c));
      Gpu.check(kernel.launch(3, 128, 0, null, a, a, c, N));
      assertThat(cuCtxSynchronize()).isEqualTo(CUDA_ERROR_ILLEGAL_ADDRESS);
    }
    assertThat(machine.findings().take())
        .isNotEmpty()
        .allSatisfy(finding -> assertThat(finding.message()).contains("freed"));
  }

  @Test
  void aFreeBeforeTheKernelRanIsFound(Machine machine) {
    try (Gpu gpu = new Gpu(0);
        DeviceFloats memory = new DeviceFloats();
        Kernels kernel = new Kernels(Kernels.VECTOR_ADD, "vector_add")) {
      CUdeviceptr a = memory.of(ramp(N, 1));
      CUdeviceptr c = new CUdeviceptr();
      Gpu.check(cuMemAlloc(c, 4 * N));
      Gpu.check(kernel.launch(3, 128, 0, null, a, a, c, N));
      Gpu.check(cuMemFree(c));
    }
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .containsExactly(Kind.FREED_WHILE_PENDING);
  }

  /** One stream makes c, the other makes d of it; halves are disjoint if asked. */
  private static void twoStreams(boolean wait, boolean disjoint) {
    try (Gpu gpu = new Gpu(0);
        DeviceFloats memory = new DeviceFloats();
        Kernels kernel = new Kernels(Kernels.VECTOR_ADD, "vector_add")) {
      CUdeviceptr a = memory.of(ramp(N, 1));
      CUdeviceptr c = memory.of(ramp(2 * N, 0));
      CUdeviceptr d = memory.bytes(4 * N);
      Gpu.check(cuCtxSynchronize());
      CUstream first = stream();
      CUstream second = stream();
      CUevent made = new CUevent();
      Gpu.check(cuEventCreate(made, 2));
      Gpu.check(kernel.launch(3, 128, 0, first, a, a, c, N));
      Gpu.check(cuEventRecord(made, first));
      if (wait) {
        Gpu.check(cuStreamWaitEvent(second, made, 0));
      }
      CUdeviceptr from = disjoint ? c.withByteOffset(4 * N) : c;
      Gpu.check(kernel.launch(3, 128, 0, second, from, a, d, N));
      Gpu.check(cuStreamSynchronize(second));
      if (wait) {
        assertThat(DeviceFloats.read(d, N)).isEqualTo(ramp(N, 3));
      }
      Gpu.check(cuStreamSynchronize(first));
      Gpu.check(cuEventDestroy(made));
      Gpu.check(cuStreamDestroy(first));
      Gpu.check(cuStreamDestroy(second));
    }
  }

  @Test
  void eventsOrderKernels() {
    twoStreams(true, false);
  }

  @Test
  void kernelsOnDisjointHalvesNeedNoOrder() {
    twoStreams(false, true);
  }

  @Test
  void missingWaitBetweenKernelsIsFound(Machine machine) {
    twoStreams(false, false);
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .containsExactly(Kind.UNORDERED_ACCESS);
  }

  @Test
  @SimulatedCuda(schedule = Schedule.EAGER)
  void missingWaitBetweenKernelsIsFoundInTheRightOrderToo(Machine machine) {
    twoStreams(false, false);
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .containsExactly(Kind.UNORDERED_ACCESS);
  }

  @Test
  void graphsReplayKernelsAndTakeNewArguments() {
    try (Gpu gpu = new Gpu(0);
        DeviceFloats memory = new DeviceFloats();
        Kernels kernel = new Kernels(Kernels.VECTOR_ADD, "vector_add")) {
      CUdeviceptr a = memory.of(ramp(N, 1));
      CUdeviceptr sum = memory.of(new float[N]);
      CUdeviceptr other = memory.bytes(4 * N);
      Gpu.check(cuCtxSynchronize());
      CUstream stream = stream();
      CUgraph graph = new CUgraph();
      CUgraphExec exec = new CUgraphExec();
      Gpu.check(cuStreamBeginCapture(stream, 0));
      Gpu.check(kernel.launch(3, 128, 0, stream, sum, a, sum, N));
      Gpu.check(cuStreamEndCapture(stream, graph));
      Gpu.check(cuGraphInstantiate(exec, graph, 0));
      for (int i = 0; i < 5; i++) {
        Gpu.check(cuGraphLaunch(exec, stream));
      }
      Gpu.check(cuStreamSynchronize(stream));
      assertThat(DeviceFloats.read(sum, N)).isEqualTo(ramp(N, 5));
      CUgraphNode[] nodes = {new CUgraphNode()};
      Gpu.check(cuGraphGetNodes(graph, nodes, new long[] {1}));
      CUDA_KERNEL_NODE_PARAMS parameters = new CUDA_KERNEL_NODE_PARAMS();
      Gpu.check(cuGraphKernelNodeGetParams(nodes[0], parameters));
      assertThat(parameters.gridDimX).isEqualTo(3);
      assertThat(parameters.blockDimX).isEqualTo(128);
      parameters.kernelParams = Kernels.arguments(sum, a, other, N);
      Gpu.check(cuGraphExecKernelNodeSetParams(exec, nodes[0], parameters));
      Gpu.check(cuGraphLaunch(exec, stream));
      Gpu.check(cuStreamSynchronize(stream));
      assertThat(DeviceFloats.read(sum, N)).isEqualTo(ramp(N, 5));
      assertThat(DeviceFloats.read(other, N)).isEqualTo(ramp(N, 6));
      Gpu.check(cuGraphExecDestroy(exec));
      Gpu.check(cuGraphDestroy(graph));
      Gpu.check(cuStreamDestroy(stream));
    }
  }
}
