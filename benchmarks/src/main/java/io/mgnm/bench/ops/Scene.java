package io.mgnm.bench.ops;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.BiLstm;
import io.mgnm.ops.CapsuleRouting;
import io.mgnm.ops.GraphConvolution;
import io.mgnm.ops.Histories;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.InterestReadout;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Scope;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TransformerEncoder;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * All that the operations of a step work on, for a few histories of one length, with the values
 * that a forward gives from random parameters; the same on every backend.
 */
final class Scene implements AutoCloseable {
  static final int HISTORIES = 4;
  static final int LENGTH = 100;
  static final int INTERESTS = 4;
  static final int LEVELS = 4;
  static final int CANDIDATES = 6;
  static final int ROWS = 20_000;

  final Backend backend;
  final Scope scope;
  final int d;
  final Batch batch;
  final BatchSampling.Samples samples;
  final StepState state;
  final GraphConvolution graph;
  final CapsuleRouting routing;
  final BiLstm lstm;
  final TransformerEncoder transformer;
  final InterestReadout readout;
  final Tensor items;
  final Tensor users;
  final Tensor graphWeights;
  final Tensor projection;
  final Tensor interest;
  final Tensor lstmWeights;
  final Tensor transformerWeights;
  final Tensor x;
  final Tensor u;
  final Tensor e;
  final Tensor levels;
  final Tensor l1;
  final Tensor z;
  final Tensor logits;
  final Tensor updated;
  final Tensor y;
  final Tensor tape;
  final Tensor transformed;
  final Tensor transformerTape;
  final Tensor o;
  final Tensor q;
  final Tensor scores;
  final Tensor score;
  final Tensor loss;
  final RowGradients itemRows;
  final RowGradients userRows;
  final Tensor first;
  final Tensor second;
  final IntTensor steps;
  private final SplittableRandom random = new SplittableRandom(7);

  Scene(Backend backend, int d) {
    this.backend = backend;
    this.d = d;
    scope = backend.scope("benchmark");
    int n = HISTORIES * LENGTH;
    batch = scope.batch(new BatchShape(HISTORIES, n, LENGTH, CANDIDATES, d, LEVELS, INTERESTS));
    batch.upload(
        new Histories(
            IntStream.range(0, HISTORIES).toArray(),
            IntStream.range(0, HISTORIES).toArray(),
            IntStream.rangeClosed(0, HISTORIES).map(h -> h * LENGTH).toArray(),
            random.ints(n, 0, ROWS).toArray(),
            random.ints(HISTORIES * CANDIDATES, 0, ROWS).toArray()));
    samples = samples();
    state = scope.stepState();
    state.set(0, 1e-3);
    graph =
        backend.graphConvolution(
            new GraphConvolution.Options(
                GraphConvolution.Normalisation.SYMMETRIC,
                true,
                GraphConvolution.Input.PREVIOUS,
                0.2f,
                1e-6f));
    routing =
        backend.capsuleRouting(
            new CapsuleRouting.Options(
                3,
                CapsuleRouting.Softmax.POSITIONS,
                CapsuleRouting.Gradient.FULL,
                CapsuleRouting.Encoded.EVERYWHERE));
    lstm = backend.biLstm(new BiLstm.Options(d, false));
    transformer = backend.transformerEncoder(new TransformerEncoder.Options(d, LENGTH));
    readout =
        backend.interestReadout(
            new InterestReadout.Options(
                InterestReadout.Projection.RELU,
                InterestReadout.Attention.LEVEL,
                InterestReadout.Readout.MAX));
    items = filled(scope.floats(ROWS, d), 0.3);
    users = filled(scope.floats(HISTORIES + 1, d), 0.3);
    graphWeights = filled(scope.floats(d, d), 0.2);
    projection = filled(scope.floats(INTERESTS * d, d), 0.2);
    interest = filled(scope.floats(INTERESTS * d, d), 0.2);
    lstmWeights = filled(scope.floats(1, lstm.weights()), 0.2);
    transformerWeights = filled(scope.floats(1, transformer.weights()), 0.2);
    x = batch.tensor(Axis.ITEMS, d, Lifetime.KEPT);
    u = batch.tensor(Axis.HISTORIES, d, Lifetime.KEPT);
    e = batch.tensor(Axis.CANDIDATES, d, Lifetime.KEPT);
    levels = batch.tensor(Axis.ITEMS, LEVELS * d, Lifetime.KEPT);
    l1 = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
    z = positions(d);
    logits = filled(positions(1), 1);
    updated = positions(1);
    y = positions(d);
    tape = lstm.tape(batch, Lifetime.KEPT);
    transformed = positions(d);
    transformerTape = transformer.tape(batch, Lifetime.KEPT);
    o = batch.capsules(Axis.HISTORIES, d, Lifetime.KEPT);
    q = batch.capsules(Axis.HISTORIES, d, Lifetime.KEPT);
    scores = batch.tensor(Axis.CANDIDATES, LEVELS, Lifetime.KEPT);
    score = batch.tensor(Axis.CANDIDATES, 1, Lifetime.KEPT);
    loss = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
    itemRows = scope.rowGradients(n + HISTORIES * CANDIDATES, d);
    userRows = scope.rowGradients(HISTORIES, d);
    first = scope.floats(ROWS, d);
    second = scope.floats(ROWS, d);
    steps = scope.ints(ROWS);
    forward();
  }

  private void forward() {
    backend.embeddingGather().forward(batch, items, users, x, u, e);
    graph.forward(batch, x, u, graphWeights, levels, l1);
    backend.capsuleProjection().forward(batch, levels, projection, z);
    routing.before(batch, z, logits, updated);
    lstm.forward(batch, z, lstmWeights, y, tape);
    transformer.forward(batch, z, transformerWeights, transformed, transformerTape);
    routing.after(batch, z, y, updated, o);
    readout.interests(batch, o, interest, q);
    readout.scores(batch, q, e, scores);
  }

  private BatchSampling.Samples samples() {
    int events = LENGTH + 1;
    int count = HISTORIES * 8;
    return new BatchSampling.Samples(
        ints(random.ints((long) count * events, 0, ROWS).toArray()),
        ints(IntStream.rangeClosed(0, count).map(user -> user * events).toArray()),
        ints(IntStream.range(0, count).toArray()),
        ints(IntStream.range(0, count).map(user -> user * events + LENGTH).toArray()),
        ints(IntStream.range(0, ROWS).toArray()),
        ints(),
        scope.floats(0, 1));
  }

  IntTensor ints(int... values) {
    IntTensor tensor = scope.ints(values.length);
    tensor.upload(values);
    return tensor;
  }

  /** New capsules of every position. */
  Tensor positions(int width) {
    return batch.capsules(Axis.ITEMS, width, Lifetime.KEPT);
  }

  /** New rows, zero. */
  Tensor rows(Axis axis, int width) {
    return batch.tensor(axis, width, Lifetime.KEPT);
  }

  /** A new tensor like another, zero. */
  Tensor like(Tensor tensor) {
    if (tensor.axis() == Axis.FIXED) {
      return scope.floats(tensor.rows(), tensor.width());
    }
    return tensor.capsules()
        ? batch.capsules(tensor.axis(), tensor.width(), Lifetime.KEPT)
        : rows(tensor.axis(), tensor.width());
  }

  /** A derivative to start from: a new tensor like another, random. */
  Tensor derivative(Tensor tensor) {
    return filled(like(tensor), 0.1);
  }

  private Tensor filled(Tensor tensor, double deviation) {
    float[] values = new float[tensor.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    tensor.upload(values);
    return tensor;
  }

  @Override
  public void close() {
    scope.close();
  }
}
