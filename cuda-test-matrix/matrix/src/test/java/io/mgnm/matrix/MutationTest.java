package io.mgnm.matrix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.mgnm.matrix.mutation.MutationRun;
import io.mgnm.matrix.mutation.MutationRun.Score;
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
        new MutationRun(
            new Workers(Runtime.getRuntime().availableProcessors(), true), Survivors.committed());
    run.run(Plan.mutated(filter), sample, MatrixCommand.SEED, System.out::println);
    for (Score score : run.scores()) {
      System.out.println(score);
      assertThat(score.count()).as(score.stem()).isGreaterThanOrEqualTo(sample);
    }
    assertThat(run.unexplained()).isEmpty();
    int caught = run.scores().stream().mapToInt(Score::caught).sum();
    int unseen = run.scores().stream().mapToInt(Score::unseen).sum();
    assertThat((double) caught / (caught + unseen)).isGreaterThanOrEqualTo(LEAST);
  }
}
