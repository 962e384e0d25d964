package io.mgnm.matrix.work;

import io.mgnm.matrix.rows.Row;
import io.mgnm.matrix.rows.Shape;
import io.mgnm.matrix.work.CaseResult.Outcome;
import io.mgnm.ops.parity.Parity;
import io.mgnm.ops.parity.Parity.Expected;
import io.mgnm.simulator.exec.LaunchReport;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Runs and judges cases of a row, and keeps what the reference said of each shape. */
public final class CaseRun {
  private final Row row;
  private final Map<Shape, Expected> expected = new HashMap<>();
  private final Set<String> kernels = new TreeSet<>();

  /** For cases of {@code row}. */
  public CaseRun(Row row) {
    this.row = row;
  }

  /** Kernels that were launched on simulated devices so far. */
  Set<String> kernels() {
    return kernels;
  }

  /**
   * Runs one case. Whatever throws has failed, and may have left the target unfit for others.
   *
   * @return a result for every direction
   */
  public List<CaseResult> one(OpenTarget open, Shape shape) {
    long begin = System.nanoTime();
    Target target = open.target();
    String what = row.stem() + " " + shape + " on " + target;
    Map<String, String> differences;
    try {
      differences =
          expected
              .computeIfAbsent(
                  shape, s -> Parity.expect(s.seed(row.stem()), subject -> row.run(subject, s)))
              .differences(what, open.backend(), row.bounds(shape), s -> row.run(s, shape));
    } catch (UnsupportedOperationException e) {
      return all(shape, target, Outcome.UNSUPPORTED, e.getMessage(), seconds(begin));
    } catch (RuntimeException | AssertionError e) {
      open.spoil();
      String message = e + "\n" + open.findings();
      return all(shape, target, Outcome.FAILED, message, seconds(begin));
    }
    String beside = wrongBeside(open, shape);
    double seconds = seconds(begin);
    return row.directions().stream()
        .map(
            direction -> {
              String wrong = beside + wrong(direction, differences);
              Outcome outcome = wrong.isEmpty() ? Outcome.PASSED : Outcome.FAILED;
              return new CaseResult(row.stem(), direction, shape, target, outcome, wrong, seconds);
            })
        .toList();
  }

  /** The same result for every direction. */
  List<CaseResult> all(
      Shape shape, Target target, Outcome outcome, String message, double seconds) {
    return row.directions().stream()
        .map(d -> new CaseResult(row.stem(), d, shape, target, outcome, message, seconds))
        .toList();
  }

  private static String wrong(String direction, Map<String, String> differences) {
    StringBuilder wrong = new StringBuilder();
    boolean compared = false;
    for (Map.Entry<String, String> difference : differences.entrySet()) {
      if (difference.getKey().startsWith(direction + ".")) {
        compared = true;
        wrong.append(difference.getValue()).append(difference.getValue().isEmpty() ? "" : "\n");
      }
    }
    return compared ? wrong.toString() : "the row names no output of direction " + direction;
  }

  /** Whatever is wrong beside the results: findings, or that another path ran. */
  private String wrongBeside(OpenTarget open, Shape shape) {
    if (!open.target().onSimulator()) {
      return "";
    }
    StringBuilder wrong = new StringBuilder();
    boolean own = false;
    for (LaunchReport launch : open.launches()) {
      kernels.add(launch.kernel());
      own |= launch.kernel().startsWith(row.stem() + "_");
    }
    if (!own && shape.size().n() > 0) {
      wrong.append("no kernel of the stem was launched\n");
    }
    open.findings().forEach(finding -> wrong.append(finding).append('\n'));
    return wrong.toString();
  }

  private static double seconds(long begin) {
    return (System.nanoTime() - begin) / 1e9;
  }
}
