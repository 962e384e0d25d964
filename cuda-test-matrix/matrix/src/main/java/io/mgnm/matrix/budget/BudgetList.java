package io.mgnm.matrix.budget;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** The committed list of budgets, {@code budgets.txt}, which a command writes. */
public final class BudgetList {
  private static final String HEAD =
      """
      # What kernels may take, as 'bin/mgnm matrix --budgets FILE' found it; nothing is spilled.
      # Stem | constants | kernel | registers a thread at sm_75 80 86 89 90 100 120
      #   | bytes of static shared memory | of dynamic shared memory at 7.5 8.6 9.0, histories of 100
      # A dash: not used there. Constants at 80, 89 and 120 are those chosen at 8.6, at 100 those at 9.0.
      """;

  private final List<Budget> budgets;

  BudgetList(List<Budget> budgets) {
    this.budgets = List.copyOf(budgets);
  }

  /** The list as it is committed. */
  public static BudgetList committed() {
    try (InputStream in = BudgetList.class.getResourceAsStream("budgets.txt")) {
      return of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static BudgetList of(String text) {
    return new BudgetList(
        text.lines()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .map(Budget::of)
            .toList());
  }

  List<Budget> all() {
    return budgets;
  }

  /** The same with other budgets for the stems that {@code replaced} takes. */
  public BudgetList with(BudgetList fresh, Predicate<String> replaced) {
    List<Budget> all = new ArrayList<>(fresh.budgets);
    budgets.stream().filter(b -> !replaced.test(b.stem())).forEach(all::add);
    return new BudgetList(all);
  }

  /** One set of constants of each stem: that of width 16, if it has widths. */
  public BudgetList part() {
    Map<String, String> chosen = new TreeMap<>();
    for (Budget budget : budgets) {
      boolean usual = List.of(budget.constants().split(" ")).contains("D=16");
      chosen.merge(budget.stem(), budget.constants(), (one, other) -> usual ? other : one);
    }
    return new BudgetList(
        budgets.stream().filter(b -> chosen.get(b.stem()).equals(b.constants())).toList());
  }

  /** The text of the file. */
  public String text() {
    StringBuilder text = new StringBuilder(HEAD);
    budgets.stream()
        .sorted(
            Comparator.comparing(Budget::stem)
                .thenComparing(b -> padded(b.constants()))
                .thenComparing(Budget::kernel))
        .forEach(budget -> text.append(budget.line()).append('\n'));
    return text.toString();
  }

  /** So that D=8 comes before D=16. */
  private static String padded(String constants) {
    return constants.replaceAll("\\b(\\d)\\b", "0$1");
  }
}
