package io.mgnm.bench.ops;

import io.mgnm.ops.Adam;
import io.mgnm.ops.Axis;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.Dropout;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.InterestReadout;
import io.mgnm.ops.RaggedIds;
import io.mgnm.ops.RankingLoss;
import io.mgnm.ops.RecentItems;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TopK;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;

/** An operation and direction that is timed. */
final class Operation {
  private static final Map<String, Operation> ALL = new TreeMap<>();
  private static final long N = Scene.LENGTH;
  private static final long CAPSULES = Scene.LEVELS * Scene.INTERESTS;

  /** Products: multiplications and additions of the formulas' matrix products, a history. */
  private final LongUnaryOperator flops;

  private final Function<Scene, Work> maker;

  private Operation(LongUnaryOperator flops, Function<Scene, Work> maker) {
    this.flops = flops;
    this.maker = maker;
  }

  /**
   * What is timed.
   *
   * @param run does it once
   * @param results what it wrote last
   */
  record Work(Runnable run, Supplier<List<float[]>> results) {
    static Work of(Runnable run, Tensor... written) {
      return new Work(
          run,
          () -> {
            List<float[]> all = new ArrayList<>();
            for (Tensor tensor : written) {
              all.add(tensor.download());
            }
            return all;
          });
    }
  }

  /** Names of all, {@code stem direction}. */
  static List<String> names() {
    return List.copyOf(ALL.keySet());
  }

  /** The one of that name. */
  static Operation of(String name) {
    return ALL.get(name);
  }

  Work work(Scene scene) {
    return maker.apply(scene);
  }

  /** Floating-point operations of its matrix products for one history; 0 where it has none. */
  long flops(int d) {
    return flops.applyAsLong(d);
  }

  private static void add(String name, LongUnaryOperator flops, Function<Scene, Work> maker) {
    ALL.put(name, new Operation(flops, maker));
  }

  private static void add(String name, Function<Scene, Work> maker) {
    add(name, _ -> 0L, maker);
  }

  static {
    addModel();
    addCapsules();
    addRows();
  }

  private static void addModel() {
    add(
        "graph_convolution forward",
        d -> N * N * d + (Scene.LEVELS - 1) * (2 * N * N * d + 2 * N * d * d),
        s ->
            Work.of(
                () -> s.graph.forward(s.batch, s.x, s.u, s.graphWeights, s.levels, s.l1),
                s.levels,
                s.l1));
    add(
        "graph_convolution backward",
        d -> 3 * N * N * d + (Scene.LEVELS - 1) * (4 * N * N * d + 4 * N * d * d),
        s -> {
          Tensor dLevels = s.derivative(s.levels);
          Tensor dX = s.like(s.x);
          Tensor dU = s.like(s.u);
          Tensor dW = s.like(s.graphWeights);
          return Work.of(
              () ->
                  s.graph.backward(
                      s.batch, s.x, s.u, s.graphWeights, s.levels, dLevels, dX, dU, dW),
              dX,
              dU,
              dW);
        });
    add(
        "hadamard_sigmoid_adjacency forward",
        d -> N * N * d,
        s -> {
          Tensor a = s.rows(Axis.PAIRS, 1);
          return Work.of(
              () -> s.backend.hadamardSigmoidAdjacency().forward(s.batch, s.x, s.u, a), a);
        });
    add(
        "hadamard_sigmoid_adjacency backward",
        d -> 3 * N * N * d,
        s -> {
          Tensor dA = s.derivative(s.rows(Axis.PAIRS, 1));
          Tensor dX = s.like(s.x);
          Tensor dU = s.like(s.u);
          return Work.of(
              () -> s.backend.hadamardSigmoidAdjacency().backward(s.batch, s.x, s.u, dA, dX, dU),
              dX,
              dU);
        });
    add(
        "capsule_projection forward",
        d -> 2 * N * CAPSULES * d * d,
        s ->
            Work.of(
                () -> s.backend.capsuleProjection().forward(s.batch, s.levels, s.projection, s.z),
                s.z));
    add(
        "capsule_projection backward",
        d -> 4 * N * CAPSULES * d * d,
        s -> {
          Tensor dZ = s.derivative(s.z);
          Tensor dLevels = s.like(s.levels);
          Tensor dW = s.like(s.projection);
          return Work.of(
              () ->
                  s.backend
                      .capsuleProjection()
                      .backward(s.batch, s.levels, s.projection, dZ, dLevels, dW),
              dLevels,
              dW);
        });
    add(
        "bilstm forward",
        d -> 12 * N * CAPSULES * d * d,
        s -> Work.of(() -> s.lstm.forward(s.batch, s.z, s.lstmWeights, s.y, s.tape), s.y));
    add(
        "bilstm backward",
        d -> 24 * N * CAPSULES * d * d,
        s -> {
          Tensor dY = s.derivative(s.y);
          Tensor dZ = s.like(s.z);
          Tensor dW = s.like(s.lstmWeights);
          return Work.of(
              () -> s.lstm.backward(s.batch, s.z, s.lstmWeights, s.y, s.tape, dY, dZ, dW), dZ, dW);
        });
    add(
        "transformer_encoder forward",
        d -> CAPSULES * (16 * N * d * d + 4 * N * N * d),
        s ->
            Work.of(
                () ->
                    s.transformer.forward(
                        s.batch, s.z, s.transformerWeights, s.transformed, s.transformerTape),
                s.transformed));
    add(
        "transformer_encoder backward",
        d -> CAPSULES * (32 * N * d * d + 8 * N * N * d),
        s -> {
          Tensor dY = s.derivative(s.y);
          Tensor dZ = s.like(s.z);
          Tensor dW = s.like(s.transformerWeights);
          return Work.of(
              () ->
                  s.transformer.backward(
                      s.batch,
                      s.z,
                      s.transformerWeights,
                      s.transformed,
                      s.transformerTape,
                      dY,
                      dZ,
                      dW),
              dZ,
              dW);
        });
  }

  private static void addCapsules() {
    add(
        "capsule_squash forward",
        s -> {
          Tensor v = s.derivative(s.items);
          Tensor o = s.like(s.items);
          return Work.of(() -> s.backend.capsuleSquash().forward(v, o), o);
        });
    add(
        "capsule_squash backward",
        s -> {
          Tensor v = s.derivative(s.items);
          Tensor dO = s.derivative(s.items);
          Tensor dV = s.like(s.items);
          return Work.of(() -> s.backend.capsuleSquash().backward(v, dO, dV), dV);
        });
    add(
        "capsule_routing before",
        s -> Work.of(() -> s.routing.before(s.batch, s.z, s.logits, s.updated), s.updated));
    add(
        "capsule_routing after",
        s -> Work.of(() -> s.routing.after(s.batch, s.z, s.y, s.updated, s.o), s.o));
    add(
        "capsule_routing after backward",
        s -> {
          Tensor dO = s.derivative(s.o);
          Tensor dY = s.like(s.y);
          Tensor dUpdated = s.like(s.updated);
          return Work.of(
              () -> s.routing.afterBackward(s.batch, s.z, s.y, s.updated, dO, dY, dUpdated, dY),
              dY,
              dUpdated);
        });
    add(
        "capsule_routing before backward",
        s -> {
          Tensor dUpdated = s.derivative(s.updated);
          Tensor dZ = s.derivative(s.z);
          return Work.of(
              () -> s.routing.beforeBackward(s.batch, s.z, s.logits, dUpdated, dZ, dZ), dZ);
        });
    add(
        "recent_items forward",
        s -> {
          RecentItems recent = s.backend.recentItems(new RecentItems.Options(1));
          Tensor o = s.derivative(s.o);
          return Work.of(() -> recent.forward(s.batch, s.x, o), o);
        });
    add(
        "recent_items backward",
        s -> {
          RecentItems recent = s.backend.recentItems(new RecentItems.Options(1));
          Tensor dO = s.derivative(s.o);
          Tensor dX = s.derivative(s.x);
          return Work.of(() -> recent.backward(s.batch, dO, dX), dX);
        });
    add(
        "interest_readout interests",
        d -> 2 * CAPSULES * d * d,
        s -> Work.of(() -> s.readout.interests(s.batch, s.o, s.interest, s.q), s.q));
    add(
        "interest_readout scores",
        d -> 2 * Scene.CANDIDATES * CAPSULES * d,
        s -> Work.of(() -> s.readout.scores(s.batch, s.q, s.e, s.scores), s.scores));
    add(
        "interest_readout readout",
        s -> Work.of(() -> s.readout.readout(s.batch, s.scores, s.score), s.score));
    add(
        "interest_readout backward",
        d -> 4 * CAPSULES * d * d + 4 * Scene.CANDIDATES * CAPSULES * d,
        s -> {
          Tensor dY = s.derivative(s.scores);
          Tensor dO = s.like(s.o);
          Tensor dW = s.like(s.interest);
          Tensor dE = s.like(s.e);
          return Work.of(
              () -> s.readout.backward(s.batch, s.o, s.interest, s.q, s.e, dY, dO, dW, dE),
              dO,
              dW,
              dE);
        });
    add(
        "ranking_loss forward",
        s -> {
          Tensor dY = s.like(s.scores);
          RankingLoss loss =
              s.backend.rankingLoss(
                  new RankingLoss.Options(Scene.LEVELS, RankingLoss.Form.LOGISTIC));
          return Work.of(() -> loss.forward(s.batch, s.scores, s.loss, dY), s.loss, dY);
        });
  }

  private static void addRows() {
    add(
        "batch_sampling draw",
        s -> {
          BatchSampling sampling = s.backend.batchSampling(new BatchSampling.Options(1, false));
          return Work.of(() -> sampling.draw(s.samples, s.state, s.batch));
        });
    add(
        "batch_sampling logits",
        s -> {
          BatchSampling sampling = s.backend.batchSampling(new BatchSampling.Options(1, false));
          return Work.of(() -> sampling.trainingLogits(s.state, s.batch, s.logits), s.logits);
        });
    add(
        "batch_sampling correct",
        s -> {
          BatchSampling sampling = s.backend.batchSampling(new BatchSampling.Options(1, true));
          Tensor logQ = s.derivative(s.scope.floats(Scene.ROWS, 1));
          Tensor y = s.derivative(s.scores);
          return Work.of(() -> sampling.correct(s.batch, logQ, y), y);
        });
    add(
        "dropout apply",
        s -> {
          begun(s);
          Dropout dropout = s.backend.dropout(new Dropout.Options(1, 0.2));
          Tensor x = s.derivative(s.x);
          return Work.of(() -> dropout.apply(s.state, s.batch, x), x);
        });
    add(
        "embedding_gather forward",
        s ->
            Work.of(
                () -> s.backend.embeddingGather().forward(s.batch, s.items, s.users, s.x, s.u, s.e),
                s.x,
                s.e));
    add(
        "embedding_gradient items",
        s -> {
          Tensor dX = s.derivative(s.x);
          Tensor dE = s.derivative(s.e);
          return new Work(
              () -> s.backend.embeddingGradient().items(s.batch, dX, dE, s.itemRows),
              () -> List.of(s.itemRows.downloadGradients()));
        });
    add(
        "embedding_gradient users",
        s -> {
          Tensor dU = s.derivative(s.u);
          return new Work(
              () -> s.backend.embeddingGradient().users(s.batch, dU, s.userRows),
              () -> List.of(s.userRows.downloadGradients()));
        });
    add(
        "adam dense",
        s -> {
          Tensor gradient = s.derivative(s.items);
          Adam adam = begun(s);
          return Work.of(
              () -> adam.dense(s.items, gradient, s.first, s.second, s.state), s.first, s.second);
        });
    add(
        "adam touched",
        s -> {
          Adam adam = begun(s);
          gradients(s);
          return Work.of(
              () -> adam.touched(s.items, s.itemRows, s.first, s.second, s.steps, s.state),
              s.first,
              s.second);
        });
    add(
        "adam table",
        s -> {
          Adam adam = begun(s);
          gradients(s);
          return Work.of(
              () -> adam.table(s.items, s.itemRows, s.first, s.second, s.state), s.first, s.second);
        });
    add(
        "top_k best",
        d -> 2 * Scene.ROWS * CAPSULES * d,
        s -> {
          int k = 10;
          RaggedIds none = s.scope.raggedIds(Scene.HISTORIES, 0);
          none.upload(new int[Scene.HISTORIES + 1], new int[0]);
          IntTensor ids = s.scope.ints(Scene.HISTORIES * k);
          Tensor best = s.rows(Axis.HISTORIES, k);
          TopK topK = topK(s);
          return Work.of(() -> topK.best(s.batch, s.q, s.items, none, k, ids, best), best);
        });
    add(
        "top_k rank",
        d -> 2 * Scene.ROWS * CAPSULES * d,
        s -> {
          RaggedIds none = s.scope.raggedIds(Scene.HISTORIES, 0);
          none.upload(new int[Scene.HISTORIES + 1], new int[0]);
          IntTensor targets = s.ints(1, 2, 3, 4);
          IntTensor counts = s.scope.ints(Scene.HISTORIES * 3);
          TopK topK = topK(s);
          return Work.of(() -> topK.rank(s.batch, s.q, s.items, none, targets, counts));
        });
  }

  private static TopK topK(Scene s) {
    return s.backend.topK(
        new TopK.Options(InterestReadout.Attention.LEVEL, InterestReadout.Readout.MAX));
  }

  /** Adam in a step that has begun. */
  private static Adam begun(Scene s) {
    s.backend.batchSampling(new BatchSampling.Options(1, false)).draw(s.samples, s.state, s.batch);
    return s.backend.adam(Adam.Options.withL2(1e-5));
  }

  private static void gradients(Scene s) {
    s.backend.embeddingGradient().items(s.batch, s.derivative(s.x), s.derivative(s.e), s.itemRows);
  }
}
