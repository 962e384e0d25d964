package io.mgnm.matrix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.mgnm.matrix.mutation.MutationRun;
import io.mgnm.matrix.mutation.Survivors;
import io.mgnm.matrix.work.Workers;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whether the matrix would see a mistake in a kernel. */
class MutationTest {
  private static final int SAMPLE = 20;
  private static final double LEAST = 0.95;

  /** Enough to know that mistakes are planted, compiled, run and seen. */
  @Test
  void someMistakesInTheSquashAreCaught() {
    check(new Filter("capsule_squash"), 4);
  }

  @Test
  @Tag("long")
  void almostAllMistakesInEveryKernelAreCaughtAndTheOthersAreExplained() {
    check(new Filter(""), SAMPLE);
  }

  private static void check(Filter filter, int sample) {
    assumeTrue(System.getProperty("os.name").equals("Linux"), "the simulated device runs on Linux");
    MutationRun run =
        new MutationRun(new Workers(Runtime.getRuntime().availableProcessors(), true));
    run.run(Plan.mutated(filter), sample, MatrixCommand.SEED, System.out::println);
    int caught = 0;
    int all = 0;
    for (String stem : run.stems()) {
      System.out.printf("%s: %d of %d caught%n", stem, run.caught(stem), run.count(stem));
      caught += run.caught(stem);
      all += run.count(stem);
      assertThat(run.count(stem)).as(stem).isGreaterThanOrEqualTo(sample);
    }
    assertThat(run.unexplained(Survivors.committed())).isEmpty();
    assertThat((double) caught / all).isGreaterThanOrEqualTo(LEAST);
  }
}
