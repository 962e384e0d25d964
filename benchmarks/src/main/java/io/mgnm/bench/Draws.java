package io.mgnm.bench;

import io.mgnm.bench.peer.Padded;
import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.model.ModelConfig;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Scope;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A batch that a training step of this library draws.
 *
 * @param histories what it holds
 * @param logits of the routing, [item][capsule]
 */
record Draws(Histories histories, float[] logits) {

  /** As libtorch takes it. */
  Padded padded(ModelConfig config) {
    return Padded.of(histories, logits, config.levels() * config.interests());
  }

  /**
   * The same histories in as many batches, the shortest in the first and the longest in the last,
   * so that little is padded.
   */
  static List<Draws> bucketed(List<Draws> draws, int capsules) {
    record One(Draws from, int history) {
      int start() {
        return from.histories.offsets()[history];
      }

      int length() {
        return from.histories.offsets()[history + 1] - start();
      }
    }

    List<One> all = new ArrayList<>();
    for (Draws draw : draws) {
      for (int h = 0; h < draw.histories.count(); h++) {
        all.add(new One(draw, h));
      }
    }
    all.sort(Comparator.comparingInt(One::length));
    List<Draws> buckets = new ArrayList<>();
    int each = all.size() / draws.size();
    for (int first = 0; first + each <= all.size(); first += each) {
      List<One> some = all.subList(first, first + each);
      int[] offsets = new int[each + 1];
      for (int h = 0; h < each; h++) {
        offsets[h + 1] = offsets[h] + some.get(h).length();
      }
      int candidates =
          draws.getFirst().histories.candidates().length / draws.getFirst().histories.count();
      int[] items = new int[offsets[each]];
      float[] logits = new float[offsets[each] * capsules];
      int[] users = new int[each];
      int[] samples = new int[each];
      int[] ids = new int[each * candidates];
      for (int h = 0; h < each; h++) {
        One one = some.get(h);
        Histories from = one.from.histories;
        users[h] = from.users()[one.history];
        samples[h] = from.samples()[one.history];
        System.arraycopy(from.items(), one.start(), items, offsets[h], one.length());
        System.arraycopy(
            one.from.logits,
            one.start() * capsules,
            logits,
            offsets[h] * capsules,
            one.length() * capsules);
        System.arraycopy(
            from.candidates(), one.history * candidates, ids, h * candidates, candidates);
      }
      buckets.add(new Draws(new Histories(samples, users, offsets, items, ids), logits));
    }
    return buckets;
  }

  /** The first batches of a training. */
  static List<Draws> first(Backend backend, Case what, int count) {
    Settings settings = what.settings();
    List<Draws> draws = new ArrayList<>();
    try (Scope scope = backend.scope("draws")) {
      int histories = Math.min(settings.integer(Key.BATCH), what.events().users());
      Batch batch =
          scope.batch(
              ModelConfig.of(settings).batch(histories, 1 + settings.integer(Key.NEGATIVES)));
      Tensor logits = batch.capsules(Axis.ITEMS, 1, Lifetime.KEPT);
      StepState state = scope.stepState();
      state.set(0, 0);
      BatchSampling.Samples samples = what.events().upload(scope);
      BatchSampling sampling =
          backend.batchSampling(new BatchSampling.Options(settings.whole(Key.SEED), false));
      for (int i = 0; i < count; i++) {
        sampling.draw(samples, state, batch);
        sampling.trainingLogits(state, batch, logits);
        draws.add(new Draws(batch.download(), logits.download()));
      }
    }
    return draws;
  }
}
