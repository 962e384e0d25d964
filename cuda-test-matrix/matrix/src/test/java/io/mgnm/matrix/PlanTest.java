package io.mgnm.matrix;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.kernels.KernelCatalogue;
import io.mgnm.matrix.rows.Row;
import io.mgnm.matrix.rows.Rows;
import io.mgnm.matrix.rows.Size;
import io.mgnm.matrix.work.CaseJob.Case;
import io.mgnm.matrix.work.CaseResult;
import io.mgnm.matrix.work.Target;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** That nothing is forgotten: the matrix is what proves the kernels. */
class PlanTest {
  /** The sizes that the style guide names. */
  private static final List<String> STYLE =
      List.of(
          "1",
          "2",
          "15",
          "16",
          "17",
          "31",
          "32",
          "33",
          "63",
          "64",
          "65",
          "97",
          "100",
          "200",
          "empty",
          "one-history",
          "unequal",
          "zeros");

  @Test
  void everyKernelHasARowNamedAfterItsStem() {
    assertThat(Rows.all()).extracting(Row::stem).containsAll(KernelCatalogue.stems());
    for (Row row : Rows.all()) {
      String name = row.stem().replace("_", "") + "row";
      assertThat(row.getClass().getSimpleName()).isEqualToIgnoringCase(name);
      assertThat(row.directions()).isNotEmpty().doesNotHaveDuplicates();
      assertThat(row.variants()).isNotEmpty().doesNotHaveDuplicates();
    }
  }

  @Test
  void everyKernelDirectionAndStyleSizeIsInTheShortMatrixOnEveryGeneration() {
    for (String stem : KernelCatalogue.stems()) {
      Row row = Rows.of(stem);
      Set<String> planned = new HashSet<>();
      for (Case one : Plan.shortCases(row, Plan.Device.SIMULATED)) {
        for (Target target : one.targets()) {
          for (String direction : row.directions()) {
            String name = CaseResult.name(stem, direction, one.shape(), target);
            planned.add(name.replaceAll("/d[0-9].*/", " ").replaceAll("-[a-z]+$", ""));
          }
        }
      }
      for (String direction : row.directions()) {
        for (String size : STYLE) {
          for (String on : List.of("cpu", "cuda-7.5", "cuda-8.6", "cuda-9.0")) {
            assertThat(planned).contains("%s/%s/%s %s".formatted(stem, direction, size, on));
          }
        }
      }
    }
  }

  @Test
  void theLongMatrixMeetsEverySizeWithEveryWidthAndWithEveryVariant() {
    for (Row row : Rows.all()) {
      List<Case> cases = Plan.longCases(row, Plan.Device.SIMULATED);
      int sizes = Size.ALL.size();
      assertThat(cases.stream().map(c -> c.shape().size() + " " + c.shape().d()).distinct())
          .as(row.stem())
          .hasSize(5 * sizes);
      assertThat(
              cases.stream()
                  .filter(c -> c.shape().size().n() <= 200)
                  .map(c -> c.shape().size() + " " + c.shape().variant())
                  .distinct())
          .as(row.stem())
          .hasSize(
              row.variants().size()
                  * (int) Size.ALL.stream().filter(size -> size.n() <= 200).count());
      assertThat(cases.stream().map(Case::shape)).doesNotHaveDuplicates();
    }
  }

  @Test
  void theShortMatrixMeetsEveryPairOfSizeAndOrderAndOfWidthAndVariant() {
    for (Row row : Rows.all()) {
      List<Case> cases = Plan.shortCases(row, Plan.Device.SIMULATED);
      Set<String> pairs =
          cases.stream()
              .map(c -> c.shape().d() + " " + c.shape().variant())
              .collect(Collectors.toSet());
      int variants = row.variants().size();
      assertThat(pairs).as(row.stem()).hasSizeGreaterThanOrEqualTo(5 * Math.min(variants, 4));
      assertThat(cases.stream().map(c -> c.shape().variant()).distinct()).hasSize(variants);
      for (Case one : cases) {
        List<String> orders =
            one.targets().stream().filter(Target::onSimulator).map(Target::order).toList();
        assertThat(orders).isSubsetOf(Target.ORDERS).doesNotHaveDuplicates();
        assertThat(orders.size()).isIn(0, Target.ORDERS.size());
      }
    }
  }
}
