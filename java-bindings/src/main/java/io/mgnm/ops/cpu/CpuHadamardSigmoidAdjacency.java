package io.mgnm.ops.cpu;

import io.mgnm.ops.Batch;
import io.mgnm.ops.GraphConvolution.Normalisation;
import io.mgnm.ops.HadamardSigmoidAdjacency;
import io.mgnm.ops.Tensor;
import java.util.Arrays;

/** Shows what {@link HistoryGraph} computes for {@link CpuGraphConvolution}. */
final class CpuHadamardSigmoidAdjacency implements HadamardSigmoidAdjacency {
  private final CpuBackend backend;

  CpuHadamardSigmoidAdjacency(CpuBackend backend) {
    this.backend = backend;
  }

  @Override
  public void forward(Batch batch, Tensor items, Tensor users, Tensor adjacency) {
    HadamardSigmoidAdjacency.check("forward", batch, items, users, adjacency);
    CpuTensor x = backend.own(items);
    CpuTensor u = backend.own(users);
    CpuTensor a = backend.own(adjacency);
    HistoryGraph[] graphs = graphs(batch, false);
    int d = batch.shape().d();
    backend.perHistory(
        backend.own(batch),
        micro -> {
          HistoryGraph graph = graphs[micro.worker()];
          int pair = a.base(micro);
          for (int h = 0; h < micro.histories(); h++) {
            int n = micro.length(h);
            load(graph, micro, h, x, u, d);
            graph.adjacency();
            graph.operator.storeTransposed(a.array(micro), pair, n, n, n); // symmetric
            pair += n * n;
          }
        });
  }

  @Override
  public void backward(
      Batch batch,
      Tensor items,
      Tensor users,
      Tensor adjacencyGradients,
      Tensor itemGradients,
      Tensor userGradients) {
    HadamardSigmoidAdjacency.check(
        "backward", batch, items, users, adjacencyGradients, itemGradients, userGradients);
    CpuTensor x = backend.own(items);
    CpuTensor u = backend.own(users);
    CpuTensor dA = backend.own(adjacencyGradients);
    CpuTensor dX = backend.own(itemGradients);
    CpuTensor dU = backend.own(userGradients);
    HistoryGraph[] graphs = graphs(batch, true);
    int d = batch.shape().d();
    backend.perHistory(
        backend.own(batch),
        micro -> {
          HistoryGraph graph = graphs[micro.worker()];
          int pair = dA.base(micro);
          for (int h = 0; h < micro.histories(); h++) {
            int n = micro.length(h);
            load(graph, micro, h, x, u, d);
            graph.adjacencyAndRest();
            graph.normalise(Normalisation.NONE);
            graph.gradient.loadTransposed(dA.array(micro), pair, n, n, n);
            graph.toLogits(Normalisation.NONE, 0);
            graph.storeItemGradient(null, dX.array(micro), dX.base(micro) + micro.begin(h) * d);
            graph.storeUserGradient(dU.array(micro), dU.base(micro) + h * d);
            pair += n * n;
          }
        });
  }

  private static void load(
      HistoryGraph graph, MicroBatch micro, int h, CpuTensor x, CpuTensor u, int d) {
    graph.load(
        x.array(micro),
        x.base(micro) + micro.begin(h) * d,
        micro.length(h),
        u.array(micro),
        u.base(micro) + h * d);
  }

  private HistoryGraph[] graphs(Batch batch, boolean backward) {
    HistoryGraph[] graphs = new HistoryGraph[backend.workers().size()];
    Arrays.setAll(
        graphs, w -> new HistoryGraph(batch.shape().maxLength(), batch.shape().d(), backward));
    return graphs;
  }
}
