package io.mgnm.simulator.driver;

import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_VALUE;
import static jcuda.driver.CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
import static jcuda.driver.CUresult.CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
import static jcuda.driver.CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphGetNodes;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuGraphNodeGetType;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD32;
import static jcuda.driver.JCudaDriver.cuMemsetD32Async;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static jcuda.driver.JCudaDriver.cuStreamWaitEvent;
import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.simulator.driver.Finding.Kind;
import io.mgnm.simulator.junit.SimulatedCuda;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUgraphNode;
import jcuda.driver.CUgraphNodeType;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.Test;

/** Stream capture and graphs, of fills and copies. */
@SimulatedCuda
class GraphsTest {
  private static final int COUNT = 100;
  private static final int GLOBAL = 0;

  /** Two streams, an event and two buffers. */
  private static final class Session implements AutoCloseable {
    final Gpu gpu = new Gpu(0);
    final CUstream main = new CUstream();
    final CUstream side = new CUstream();
    final CUevent event = new CUevent();
    final CUdeviceptr a = new CUdeviceptr();
    final CUdeviceptr b = new CUdeviceptr();

    Session() {
      Gpu.check(cuStreamCreate(main, 1));
      Gpu.check(cuStreamCreate(side, 1));
      Gpu.check(cuEventCreate(event, 2));
      Gpu.check(cuMemAlloc(a, 4 * COUNT));
      Gpu.check(cuMemAlloc(b, 4 * COUNT));
    }

    @Override
    public void close() {
      Gpu.check(cuMemFree(a));
      Gpu.check(cuMemFree(b));
      Gpu.check(cuEventDestroy(event));
      Gpu.check(cuStreamDestroy(main));
      Gpu.check(cuStreamDestroy(side));
      gpu.close();
    }
  }

  private static int[] read(CUdeviceptr from) {
    int[] values = new int[COUNT];
    Gpu.check(cuMemcpyDtoH(Pointer.to(values), from, 4 * COUNT));
    return values;
  }

  /** Fill a on a side branch and b on the main one; then copy a part of a over b. */
  private static CUgraph forkAndJoin(Session s, boolean join) {
    CUgraph graph = new CUgraph();
    Gpu.check(cuStreamBeginCapture(s.main, GLOBAL));
    Gpu.check(cuMemsetD32Async(s.b, 1, COUNT, s.main));
    Gpu.check(cuEventRecord(s.event, s.main));
    Gpu.check(cuStreamWaitEvent(s.side, s.event, 0));
    Gpu.check(cuMemsetD32Async(s.a, 2, COUNT, s.side));
    if (join) {
      Gpu.check(cuEventRecord(s.event, s.side));
      Gpu.check(cuStreamWaitEvent(s.main, s.event, 0));
    }
    Gpu.check(cuMemcpyDtoDAsync(s.b, s.a, 40, s.main));
    if (join) {
      Gpu.check(cuStreamEndCapture(s.main, graph));
    } else {
      assertThat(cuStreamEndCapture(s.main, graph)).isEqualTo(CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
    }
    return graph;
  }

  @Test
  void capturedWorkRunsAtEachLaunch() {
    capturedWork();
  }

  @Test
  @SimulatedCuda(schedule = Schedule.EAGER)
  void capturedWorkRunsAtEachLaunchEagerly() {
    capturedWork();
  }

  @Test
  @SimulatedCuda(schedule = Schedule.SEEDED, seed = 99)
  void capturedWorkRunsAtEachLaunchInARandomOrder() {
    capturedWork();
  }

  private static void capturedWork() {
    try (Session s = new Session()) {
      CUgraph graph = forkAndJoin(s, true);
      CUgraphExec exec = new CUgraphExec();
      Gpu.check(cuGraphInstantiate(exec, graph, 0));
      long[] count = new long[1];
      Gpu.check(cuGraphGetNodes(graph, null, count));
      assertThat(count[0]).isEqualTo(3);
      CUgraphNode[] nodes = {new CUgraphNode(), new CUgraphNode(), new CUgraphNode()};
      Gpu.check(cuGraphGetNodes(graph, nodes, count));
      int[] type = new int[1];
      Gpu.check(cuGraphNodeGetType(nodes[0], type));
      assertThat(type[0]).isEqualTo(CUgraphNodeType.CU_GRAPH_NODE_TYPE_MEMSET);
      Gpu.check(cuGraphDestroy(graph));
      for (int launch = 0; launch < 3; launch++) {
        Gpu.check(cuMemsetD32(s.b, -launch, COUNT));
        Gpu.check(cuCtxSynchronize());
        assertThat(read(s.b)).containsOnly(-launch);
        Gpu.check(cuGraphLaunch(exec, s.main));
        Gpu.check(cuGraphLaunch(exec, s.main));
        Gpu.check(cuStreamSynchronize(s.main));
        int[] b = read(s.b);
        assertThat(b[9]).isEqualTo(2);
        assertThat(b[10]).isEqualTo(1);
      }
      Gpu.check(cuGraphExecDestroy(exec));
    }
  }

  @Test
  void captureRunsNothing(Machine machine) {
    try (Session s = new Session()) {
      Gpu.check(cuGraphDestroy(forkAndJoin(s, true)));
      Gpu.check(cuCtxSynchronize());
      read(s.b);
    }
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .containsExactly(Kind.UNINITIALISED_READ);
  }

  @Test
  void branchesMustBeJoined() {
    try (Session s = new Session()) {
      forkAndJoin(s, false);
    }
  }

  @Test
  void branchesWithoutAnEdgeAreARace(Machine machine) {
    try (Session s = new Session()) {
      CUgraph graph = new CUgraph();
      CUgraphExec exec = new CUgraphExec();
      Gpu.check(cuStreamBeginCapture(s.main, GLOBAL));
      Gpu.check(cuEventRecord(s.event, s.main));
      Gpu.check(cuStreamWaitEvent(s.side, s.event, 0));
      Gpu.check(cuMemsetD32Async(s.a, 1, COUNT, s.main));
      Gpu.check(cuMemsetD32Async(s.a, 2, COUNT, s.side));
      Gpu.check(cuEventRecord(s.event, s.side));
      Gpu.check(cuStreamWaitEvent(s.main, s.event, 0));
      Gpu.check(cuStreamEndCapture(s.main, graph));
      Gpu.check(cuGraphInstantiate(exec, graph, 0));
      Gpu.check(cuGraphLaunch(exec, s.main));
      Gpu.check(cuStreamSynchronize(s.main));
      Gpu.check(cuGraphExecDestroy(exec));
      Gpu.check(cuGraphDestroy(graph));
    }
    assertThat(machine.findings().take())
        .extracting(Finding::kind)
        .containsExactly(Kind.UNORDERED_ACCESS);
  }

  @Test
  void forbiddenCallsSpoilTheCapture(Machine machine) {
    try (Session s = new Session()) {
      Gpu.check(cuStreamBeginCapture(s.main, GLOBAL));
      assertThat(cuMemAlloc(new CUdeviceptr(), 4)).isEqualTo(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
      assertThat(cuStreamEndCapture(s.main, new CUgraph()))
          .isEqualTo(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
      Gpu.check(cuStreamBeginCapture(s.main, GLOBAL));
      assertThat(cuStreamSynchronize(s.main)).isEqualTo(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
      assertThat(cuMemsetD32Async(s.a, 1, 1, s.main))
          .isEqualTo(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
      assertThat(cuStreamEndCapture(s.main, new CUgraph()))
          .isEqualTo(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
      Gpu.check(cuStreamBeginCapture(s.main, GLOBAL));
      assertThat(cuMemcpyDtoHAsync(Pointer.to(new int[1]), s.a, 4, s.main))
          .as("pageable memory")
          .isEqualTo(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
      assertThat(cuStreamEndCapture(s.main, new CUgraph()))
          .isEqualTo(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
      assertThat(cuGraphLaunch(new CUgraphExec(), s.main)).isNotZero();
      assertThat(cuMemAlloc(new CUdeviceptr(), 0)).isEqualTo(CUDA_ERROR_INVALID_VALUE);
    }
    assertThat(machine.findings().take()).extracting(Finding::kind).containsExactly(Kind.MISUSE);
  }
}
