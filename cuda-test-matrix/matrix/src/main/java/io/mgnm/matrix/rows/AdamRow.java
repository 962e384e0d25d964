package io.mgnm.matrix.rows;

import io.mgnm.ops.Adam;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/** {@code adam}: some steps on a block, on the touched rows of a table, and on all its rows. */
final class AdamRow implements Row {
  private static final int STEPS = 3;
  private static final double RATE = 1e-2;
  private static final int FEW_ROWS = 20;
  private static final double LARGE = 1e4;
  private static final List<Adam.Options> OPTIONS =
      List.of(new Adam.Options(0.9, 0.999, 1e-8, 1e-2), new Adam.Options(0.8, 0.99, 1e-6, 0));

  @Override
  public String stem() {
    return "adam";
  }

  @Override
  public List<String> directions() {
    return List.of("dense", "touched", "table");
  }

  @Override
  public List<String> variants() {
    return OPTIONS.stream().map(Adam.Options::toString).toList();
  }

  @Override
  public void run(Subject subject, Shape shape) {
    Adam adam = subject.backend().adam(OPTIONS.get(shape.variant()));
    double scale = shape.size().scale() > 1 ? LARGE : shape.size().scale();
    StepState state = subject.scope().stepState();
    dense(subject, adam, shape.size().n(), scale, state);
    int ids = shape.ids();
    int rows = FEW_ROWS + ids; // some touched often, some once, some never: holes among slots
    Batch batch = shape.batch(subject, () -> subject.random().nextInt(rows));
    int d = shape.d();
    Tensor dX = batch.tensor(Axis.ITEMS, d, Lifetime.KEPT);
    Tensor dE = batch.tensor(Axis.CANDIDATES, d, Lifetime.KEPT);
    RowGradients gradients = subject.scope().rowGradients(Math.min(rows, ids), d);
    Moments touched = new Moments(subject, "touched", rows, d);
    Moments table = new Moments(subject, "table", rows, d);
    IntTensor steps = subject.scope().ints(rows);
    for (int step = 1; step <= STEPS; step++) {
      state.set(step, RATE);
      subject.input(dX, scale);
      subject.input(dE, scale);
      subject.backend().embeddingGradient().items(batch, dX, dE, gradients);
      adam.touched(touched.p, gradients, touched.m, touched.v, steps, state);
      adam.table(table.p, gradients, table.m, table.v, state);
    }
    Shape.results(subject, "touched.steps", Shape.floats(steps.download()));
  }

  private static void dense(Subject subject, Adam adam, int values, double scale, StepState state) {
    Moments block = new Moments(subject, "dense", values, 1);
    Tensor gradient = subject.scope().floats(values, 1);
    for (int step = 1; step <= STEPS; step++) {
      state.set(step, RATE);
      adam.dense(block.p, subject.input(gradient, scale), block.m, block.v, state);
    }
  }

  /** Parameters and their moments, which begin at 0. */
  private static final class Moments {
    final Tensor p;
    final Tensor m;
    final Tensor v;

    Moments(Subject subject, String direction, int rows, int d) {
      p = subject.input(subject.output(direction + ".p", rows, d), 1);
      m = subject.input(subject.output(direction + ".m", rows, d), new float[rows * d]);
      v = subject.input(subject.output(direction + ".v", rows, d), new float[rows * d]);
    }
  }
}
