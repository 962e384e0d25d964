package io.mgnm.bench;

import io.mgnm.bench.peer.Padded;
import io.mgnm.bench.peer.TorchScore;
import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.model.ModelConfig;
import io.mgnm.model.Parameters;
import io.mgnm.model.ScoringStep;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Tensor;
import java.util.List;
import java.util.SplittableRandom;

/** Encoding histories and scoring 1 + 1,000 candidates of each, as evaluation does. */
final class ScoreWorkload implements Workload {
  private static final int CANDIDATES = 1001;
  private static final int BLOCK = 64;

  private final Case what;
  private final Scope scope;
  private final Parameters parameters;
  private final ScoringStep step;
  private final Histories histories;
  private double sum;

  ScoreWorkload(Backend backend, Case what) {
    this.what = what;
    Settings settings = what.settings();
    scope = backend.scope("benchmark");
    parameters = Values.parameters(scope, what);
    int block = Math.min(BLOCK, settings.integer(Key.BATCH));
    step = new ScoringStep(backend, settings, parameters, block, CANDIDATES);
    histories = histories(what, block);
  }

  private static Histories histories(Case what, int count) {
    SplittableRandom random = new SplittableRandom(3);
    int longest = what.settings().integer(Key.TRUNCATION);
    List<Integer> lengths = what.events().lengths();
    int[] offsets = new int[count + 1];
    for (int h = 0; h < count; h++) {
      offsets[h + 1] = offsets[h] + Math.min(longest, lengths.get(h % lengths.size()));
    }
    int items = what.events().items();
    return new Histories(
        random.ints(count, 0, what.events().users()).toArray(),
        random.ints(count, 0, what.events().users()).toArray(),
        offsets,
        random.ints(offsets[count], 0, items).toArray(),
        random.ints((long) count * CANDIDATES, 0, items).toArray());
  }

  /** The same on libtorch: the same parameters, histories, candidates and logits. */
  TorchScore peer(Backend backend) {
    ModelConfig config = ModelConfig.of(what.settings());
    Batch batch = scope.batch(config.batch(histories.count(), CANDIDATES));
    batch.upload(histories);
    Tensor logits = batch.capsules(Axis.ITEMS, 1, Lifetime.KEPT);
    long seed = what.settings().whole(Key.SEED);
    backend.batchSampling(new BatchSampling.Options(seed, false)).scoringLogits(batch, logits);
    return new TorchScore(
        config,
        Values.start(parameters),
        Padded.ofTables(
            histories,
            logits.download(),
            config.levels() * config.interests(),
            parameters.items().rows(),
            parameters.users().rows()));
  }

  /** Scores of the last run, [history][candidate]. */
  float[] scores() {
    return step.scores();
  }

  @Override
  public void run() {
    step.run(histories);
    sum += step.scores()[0];
  }

  @Override
  public long histories() {
    return histories.count();
  }

  @Override
  public double result() {
    double all = 0;
    for (float score : step.scores()) {
      all += score;
    }
    return all + sum;
  }

  @Override
  public void close() {
    step.close();
    scope.close();
  }
}
