package io.mgnm.model;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.Tensor;

/**
 * Scores candidates, recorded once: forward and readout on batches that the host uploads. The
 * routing starts from the fixed draw, so equal histories have equal scores.
 */
public final class ScoringStep implements AutoCloseable {
  private final Scope scope;
  private final ModelConfig config;
  private final Batch batch;
  private final Network network;
  private final Tensor score;
  private final Sequence sequence;

  /**
   * @param histories capacity
   * @param candidates of each history; 0 where only the interests matter
   */
  public ScoringStep(
      Backend backend, Settings settings, Parameters parameters, int histories, int candidates) {
    config = ModelConfig.of(settings);
    scope = backend.scope("scoring step");
    try {
      batch = scope.batch(config.batch(histories, candidates));
      network = new Network(backend, config, parameters, batch, null, Lifetime.KEPT);
      score = batch.tensor(Axis.CANDIDATES, 1, Lifetime.KEPT);
      BatchSampling sampling =
          backend.batchSampling(
              new BatchSampling.Options(
                  settings.whole(Key.SEED), false, settings.real(Key.ROUTING_RECENCY)));
      sequence =
          backend.record(
              "scoring step",
              () -> {
                if (config.randomLogits()) {
                  sampling.scoringLogits(batch, network.logits());
                } else {
                  sampling.zeroLogits(batch, network.logits());
                }
                network.forward();
                network.readout(score);
              });
    } catch (RuntimeException | Error e) {
      try (scope) {
        throw e;
      }
    }
  }

  /** Encodes and scores a batch; the results stay readable until the next one. */
  public void run(Histories histories) {
    batch.upload(histories);
    sequence.run();
  }

  /** One score a candidate of the last batch, histories × candidates. */
  public float[] scores() {
    return score.download();
  }

  /** The batch, for operations on the interests of its histories. */
  public Batch batch() {
    return batch;
  }

  /** Capsules of {@link Axis#HISTORIES}: the interests of the last batch's histories. */
  public Tensor interests() {
    return network.interests();
  }

  /** The model's sizes and options. */
  public ModelConfig config() {
    return config;
  }

  @Override
  public void close() {
    try (scope) {
      sequence.close();
    }
  }
}
