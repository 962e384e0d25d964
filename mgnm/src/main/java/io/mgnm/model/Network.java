package io.mgnm.model;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.Batch;
import io.mgnm.ops.CapsuleProjection;
import io.mgnm.ops.CapsuleRouting;
import io.mgnm.ops.Dropout;
import io.mgnm.ops.EmbeddingGather;
import io.mgnm.ops.GraphConvolution;
import io.mgnm.ops.InterestReadout;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.RecentItems;
import io.mgnm.ops.SequenceEncoder;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TransformerEncoder;

/**
 * The operations of one model over one batch, in the order of the paper: embedding, graph,
 * projection, routing, encoder, routing, interests, scores; and back. The recent items, where they
 * have a part, join between routing and interests.
 *
 * <p>{@link #forward} and {@link #backward} only call operations, so they belong inside {@link
 * Backend#record}. What lies between is {@link Lifetime#LOCAL}; the derivatives of the gathered
 * rows are kept, since the reduction by row needs those of the whole batch.
 */
final class Network {
  private final Batch batch;
  private final Parameters parameters;

  private final EmbeddingGather gather;
  private final Dropping dropping; // null where nothing is dropped
  private final GraphConvolution graph;
  private final CapsuleProjection projection;
  private final CapsuleRouting routing;
  private final SequenceEncoder encoder; // null with encoder none
  private final RecentItems recent; // null where they have no part
  private final InterestReadout readout;
  private final boolean routesTwice; // a first iteration before the encoder

  private final Tensor x;
  private final Tensor u;
  private final Tensor e;
  private final Tensor levels;
  private final Tensor l1;
  private final Tensor z;
  private final Tensor logits;
  private final Tensor updated;
  private final Tensor y;
  private final Tensor tape;
  private final Tensor o;
  private final Tensor q;
  private final Tensor scores;

  /** How values of the gathered item rows are dropped, in training. */
  record Dropping(Dropout operation, StepState state) {

    /** As the settings say; null where they drop nothing. */
    static Dropping of(Backend backend, Settings settings, StepState state) {
      double rate = settings.real(Key.DROPOUT);
      Dropout.Options options = new Dropout.Options(settings.whole(Key.SEED), rate);
      return rate == 0 ? null : new Dropping(backend.dropout(options), state);
    }
  }

  /**
   * @param dropping null where no values are dropped
   * @param interests whether the interests are looked at after the operations have run
   */
  Network(
      Backend backend,
      ModelConfig config,
      Parameters parameters,
      Batch batch,
      Dropping dropping,
      Lifetime interests) {
    this.batch = batch;
    this.parameters = parameters;
    this.dropping = dropping;
    gather = backend.embeddingGather();
    graph = backend.graphConvolution(config.graph());
    projection = backend.capsuleProjection();
    routing = backend.capsuleRouting(config.routing());
    encoder = encoder(backend, config);
    recent = recent(backend, config.recentWeight());
    readout = backend.interestReadout(config.readout());
    routesTwice = config.routing().iterations() > 1;

    int d = config.d();
    x = batch.tensor(Axis.ITEMS, d, Lifetime.LOCAL);
    u = batch.tensor(Axis.HISTORIES, d, Lifetime.LOCAL);
    e = batch.tensor(Axis.CANDIDATES, d, Lifetime.LOCAL);
    levels = batch.tensor(Axis.ITEMS, config.levels() * d, Lifetime.LOCAL);
    l1 = batch.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
    z = batch.capsules(Axis.ITEMS, d, Lifetime.LOCAL);
    logits = batch.capsules(Axis.ITEMS, 1, Lifetime.LOCAL);
    updated = routesTwice ? batch.capsules(Axis.ITEMS, 1, Lifetime.LOCAL) : logits;
    y = encoder == null ? z : batch.capsules(Axis.ITEMS, d, Lifetime.LOCAL);
    tape = encoder == null ? null : encoder.tape(batch, Lifetime.LOCAL);
    o = batch.capsules(Axis.HISTORIES, d, Lifetime.LOCAL);
    q = batch.capsules(Axis.HISTORIES, d, interests);
    scores = batch.tensor(Axis.CANDIDATES, config.scores(), Lifetime.LOCAL);
  }

  private static SequenceEncoder encoder(Backend backend, ModelConfig config) {
    return switch (config.encoder()) {
      case BILSTM, BILSTM_PROJECTED -> backend.biLstm(config.lstm());
      case TRANSFORMER ->
          backend.transformerEncoder(
              new TransformerEncoder.Options(config.d(), config.truncation()));
      case NONE -> null;
    };
  }

  private static RecentItems recent(Backend backend, double weight) {
    return weight == 0 ? null : backend.recentItems(new RecentItems.Options(weight));
  }

  /** Initial logits of the routing, to be filled before {@link #forward}. */
  Tensor logits() {
    return logits;
  }

  /** Σ |A| of each history. */
  Tensor l1() {
    return l1;
  }

  /** q, interests of every level. */
  Tensor interests() {
    return q;
  }

  /** y, scores of every candidate and level. */
  Tensor scores() {
    return scores;
  }

  /** Equations (1) to (14). */
  void forward() {
    gather.forward(batch, parameters.items(), parameters.users(), x, u, e);
    drop(x);
    graph.forward(batch, x, u, weight("graph"), levels, l1);
    projection.forward(batch, levels, weight("projection"), z);
    if (routesTwice) {
      routing.before(batch, z, logits, updated);
    }
    if (encoder != null) {
      encoder.forward(batch, z, weight("encoder"), y, tape);
    }
    routing.after(batch, z, y, updated, o);
    if (recent != null) {
      recent.forward(batch, x, o);
    }
    readout.interests(batch, o, weight("interest"), q);
    readout.scores(batch, q, e, scores);
  }

  /** (15): one score a candidate. */
  void readout(Tensor score) {
    readout.readout(batch, scores, score);
  }

  /** Derivatives that {@link #backward} writes. */
  final class Gradients {
    /** By the gathered item rows, {@link Axis#ITEMS} × d. */
    final Tensor dX;

    /** By the gathered user rows, {@link Axis#HISTORIES} × d. */
    final Tensor dU;

    /** By the gathered candidate rows, {@link Axis#CANDIDATES} × d. */
    final Tensor dE;

    /** By the weights, of the block's shape. */
    final Tensor dWeights;

    private final Tensor dO;
    private final Tensor dY;
    private final Tensor dUpdated;
    private final Tensor dDirect;
    private final Tensor dZ;
    private final Tensor dLevels;

    Gradients(ModelConfig config, Tensor dWeights) {
      int d = config.d();
      this.dWeights = dWeights;
      dX = batch.tensor(Axis.ITEMS, d, Lifetime.KEPT);
      dU = batch.tensor(Axis.HISTORIES, d, Lifetime.KEPT);
      dE = batch.tensor(Axis.CANDIDATES, d, Lifetime.KEPT);
      dO = batch.capsules(Axis.HISTORIES, d, Lifetime.LOCAL);
      dZ = batch.capsules(Axis.ITEMS, d, Lifetime.LOCAL);
      dY = encoder == null ? dZ : batch.capsules(Axis.ITEMS, d, Lifetime.LOCAL);
      dUpdated = batch.capsules(Axis.ITEMS, 1, Lifetime.LOCAL);
      boolean direct = config.routing().encoded() == CapsuleRouting.Encoded.AGREEMENT;
      dDirect = direct ? batch.capsules(Axis.ITEMS, d, Lifetime.LOCAL) : dZ;
      dLevels = batch.tensor(Axis.ITEMS, config.levels() * d, Lifetime.LOCAL);
    }
  }

  /** From the derivative by the scores back to the gathered rows and the weights. */
  void backward(Tensor dScores, Gradients g) {
    readout.backward(batch, o, weight("interest"), q, e, dScores, g.dO, part(g, "interest"), g.dE);
    routing.afterBackward(batch, z, y, updated, g.dO, g.dY, g.dUpdated, g.dDirect);
    if (encoder != null) {
      encoder.backward(batch, z, weight("encoder"), y, tape, g.dY, g.dZ, part(g, "encoder"));
    }
    if (routesTwice) {
      routing.beforeBackward(batch, z, logits, g.dUpdated, g.dDirect, g.dZ);
    }
    projection.backward(
        batch, levels, weight("projection"), g.dZ, g.dLevels, part(g, "projection"));
    graph.backward(batch, x, u, weight("graph"), levels, g.dLevels, g.dX, g.dU, part(g, "graph"));
    if (recent != null) {
      recent.backward(batch, g.dO, g.dX);
    }
    drop(g.dX);
  }

  /** The rows, or their derivative: dropping is its own backward. */
  private void drop(Tensor rows) {
    if (dropping != null) {
      dropping.operation().apply(dropping.state(), batch, rows);
    }
  }

  private Tensor weight(String name) {
    return parameters.part(parameters.weights(), name);
  }

  private Tensor part(Gradients g, String name) {
    return parameters.part(g.dWeights, name);
  }
}
