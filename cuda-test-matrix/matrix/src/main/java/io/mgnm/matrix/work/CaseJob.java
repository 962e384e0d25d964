package io.mgnm.matrix.work;

import io.mgnm.matrix.rows.Rows;
import io.mgnm.matrix.rows.Shape;
import io.mgnm.matrix.work.CaseResult.Outcome;
import io.mgnm.ops.BackendUnavailableException;
import io.mgnm.simulator.natives.NativesUnsupportedException;
import java.util.List;
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
    CaseRun row = new CaseRun(Rows.of(stem));
    for (Target target : cases.stream().flatMap(c -> c.targets().stream()).distinct().toList()) {
      List<Shape> shapes =
          cases.stream().filter(c -> c.targets().contains(target)).map(Case::shape).toList();
      int done = 0;
      while (done < shapes.size()) { // again where a fault ended the device
        done += on(target, shapes.subList(done, shapes.size()), row, reports);
      }
    }
    reports.accept(new KernelsSeen(stem, row.kernels()));
  }

  @Override
  public void died(String why, Consumer<Report> reports) {
    CaseRun row = new CaseRun(Rows.of(stem));
    for (Case one : cases) {
      for (Target target : one.targets()) {
        row.all(one.shape(), target, Outcome.FAILED, why, 0).forEach(reports);
      }
    }
  }

  /** Runs shapes on a fresh target until one spoils it; returns how many were judged. */
  private static int on(Target target, List<Shape> shapes, CaseRun row, Consumer<Report> reports) {
    OpenTarget open;
    try {
      open = OpenTarget.open(target);
    } catch (NativesUnsupportedException | BackendUnavailableException e) {
      for (Shape shape : shapes) {
        row.all(shape, target, Outcome.UNSUPPORTED, e.getMessage(), 0).forEach(reports);
      }
      return shapes.size();
    }
    int done = 0;
    try (open) {
      while (!open.spoiled() && done < shapes.size()) {
        row.one(open, shapes.get(done++)).forEach(reports);
      }
    } catch (AssertionError e) { // of closing
      row.all(shapes.get(done - 1), target, Outcome.FAILED, e.getMessage(), 0).forEach(reports);
    }
    return done;
  }
}
