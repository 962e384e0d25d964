package io.mgnm.matrix.table;

import io.mgnm.cuda.CudaException;
import io.mgnm.matrix.table.Scene.Act;
import io.mgnm.matrix.work.Job;
import io.mgnm.matrix.work.OpenTarget;
import io.mgnm.matrix.work.Target;
import io.mgnm.ops.cuda.CudaBackend;
import io.mgnm.ops.parity.Subject;
import java.util.List;
import java.util.function.Consumer;

/** Plays the scene of a stem on a simulated H100 and counts. */
record SceneJob(String stem) implements Job {
  private static final long SEED = 11;

  /** Far above the rounding of either, far below any mistake. */
  private static final double CLOSE = 1e-3;

  /** A worker died over it, or the two ways do not give the same. */
  record Failed(String why) implements Report {}

  @Override
  public void run(Consumer<Report> reports) {
    Resources resources = new Resources();
    try (OpenTarget open =
        OpenTarget.open(
            Target.simulated("9.0", "ascending"),
            resources,
            options -> options.withMultiprocessors(0))) {
      try {
        play(open, resources, reports);
      } catch (CudaException e) {
        throw new IllegalStateException(stem + ": the device found " + open.findings(), e);
      }
    }
  }

  private void play(OpenTarget open, Resources resources, Consumer<Report> reports) {
    CudaBackend backend = (CudaBackend) open.backend();
    try (Eager eager = new Eager(backend.context(), resources);
        Subject subject = new Subject(backend, SEED)) {
      for (Act act : Scenes.of(stem).acts(new Stage(subject, eager, Stage.HISTORIES))) {
        backend.context().synchronize();
        open.launches();
        act.fused().run();
        backend.context().synchronize();
        Cost fused = Cost.of(open.launches(), resources);
        List<float[]> expected = act.results().get();
        Cost unfused = null;
        if (act.unfused() != null) {
          List<float[]> came = act.unfused().get();
          backend.context().synchronize();
          unfused = Cost.of(open.launches(), resources);
          compare(act.direction(), expected, came, reports);
        }
        long least = act.moved() + fused.blocks() * act.weights();
        reports.accept(new TableRow(stem, act.direction(), least, fused, unfused));
      }
    }
  }

  private void compare(
      String direction, List<float[]> expected, List<float[]> came, Consumer<Report> reports) {
    for (int i = 0; i < came.size(); i++) {
      float[] one = expected.get(i);
      float[] other = came.get(i);
      double largest = 0;
      double error = one.length == other.length ? 0 : Double.NaN;
      for (int k = 0; k < Math.min(one.length, other.length); k++) {
        largest = Math.max(largest, Math.abs(one[k]));
        error = Math.max(error, Math.abs((double) one[k] - other[k]));
      }
      if (!(error <= CLOSE * largest)) {
        reports.accept(
            new Failed(
                "%s %s, result %d: unfused differs by %.3g, largest %.3g"
                    .formatted(stem, direction, i, error, largest)));
      }
    }
  }

  @Override
  public void died(String why, Consumer<Report> reports) {
    reports.accept(new Failed(stem + ": " + why));
  }
}
