package io.mgnm.matrix.work;

import io.mgnm.matrix.rows.Row;
import io.mgnm.matrix.rows.Rows;
import io.mgnm.matrix.rows.Shape;
import io.mgnm.matrix.work.CaseResult.Outcome;
import io.mgnm.ops.BackendUnavailableException;
import io.mgnm.ops.parity.Parity;
import io.mgnm.ops.parity.Parity.Expected;
import io.mgnm.ops.parity.Subject;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.natives.NativesUnsupportedException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Cases of one row. What the reference says of a shape is computed once for all targets, and a
 * target is opened once for all shapes.
 *
 * @param stem of the row
 * @param cases shapes and where they run
 */
public record CaseJob(String stem, List<Case> cases) implements Job {

  /** A shape and the targets on which it runs. */
  public record Case(Shape shape, List<Target> targets) {}

  @Override
  public void run(Consumer<Report> reports) {
    new Run(Rows.of(stem), reports).all(cases);
  }

  @Override
  public void died(String why, Consumer<Report> reports) {
    for (Case one : cases) {
      for (Target target : one.targets()) {
        for (String direction : Rows.of(stem).directions()) {
          reports.accept(
              new CaseResult(stem, direction, one.shape(), target, Outcome.FAILED, why, 0));
        }
      }
    }
  }

  /** The running of a job. */
  private static final class Run {
    private final Row row;
    private final Consumer<Report> reports;
    private final Map<Shape, Expected> expected = new HashMap<>();
    private final TreeSet<String> kernels = new TreeSet<>();

    Run(Row row, Consumer<Report> reports) {
      this.row = row;
      this.reports = reports;
    }

    void all(List<Case> cases) {
      List<Target> targets = cases.stream().flatMap(c -> c.targets().stream()).distinct().toList();
      for (Target target : targets) {
        List<Shape> shapes =
            cases.stream().filter(c -> c.targets().contains(target)).map(Case::shape).toList();
        int done = 0;
        while (done < shapes.size()) { // again where a fault ended the device
          done += on(target, shapes.subList(done, shapes.size()));
        }
      }
      reports.accept(new KernelsSeen(row.stem(), kernels));
    }

    /** Runs shapes on a fresh target until one spoils it; returns how many were judged. */
    private int on(Target target, List<Shape> shapes) {
      int done = 0;
      boolean sound = true;
      OpenTarget open;
      try {
        open = OpenTarget.open(target);
      } catch (NativesUnsupportedException | BackendUnavailableException e) {
        for (Shape shape : shapes) {
          report(shape, target, Outcome.UNSUPPORTED, e.getMessage(), 0);
        }
        return shapes.size();
      }
      try (open) {
        while (sound && done < shapes.size()) {
          sound = one(open, target, shapes.get(done++));
        }
      } catch (AssertionError e) {
        if (sound) { // otherwise what it left behind is the failed case's
          report(shapes.get(done - 1), target, Outcome.FAILED, e.getMessage(), 0);
        }
      }
      return done;
    }

    /** Runs one case; returns whether the target may be used further. */
    private boolean one(OpenTarget open, Target target, Shape shape) {
      long begin = System.nanoTime();
      String what = row.stem() + " " + shape + " on " + target;
      Map<String, String> differences;
      try {
        differences =
            expected(shape)
                .differences(what, open.backend(), row.bounds(shape), s -> row.run(s, shape));
      } catch (UnsupportedOperationException e) {
        report(shape, target, Outcome.UNSUPPORTED, e.getMessage(), seconds(begin));
        return true;
      } catch (RuntimeException | AssertionError e) {
        String found = open.findings().toString();
        report(shape, target, Outcome.FAILED, e + "\n" + found, seconds(begin));
        return false;
      }
      String found = wrongWith(open, shape);
      for (String direction : row.directions()) {
        StringBuilder wrong = new StringBuilder(found);
        boolean compared = false;
        for (Map.Entry<String, String> difference : differences.entrySet()) {
          if (difference.getKey().startsWith(direction + ".")) {
            compared = true;
            wrong.append(difference.getValue());
          }
        }
        if (!compared) {
          wrong.append("the row names no output of direction ").append(direction);
        }
        Outcome outcome = wrong.isEmpty() ? Outcome.PASSED : Outcome.FAILED;
        reports.accept(
            new CaseResult(
                row.stem(), direction, shape, target, outcome, wrong.toString(), seconds(begin)));
      }
      return true;
    }

    private Expected expected(Shape shape) {
      return expected.computeIfAbsent(
          shape, s -> Parity.expect(s.seed(row.stem()), (Subject subject) -> row.run(subject, s)));
    }

    /** Whatever is wrong beside the results: findings, or that another path ran. */
    private String wrongWith(OpenTarget open, Shape shape) {
      if (!open.observed()) {
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

    private void report(
        Shape shape, Target target, Outcome outcome, String message, double seconds) {
      for (String direction : row.directions()) {
        reports.accept(
            new CaseResult(row.stem(), direction, shape, target, outcome, message, seconds));
      }
    }

    private static double seconds(long begin) {
      return (System.nanoTime() - begin) / 1e9;
    }
  }
}
