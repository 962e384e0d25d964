package io.mgnm.matrix.table;

import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.ops.Adam;
import io.mgnm.ops.Adam.Options;
import io.mgnm.ops.Axis;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.util.List;

/** {@code adam}: weights of the projection's size, and the item table with a batch's gradients. */
final class AdamScene implements Scene {
  private static final int D = Stage.D;
  private static final int STEP = 7;
  private static final int MOST_STEPS = 20; // of a row before
  private static final float RATE = 0.1f; // so large that the change is no rounding error of p
  private static final Options OPTIONS = Options.withL2(1e-2);

  @Override
  public String stem() {
    return "adam";
  }

  @Override
  public List<Act> acts(Stage stage) {
    Adam adam = stage.backend().adam(OPTIONS);
    StepState state = stage.scope().stepState();
    state.set(STEP, RATE);
    int catalogue = Stage.CATALOGUE;
    Block block = new Block(stage, Stage.INTERESTS * D);
    Block touched = new Block(stage, catalogue);
    Block table = new Block(stage, catalogue);
    Tensor g = stage.weights(Stage.INTERESTS * D, D);
    Array gradient = stage.array(g, g.rows(), D);
    IntTensor steps = stage.scope().ints(catalogue);
    int[] counts = stage.draw(catalogue, MOST_STEPS);
    steps.upload(counts);
    Array stepsBefore = stage.eager().of(floats(counts), catalogue, 1);
    RowGradients gradients = gradients(stage);
    int[] rows = gradients.downloadRows();
    DeviceBuffer ids = stage.eager().ints(rows);
    Array sums = stage.eager().of(gradients.downloadGradients(), rows.length, D);
    return List.of(
        new Act(
            "dense",
            () -> adam.dense(block.p, g, block.m, block.v, state),
            block.bytes(g.rows()) + Act.bytes(List.of(g)),
            0,
            block::results,
            () -> {
              Values values = block.before.step(gradient, STEP);
              return values.download();
            }),
        new Act(
            "touched",
            () -> adam.touched(touched.p, gradients, touched.m, touched.v, steps, state),
            touched.bytes(rows.length) + 4L * rows.length * (D + 1) + 8L * rows.length,
            0,
            () -> {
              List<float[]> all = touched.results();
              return List.of(all.get(0), all.get(1), all.get(2), floats(steps.download()));
            },
            () -> touched(stage.eager(), touched.before, sums, ids, stepsBefore)),
        new Act(
            "table",
            () -> adam.table(table.p, gradients, table.m, table.v, state),
            table.bytes(catalogue) + 4L * rows.length * (D + 1),
            0,
            table::results,
            () -> {
              Array all = stage.eager().filled(0, catalogue, D);
              stage.eager().scatter(all, sums, ids);
              return table.before.step(all, STEP).download();
            }));
  }

  /** What a batch's items give. */
  private static RowGradients gradients(Stage stage) {
    Tensor dX = stage.input(Axis.ITEMS, D, 1);
    Tensor dE = stage.input(Axis.CANDIDATES, D, 1);
    RowGradients gradients = stage.scope().rowGradients(dX.rows() + dE.rows(), D);
    stage.backend().embeddingGradient().items(stage.batch(), dX, dE, gradients);
    return gradients;
  }

  private static float[] floats(int[] ints) {
    float[] floats = new float[ints.length];
    for (int i = 0; i < ints.length; i++) {
      floats[i] = ints[i];
    }
    return floats;
  }

  private static List<float[]> touched(
      Eager eager, Values all, Array sums, DeviceBuffer ids, Array steps) {
    Array t = eager.gather(steps, ids).plus(1);
    Values rows =
        new Values(eager.gather(all.p, ids), eager.gather(all.m, ids), eager.gather(all.v, ids));
    Values after =
        rows.step(sums, t.power(OPTIONS.beta1()).oneMinus(), t.power(OPTIONS.beta2()).oneMinus());
    eager.scatter(all.p, after.p, ids);
    eager.scatter(all.m, after.m, ids);
    eager.scatter(all.v, after.v, ids);
    eager.scatter(steps, t, ids);
    return List.of(all.p.download(), all.m.download(), all.v.download(), steps.download());
  }

  /** Parameters and moments for the operation, and the same values for the operators. */
  private static final class Block {
    final Tensor p;
    final Tensor m;
    final Tensor v;
    final Values before;

    Block(Stage stage, int rows) {
      p = stage.weights(rows, D);
      m = stage.weights(rows, D);
      v = stage.weights(rows, D);
      float[] squares = v.download();
      for (int i = 0; i < squares.length; i++) {
        squares[i] *= squares[i];
      }
      v.upload(squares);
      before =
          new Values(stage.array(p, rows, D), stage.array(m, rows, D), stage.array(v, rows, D));
    }

    /** Of rows of all three, in and out. */
    long bytes(int rows) {
      return 2L * 3 * rows * D * 4;
    }

    List<float[]> results() {
      return List.of(p.download(), m.download(), v.download());
    }
  }

  private record Values(Array p, Array m, Array v) {

    List<float[]> download() {
      return List.of(p.download(), m.download(), v.download());
    }

    /** With the same t for all. */
    Values step(Array gradient, int t) {
      Values moments = moments(gradient);
      Array mean = moments.m.times((float) (1 / (1 - Adam.power(OPTIONS.beta1(), t))));
      Array square = moments.v.times((float) (1 / (1 - Adam.power(OPTIONS.beta2(), t))));
      return moments.changed(mean, square);
    }

    /** With what m and v are divided by. */
    Values step(Array gradient, Array ofMean, Array ofSquare) {
      Values moments = moments(gradient);
      return moments.changed(moments.m.over(ofMean), moments.v.over(ofSquare));
    }

    private Values moments(Array gradient) {
      Array g = gradient.plus(p.times((float) OPTIONS.l2()));
      float beta1 = (float) OPTIONS.beta1();
      float beta2 = (float) OPTIONS.beta2();
      return new Values(
          p,
          m.times(beta1).plus(g.times((float) (1 - OPTIONS.beta1()))),
          v.times(beta2).plus(g.times(g).times((float) (1 - OPTIONS.beta2()))));
    }

    private Values changed(Array mean, Array square) {
      Array step = mean.over(square.sqrt().plus((float) OPTIONS.epsilon()));
      return new Values(p.minus(step.times(RATE)), m, v);
    }
  }
}
