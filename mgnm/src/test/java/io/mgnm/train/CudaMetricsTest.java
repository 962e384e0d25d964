package io.mgnm.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.SimulatedMachines;
import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.data.Dataset;
import io.mgnm.data.DatasetPreparation;
import io.mgnm.data.Part;
import io.mgnm.data.PrepareOptions;
import io.mgnm.data.SyntheticInteractions;
import io.mgnm.eval.EvaluationOptions;
import io.mgnm.eval.Evaluator;
import io.mgnm.eval.ModelScorer;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.simulator.driver.MachineOptions;
import io.mgnm.simulator.exec.Check;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** A model trained on CUDA is as good as one trained on the CPU. */
@ResourceLock(SimulatedMachines.LOCK)
class CudaMetricsTest {
  private static final int USERS = 300;
  private static final int ITEMS = 60;
  private static final int MOST_EVENTS = 10;
  private static final int NEGATIVES = 50;
  private static final List<Long> SEEDS = List.of(1L, 2L, 3L);

  @TempDir private Path folder;

  /** Rounding may turn a rank or two round; another seed turns many. */
  @Test
  @Tag("long")
  void finalMetricsDifferByLessThanSeedsDo() throws IOException {
    Path data = data();
    List<Map<String, Double>> onCpu = new ArrayList<>();
    List<Map<String, Double>> onCuda = new ArrayList<>();
    for (long seed : SEEDS) {
      onCpu.add(metrics(data, "cpu", seed));
      SimulatedMachines.run(
          MachineOptions.defaults().withChecks(EnumSet.noneOf(Check.class)).withCounting(false),
          machine -> onCuda.add(metrics(data, "cuda", seed)));
    }
    for (String name : List.of("hit@5", "ndcg@5", "hit@10", "ndcg@10")) {
      DoubleSummaryStatistics cpu = new DoubleSummaryStatistics();
      DoubleSummaryStatistics cuda = new DoubleSummaryStatistics();
      DoubleSummaryStatistics apart = new DoubleSummaryStatistics();
      for (int i = 0; i < SEEDS.size(); i++) {
        double ofCpu = onCpu.get(i).get(name);
        double ofCuda = onCuda.get(i).get(name);
        System.out.printf("%s, seed %d: cpu %.4f, cuda %.4f%n", name, SEEDS.get(i), ofCpu, ofCuda);
        cpu.accept(ofCpu);
        cuda.accept(ofCuda);
        apart.accept(Math.abs(ofCuda - ofCpu));
      }
      double noise = cpu.getMax() - cpu.getMin();
      assertThat(noise).as(name).isPositive();
      assertThat(apart.getMax()).as(name).isLessThanOrEqualTo(noise);
      assertThat(Math.abs(cuda.getAverage() - cpu.getAverage())).as(name).isLessThan(noise / 2);
    }
  }

  /** Few events a user, as they came; the rest of his are left out. */
  private Path data() throws IOException {
    List<String> lines = new ArrayList<>(List.of("user\titem\ttime"));
    int[] events = new int[USERS];
    new SyntheticInteractions(
            new SyntheticInteractions.Options(USERS, ITEMS, 12L * USERS, 6, 2, 0.05, 0.1, 0.5, 3))
        .generate(
            (user, item, time) -> {
              if (events[user]++ < MOST_EVENTS) {
                lines.add(user + "\t" + item + "\t" + time);
              }
            });
    Path table = Files.write(folder.resolve("table.tsv"), lines);
    Path out = folder.resolve("data");
    new DatasetPreparation(PrepareOptions.defaults()).prepare(List.of(table), out);
    return out;
  }

  private Map<String, Double> metrics(Path data, String backend, long seed) {
    Path run = folder.resolve(backend + seed);
    Settings settings =
        TestRuns.settings()
            .with(Key.SEED, seed)
            .with(Key.TRUNCATION, MOST_EVENTS)
            .with(Key.EPOCHS, 4)
            .with(Key.VALIDATION_CANDIDATES, NEGATIVES);
    try {
      TestRuns.train(data, run, settings, backend, 2, () -> false);
      try (Dataset dataset = Dataset.open(data);
          Backend opened = Backends.open(backend, new BackendOptions(2));
          TrainedModel model = TrainedModel.open(opened, RunFolder.open(run), dataset);
          ModelScorer scorer =
              new ModelScorer(
                  opened,
                  model.parameters(),
                  model.scoringStep(Evaluator.BLOCK, 1 + NEGATIVES),
                  model.userRows()::of)) {
        return new Evaluator(dataset, EvaluationOptions.sampled(Part.TEST, NEGATIVES))
            .evaluate(List.of(scorer))
            .metrics()
            .get(scorer.name())
            .means();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
