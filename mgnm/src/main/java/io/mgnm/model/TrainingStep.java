package io.mgnm.model;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.ops.Adam;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.EmbeddingGradient;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.RankingLoss;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;

/**
 * One step of training, recorded once: sample, forward, loss, backward, reduce, update. Everything
 * that changes from step to step is in the {@link StepState}.
 */
public final class TrainingStep implements AutoCloseable {
  private final Scope scope;
  private final Batch batch;
  private final Sequence sequence;

  /** A step whose batch goes through the network at once. */
  public TrainingStep(
      Backend backend,
      Settings settings,
      Parameters parameters,
      Optimizer optimizer,
      BatchSampling.Samples samples,
      StepState state) {
    this(backend, settings, parameters, optimizer, samples, state, 1);
  }

  /**
   * @param samples the training part in the backend's memory
   * @param state counts the steps
   * @param parts in how many the batch goes through the network: more need less memory, and add the
   *     weights' derivatives in another order
   */
  public TrainingStep(
      Backend backend,
      Settings settings,
      Parameters parameters,
      Optimizer optimizer,
      BatchSampling.Samples samples,
      StepState state,
      int parts) {
    ModelConfig config = ModelConfig.of(settings);
    scope = backend.scope("training step");
    try {
      int histories = Math.min(settings.integer(Key.BATCH), Math.max(1, samples.count()));
      int candidates = 1 + settings.integer(Key.NEGATIVES);
      Passes passes = new Passes(backend, scope, config, histories, candidates, parts);
      BatchShape shape = passes.shape();
      batch = passes.whole();
      Batch part = passes.part();
      Network network =
          new Network(
              backend,
              config,
              parameters,
              part,
              Network.Dropping.of(backend, settings, state),
              Lifetime.LOCAL);
      Tensor partWeights = scope.floats(1, parameters.layout().size());
      Network.Gradients gradients = network.new Gradients(config, partWeights);
      Tensor loss = part.tensor(Axis.HISTORIES, 1, Lifetime.KEPT);
      Tensor dScores = part.tensor(Axis.CANDIDATES, config.scores(), Lifetime.LOCAL);
      Tensor dX = passes.gathered(Axis.ITEMS, gradients.dX);
      Tensor dU = passes.gathered(Axis.HISTORIES, gradients.dU);
      Tensor dE = passes.gathered(Axis.CANDIDATES, gradients.dE);
      Tensor dWeights = passes.total(scope, partWeights);
      int touched = shape.items() + histories * shape.candidates();
      RowGradients itemRows =
          scope.rowGradients(Math.min(parameters.items().rows(), touched), config.d());
      RowGradients userRows =
          scope.rowGradients(Math.min(parameters.users().rows(), histories), config.d());

      BatchSampling sampling =
          backend.batchSampling(
              new BatchSampling.Options(
                  settings.whole(Key.SEED),
                  settings.is(Key.NEGATIVES_DISTRIBUTION, "popularity"),
                  settings.real(Key.ROUTING_RECENCY)));
      RankingLoss rankingLoss =
          backend.rankingLoss(
              new RankingLoss.Options(
                  config.scores(), settings.constant(Key.LOSS, RankingLoss.Form.class)));
      EmbeddingGradient embedding = backend.embeddingGradient();
      Adam adam =
          backend.adam(
              new Adam.Options(
                  settings.real(Key.BETA1),
                  settings.real(Key.BETA2),
                  settings.real(Key.EPSILON),
                  settings.real(Key.L2_WEIGHT)));
      boolean corrected = settings.is(Key.NEGATIVES_CORRECTION, "logq");
      boolean dense = settings.is(Key.EMBEDDING_UPDATE, "dense");

      sequence =
          backend.record(
              "training step",
              () -> {
                sampling.draw(samples, state, batch);
                for (int i = 0; i < passes.count(); i++) {
                  passes.take(i);
                  if (config.randomLogits()) {
                    sampling.trainingLogits(state, part, network.logits());
                  } else {
                    sampling.zeroLogits(part, network.logits());
                  }
                  network.forward();
                  if (corrected) {
                    sampling.correct(part, samples.logQ(), network.scores());
                  }
                  rankingLoss.forward(part, network.scores(), loss, dScores);
                  network.backward(dScores, gradients);
                  rankingLoss.total(part, loss, network.l1(), state);
                  passes.put(i, gradients.dX, dX);
                  passes.put(i, gradients.dU, dU);
                  passes.put(i, gradients.dE, dE);
                  passes.add(i, partWeights, dWeights);
                }
                embedding.items(batch, dX, dE, itemRows);
                embedding.users(batch, dU, userRows);
                adam.dense(
                    parameters.weights(),
                    dWeights,
                    optimizer.weightM(),
                    optimizer.weightV(),
                    state);
                if (dense) {
                  adam.table(
                      parameters.items(), itemRows, optimizer.itemM(), optimizer.itemV(), state);
                  adam.table(
                      parameters.users(), userRows, optimizer.userM(), optimizer.userV(), state);
                } else {
                  adam.touched(
                      parameters.items(),
                      itemRows,
                      optimizer.itemM(),
                      optimizer.itemV(),
                      optimizer.itemSteps(),
                      state);
                  adam.touched(
                      parameters.users(),
                      userRows,
                      optimizer.userM(),
                      optimizer.userV(),
                      optimizer.userSteps(),
                      state);
                }
              });
    } catch (RuntimeException | Error e) {
      try (scope) {
        throw e;
      }
    }
  }

  /** Does the state's next step. */
  public void run() {
    sequence.run();
  }

  /** The batch that the last step drew. */
  public Batch batch() {
    return batch;
  }

  @Override
  public void close() {
    try (scope) {
      sequence.close();
    }
  }
}
