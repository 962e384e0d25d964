package io.mgnm.matrix.budget;

import io.mgnm.cuda.KernelResources;
import io.mgnm.matrix.budget.CompileJob.Compiled;
import io.mgnm.matrix.budget.ProbeJob.Died;
import io.mgnm.matrix.budget.ProbeJob.Probe;
import io.mgnm.matrix.rows.Row;
import io.mgnm.matrix.rows.Shape;
import io.mgnm.matrix.rows.Size;
import io.mgnm.matrix.work.Job;
import io.mgnm.matrix.work.Workers;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntPredicate;

/** Finds out what kernels take, and compares it with the list. */
public final class BudgetRun {
  private static final int[] WIDTHS = {8, 16, 20, 32, 40, 64};
  private static final int[][] INTERESTS_AND_LAYERS = {{1, 0}, {4, 3}, {8, 5}};
  private static final int DEFAULT_D = 16;
  private static final int DEFAULT_K = 4;

  private final Workers workers;
  private final List<String> problems = new ArrayList<>();

  /** A run on workers whose CUDA is the simulated device. */
  public BudgetRun(Workers workers) {
    this.workers = workers;
  }

  /** A stem's kernels with one set of constants. */
  private record Key(String stem, String constants) implements Comparable<Key> {
    @Override
    public int compareTo(Key other) {
      return (stem + " " + constants).compareTo(other.stem + " " + other.constants);
    }
  }

  /** Budgets of what the rows' kernels take now; {@link #problems} has what was spilled. */
  public BudgetList measure(Collection<Row> rows) {
    Map<Key, Set<Integer>> asked = new TreeMap<>();
    Map<Key, Map<String, Map<Integer, Integer>>> dynamic = new TreeMap<>();
    for (Probe probe : probe(rows)) {
      for (String constants : probe.constants()) {
        Key key = new Key(probe.stem(), constants);
        asked.computeIfAbsent(key, k -> new TreeSet<>()).add(probe.architecture());
        probe
            .dynamicShared()
            .forEach(
                (kernel, bytes) ->
                    dynamic
                        .computeIfAbsent(key, k -> new TreeMap<>())
                        .computeIfAbsent(kernel, k -> new TreeMap<>())
                        .merge(probe.architecture(), bytes, Math::max));
      }
    }
    List<CompileJob> jobs = new ArrayList<>();
    asked.forEach(
        (key, on) -> jobs.add(new CompileJob(key.stem(), key.constants(), architectures(on))));
    Map<Key, Map<String, Budget>> budgets = new TreeMap<>();
    for (Compiled compiled : compile(jobs)) {
      Key key = new Key(compiled.stem(), compiled.constants());
      Map<String, Budget> ofKernels = budgets.computeIfAbsent(key, k -> new TreeMap<>());
      compiled
          .kernels()
          .forEach(
              (kernel, resources) ->
                  ofKernels
                      .computeIfAbsent(
                          kernel,
                          name ->
                              new Budget(
                                  key.stem(),
                                  key.constants(),
                                  name,
                                  new TreeMap<>(),
                                  resources.sharedBytes(),
                                  dynamic.get(key).getOrDefault(name, Map.of())))
                      .registers()
                      .put(compiled.architecture(), resources.registers()));
    }
    return new BudgetList(
        budgets.values().stream().flatMap(kernels -> kernels.values().stream()).toList());
  }

  /** Stems with the constants that the launchers of rows ask for. */
  Set<String> asked(Collection<Row> rows) {
    Set<String> asked = new TreeSet<>();
    for (Probe probe : probe(rows)) {
      probe.constants().forEach(constants -> asked.add(probe.stem() + " " + constants));
    }
    return asked;
  }

  /** Which constants the launchers of the rows ask for, on each generation. */
  private List<Probe> probe(Collection<Row> rows) {
    List<ProbeJob> jobs = new ArrayList<>();
    for (Row row : rows) {
      for (int d : WIDTHS) {
        for (int[] sizes : INTERESTS_AND_LAYERS) {
          boolean usual = d == DEFAULT_D && sizes[0] == DEFAULT_K;
          for (int variant = 0; variant < (usual ? row.variants().size() : 1); variant++) {
            Shape shape = new Shape(Size.named("100"), d, sizes[1] + 1, sizes[0], variant);
            jobs.add(new ProbeJob(row.stem(), shape));
          }
        }
      }
    }
    List<Probe> probes = new ArrayList<>();
    run(jobs, report -> probes.add((Probe) report));
    return probes;
  }

  private static List<Integer> architectures(Set<Integer> simulated) {
    return Budget.ARCHITECTURES.stream()
        .filter(architecture -> simulated.contains(Budget.simulatedFor(architecture)))
        .toList();
  }

  private List<Compiled> compile(List<CompileJob> jobs) {
    List<Compiled> all = new ArrayList<>();
    run(jobs, report -> all.add((Compiled) report));
    for (Compiled compiled : all) {
      compiled.kernels().forEach((kernel, resources) -> checkSpills(compiled, kernel, resources));
    }
    return all;
  }

  private void run(List<? extends Job> jobs, java.util.function.Consumer<Job.Report> reports) {
    workers.run(
        jobs,
        report -> {
          if (report instanceof Died died) {
            problems.add(died.why());
          } else {
            reports.accept(report);
          }
        });
  }

  private void checkSpills(Compiled compiled, String kernel, KernelResources resources) {
    if (resources.spillStoreBytes() + resources.spillLoadBytes() + resources.stackBytes() > 0) {
      problems.add(
          "%s with %s at sm_%d: %s"
              .formatted(kernel, compiled.constants(), compiled.architecture(), resources));
    }
  }

  /**
   * Compiles what the list names and compares; {@link #problems} has what takes more, spills, or is
   * not on the list.
   */
  public void check(BudgetList list, IntPredicate architectures) {
    Map<Key, List<Budget>> byConstants = new TreeMap<>();
    for (Budget budget : list.all()) {
      byConstants
          .computeIfAbsent(new Key(budget.stem(), budget.constants()), key -> new ArrayList<>())
          .add(budget);
    }
    List<CompileJob> jobs = new ArrayList<>();
    byConstants.forEach(
        (key, budgets) -> {
          List<Integer> wanted =
              budgets.getFirst().registers().keySet().stream().filter(architectures::test).toList();
          jobs.add(new CompileJob(key.stem(), key.constants(), wanted));
        });
    for (Compiled compiled : compile(jobs)) {
      Map<String, Budget> ofKernels = new TreeMap<>();
      byConstants
          .get(new Key(compiled.stem(), compiled.constants()))
          .forEach(budget -> ofKernels.put(budget.kernel(), budget));
      compiled
          .kernels()
          .forEach((kernel, came) -> compare(compiled, kernel, ofKernels.get(kernel), came));
    }
  }

  private void compare(Compiled compiled, String kernel, Budget budget, KernelResources came) {
    String what =
        "%s with %s at sm_%d".formatted(kernel, compiled.constants(), compiled.architecture());
    if (budget == null) {
      problems.add(what + " is not on the list of budgets");
    } else if (came.registers() > budget.registers().get(compiled.architecture())
        || came.sharedBytes() > budget.staticShared()) {
      problems.add(
          "%s: expected at most %d registers and %d bytes of shared memory, got %d and %d"
              .formatted(
                  what,
                  budget.registers().get(compiled.architecture()),
                  budget.staticShared(),
                  came.registers(),
                  came.sharedBytes()));
    }
  }

  /** What was wrong so far. */
  public List<String> problems() {
    return problems;
  }
}
