package io.mgnm.matrix;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.cuda.KernelSignature;
import io.mgnm.cuda.KernelSource;
import io.mgnm.kernels.KernelCatalogue;
import io.mgnm.matrix.work.CaseResult;
import io.mgnm.matrix.work.CaseResult.Outcome;
import io.mgnm.matrix.work.Workers;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The matrix itself, on the simulated devices. */
class MatrixTest {
  private static final Filter EVERYTHING = new Filter("");

  @Test
  void everyCaseOfTheShortMatrixPassesOrIsListed() {
    run(Plan.shortOne(Plan.Device.SIMULATED, EVERYTHING));
  }

  @Test
  @Tag("long")
  void everyCaseOfTheLongMatrixPassesOrIsListed() {
    run(Plan.longOne(Plan.Device.SIMULATED, EVERYTHING));
  }

  private static void run(Plan plan) {
    Results results = new Results(Unsupported.committed(), EVERYTHING);
    new Workers(Runtime.getRuntime().availableProcessors(), true).run(plan.jobs(), results::take);
    System.out.println(results.summary());
    assertThat(results.with(Outcome.FAILED))
        .extracting(r -> r.name() + ": " + r.message())
        .isEmpty();
    assertThat(results.with(Outcome.PASSED)).isNotEmpty();
    if (results.with(Outcome.UNSUPPORTED).isEmpty()) {
      KernelCatalogue.stems().forEach(stem -> everyKernelWasLaunched(stem, results));
    }
  }

  private static void everyKernelWasLaunched(String stem, Results results) {
    KernelSource source =
        new KernelSource(
            KernelCatalogue.fileName(stem),
            KernelCatalogue.source(stem),
            KernelCatalogue.headers());
    assertThat(results.kernels().getOrDefault(stem, new TreeSet<>()))
        .as("kernels that the cases of %s launched", stem)
        .containsAll(source.kernels().stream().map(KernelSignature::name).toList());
    assertThat(results.all().stream().filter(r -> r.stem().equals(stem)))
        .extracting(CaseResult::target)
        .anyMatch(target -> target.onSimulator());
  }
}
