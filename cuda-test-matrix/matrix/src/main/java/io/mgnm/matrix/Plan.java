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
 * variant). The long one is the full product.
 */
public final class Plan {
  /** Embedding sizes, each with levels and interests of its own: all are constants of a kernel. */
  private static final int[][] WIDTHS = {{8, 6, 8}, {16, 4, 4}, {20, 3, 5}, {40, 3, 1}, {64, 2, 2}};

  /** Past this, the long matrix takes one variant and one order a generation. */
  private static final int LARGE = 200;

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
      List<Target> targets = new ArrayList<>(List.of(Target.CPU));
      if (device == Device.CUDA) {
        targets.add(Target.GPU);
      } else if (hasKernel(row)) {
        for (int c = 0; c < Target.CAPABILITIES.size(); c++) {
          String order = Target.ORDERS.get((i + c) % Target.ORDERS.size());
          targets.add(Target.simulated(Target.CAPABILITIES.get(c), order));
        }
      }
      cases.add(
          new Case(new Shape(Size.ALL.get(i), width[0], width[1], width[2], variant), targets));
    }
    return cases;
  }

  private static List<Case> longCases(Row row, Device device) {
    List<Case> cases = new ArrayList<>();
    for (Size size : Size.ALL) {
      for (int[] width : WIDTHS) {
        for (int variant = 0; variant < row.variants().size(); variant++) {
          boolean thin = size.n() > LARGE && size.n() * width[0] > LARGE * LARGE;
          if (thin && variant > 0) {
            continue;
          }
          List<Target> targets = new ArrayList<>(List.of(Target.CPU));
          if (device == Device.CUDA) {
            targets.add(Target.GPU);
          } else if (hasKernel(row)) {
            Target.everySimulated()
                .filter(target -> !thin || target.order().equals("random"))
                .forEach(targets::add);
          }
          cases.add(new Case(new Shape(size, width[0], width[1], width[2], variant), targets));
        }
      }
    }
    return cases;
  }

  private static boolean hasKernel(Row row) {
    return io.mgnm.kernels.KernelCatalogue.stems().contains(row.stem());
  }
}
