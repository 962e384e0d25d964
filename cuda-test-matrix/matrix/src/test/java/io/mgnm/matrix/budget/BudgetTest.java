package io.mgnm.matrix.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.cuda.KernelCompiler;
import io.mgnm.cuda.KernelSignature;
import io.mgnm.cuda.KernelSource;
import io.mgnm.kernels.KernelCatalogue;
import io.mgnm.matrix.rows.Row;
import io.mgnm.matrix.rows.Rows;
import io.mgnm.matrix.work.Workers;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Registers, shared memory and spills, for architectures that nobody here has. */
class BudgetTest {
  private static final List<String> WIDTHS = List.of("8", "16", "20", "32", "40", "64");

  @Test
  void oneSetOfConstantsOfEachStemKeepsItsBudgetOnTwoArchitectures() {
    check(BudgetList.committed().part(), Set.of(75, 90)::contains);
  }

  @Test
  @Tag("long")
  void allKeepTheirBudgetsEverywhere() {
    check(BudgetList.committed(), architecture -> true);
  }

  private static void check(BudgetList list, IntPredicate architectures) {
    Assumptions.assumeTrue(KernelCompiler.unavailable().isEmpty(), "there is no compiler");
    BudgetRun run = new BudgetRun(new Workers(Runtime.getRuntime().availableProcessors(), false));
    run.check(list, architectures);
    assertThat(run.problems()).isEmpty();
  }

  /** What launchers ask for is on the list: a kernel that got another constant is written again. */
  @Test
  @Tag("long")
  void theListHasWhatLaunchersAskFor() {
    BudgetRun run = new BudgetRun(new Workers(Runtime.getRuntime().availableProcessors(), true));
    List<Row> listed =
        Rows.all().stream().filter(row -> stemsOfTheList().contains(row.stem())).toList();
    assertThat(run.asked(listed))
        .containsExactlyInAnyOrderElementsOf(
            BudgetList.committed().all().stream()
                .map(budget -> budget.stem() + " " + budget.constants())
                .collect(Collectors.toSet()));
  }

  private static Set<String> stemsOfTheList() {
    return BudgetList.committed().all().stream().map(Budget::stem).collect(Collectors.toSet());
  }

  @Test
  void everyKernelOfAListedStemIsOnTheListAtEveryWidth() {
    List<Budget> all = BudgetList.committed().all();
    assertThat(KernelCatalogue.stems()).containsAll(stemsOfTheList());
    for (String stem : stemsOfTheList()) {
      KernelSource source =
          new KernelSource(
              KernelCatalogue.fileName(stem),
              KernelCatalogue.source(stem),
              KernelCatalogue.headers());
      for (KernelSignature kernel : source.kernels()) {
        List<Budget> own = all.stream().filter(b -> b.kernel().equals(kernel.name())).toList();
        assertThat(own).as("%s in budgets.txt", kernel.name()).isNotEmpty();
        Set<Integer> architectures = new TreeSet<>();
        Set<String> widths = new TreeSet<>();
        for (Budget budget : own) {
          assertThat(budget.stem()).isEqualTo(stem);
          architectures.addAll(budget.registers().keySet());
          for (String constant : budget.constants().split(" ")) {
            if (constant.startsWith("D=")) {
              widths.add(constant.substring(2));
            }
          }
        }
        assertThat(architectures).containsAll(Budget.ARCHITECTURES);
        if (!widths.isEmpty()) {
          assertThat(widths).as(kernel.name()).containsAll(WIDTHS);
        }
      }
    }
  }

  @Test
  void linesAreReadAsTheyAreWritten() {
    String line = "a_stem | D=8 K=1 | a_kernel | 32 - 40 41 - 43 44 | 128 | 1024 - 2048";
    assertThat(Budget.of(line).line()).isEqualTo(line);
    assertThatThrownBy(() -> Budget.of("a_stem | D=8 | a_kernel | 32 | 0 | - - -"))
        .hasMessageContaining("got: 32");
    assertThatThrownBy(() -> Budget.of("a_stem | D=8")).hasMessageContaining("six columns");
    BudgetList list = BudgetList.of("# head\n\n" + line + "\n" + line.replace("D=8", "D=16"));
    assertThat(list.text().lines().filter(l -> !l.startsWith("#")))
        .containsExactly(line, line.replace("D=8", "D=16"));
    assertThat(list.part().all()).extracting(Budget::constants).containsExactly("D=16 K=1");
    assertThat(list.with(BudgetList.of(""), "a_stem"::equals).all()).isEmpty();
    assertThat(list.with(BudgetList.of(""), "other"::equals).all()).hasSize(2);
  }
}
