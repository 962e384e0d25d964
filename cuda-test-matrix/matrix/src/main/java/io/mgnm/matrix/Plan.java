package io.mgnm.matrix;

import io.mgnm.matrix.rows.Row;
import io.mgnm.matrix.rows.Rows;
import io.mgnm.matrix.rows.Shape;
import io.mgnm.matrix.rows.Size;
import io.mgnm.matrix.work.CaseJob;
import io.mgnm.matrix.work.CaseJob.Case;
import io.mgnm.matrix.work.CaseResult;
import io.mgnm.matrix.work.Target;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Which cases a matrix has.
 *
 * <p>The short one runs every row at every size, on the CPU and on three simulated devices, one of
 * each generation, and turns widths, variants and orders so that every pair of (size, generation)
 * and (size, order) comes, every variant, and with at most four of them every pair of (width,
 * variant). The long one runs every size at every width on every generation, with two of the
 * variants and an order that turn, so that every variant comes at every size; of large sizes, one
 * variant.
 */
public final class Plan {
  /** Embedding sizes, each with levels and interests of its own: all are constants of a kernel. */
  private static final int[][] WIDTHS = {{8, 6, 8}, {16, 4, 4}, {20, 3, 5}, {40, 3, 1}, {64, 2, 2}};

  /** Past this, the long matrix takes one variant of a size and a width. */
  private static final int LARGE = 200;

  /** Variants of the long matrix at a size and a width. */
  private static final int TURNS = 2;

  private final List<CaseJob> jobs;

  private Plan(List<CaseJob> jobs) {
    this.jobs = jobs;
  }

  /** The part of the matrix that every build runs. */
  static Plan shortOne(Device device, Filter filter) {
    return plan(device, filter, false);
  }

  /** All of it. */
  static Plan longOne(Device device, Filter filter) {
    return plan(device, filter, true);
  }

  /** The jobs, in pieces that take seconds. */
  public List<CaseJob> jobs() {
    return jobs;
  }

  /** What CUDA is, if anything. */
  public enum Device {
    SIMULATED,
    CUDA
  }

  private static Plan plan(Device device, Filter filter, boolean full) {
    List<CaseJob> jobs = new ArrayList<>();
    for (Row row : Rows.all()) {
      Map<String, List<Case>> byConstants = new LinkedHashMap<>(); // compiled once, by one process
      for (Case one : full ? longCases(row, device) : shortCases(row, device)) {
        List<Target> targets =
            one.targets().stream().filter(selected(row, one.shape(), filter)).toList();
        if (!targets.isEmpty()) {
          String constants = "d%d v%d".formatted(one.shape().d(), one.shape().variant());
          byConstants
              .computeIfAbsent(constants, key -> new ArrayList<>())
              .add(new Case(one.shape(), targets));
        }
      }
      byConstants.values().forEach(cases -> jobs.add(new CaseJob(row.stem(), cases)));
    }
    return new Plan(jobs);
  }

  private static Predicate<Target> selected(Row row, Shape shape, Filter filter) {
    return target ->
        row.directions().stream()
            .anyMatch(
                direction -> filter.matches(CaseResult.name(row.stem(), direction, shape, target)));
  }

  /** The short cases of every stem that has kernels and that the filter takes. */
  static Map<String, List<Case>> mutated(Filter filter) {
    Map<String, List<Case>> cases = new LinkedHashMap<>();
    withKernels(filter).forEach(row -> cases.put(row.stem(), shortCases(row, Device.SIMULATED)));
    return cases;
  }

  /** Rows whose stem has kernels and whose stem the filter takes. */
  static List<Row> withKernels(Filter filter) {
    return Rows.all().stream().filter(row -> hasKernel(row) && filter.matches(row.stem())).toList();
  }

  static List<Case> shortCases(Row row, Device device) {
    List<Case> cases = new ArrayList<>();
    for (int i = 0; i < Size.ALL.size(); i++) {
      int w = i % WIDTHS.length;
      int[] width = WIDTHS[w];
      int variant = (i / WIDTHS.length + 3 * w) % row.variants().size();
      Shape shape = new Shape(Size.ALL.get(i), width[0], width[1], width[2], variant);
      cases.add(new Case(shape, targets(row, device, i)));
    }
    return cases;
  }

  static List<Case> longCases(Row row, Device device) {
    List<Case> cases = new ArrayList<>();
    int variants = row.variants().size();
    for (int i = 0; i < Size.ALL.size(); i++) {
      Size size = Size.ALL.get(i);
      for (int w = 0; w < WIDTHS.length; w++) {
        int[] width = WIDTHS[w];
        int turns = size.n() > LARGE ? 1 : Math.min(TURNS, variants);
        for (int k = 0; k < turns; k++) {
          int variant = (i + w + k * Math.ceilDiv(variants, TURNS)) % variants;
          Shape shape = new Shape(size, width[0], width[1], width[2], variant);
          cases.add(new Case(shape, targets(row, device, i + w + k)));
        }
      }
    }
    return cases;
  }

  /** The CPU, and the GPU or every generation in an order that turns with {@code place}. */
  private static List<Target> targets(Row row, Device device, int place) {
    List<Target> targets = new ArrayList<>(List.of(Target.CPU));
    if (device == Device.CUDA) {
      targets.add(Target.GPU);
    } else if (hasKernel(row)) {
      for (int c = 0; c < Target.CAPABILITIES.size(); c++) {
        String order = Target.ORDERS.get((place + c) % Target.ORDERS.size());
        targets.add(Target.simulated(Target.CAPABILITIES.get(c), order));
      }
    }
    return targets;
  }

  private static boolean hasKernel(Row row) {
    return io.mgnm.kernels.KernelCatalogue.stems().contains(row.stem());
  }
}
