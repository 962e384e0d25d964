package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.GraphConvolution;
import io.mgnm.ops.GraphConvolution.Input;
import io.mgnm.ops.GraphConvolution.Normalisation;
import io.mgnm.ops.GraphConvolution.Options;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Subject;
import io.mgnm.ops.reference.Precision;
import io.mgnm.ops.reference.ReferenceBackend;
import java.util.Arrays;
import java.util.List;

/**
 * {@code graph_convolution}. The backward gets the true levels instead of those that the subject's
 * own forward gave, so that no kink of LeakyReLU decides.
 */
final class GraphConvolutionRow implements Row {
  private static final double USUAL = 0.5;

  /** L1's weight; see {@link #l1}. */
  private static final float L1 = 0.1f;

  private static final float L1_OF_FEW = 10;

  /** Normalisation, whether u counts, input and slope; and the first layers alone, or none. */
  private record Variant(
      Normalisation normalisation, boolean userAware, Input input, float slope, int mostLevels) {}

  private static final List<Variant> VARIANTS =
      List.of(
          new Variant(Normalisation.SYMMETRIC, true, Input.PREVIOUS, 0.2f, 4),
          new Variant(Normalisation.KIPF, true, Input.FIRST, 0.2f, 4),
          new Variant(Normalisation.SYMMETRIC, false, Input.FIRST, 0, 4),
          new Variant(Normalisation.NONE, true, Input.PREVIOUS, 0.2f, 6),
          new Variant(Normalisation.KIPF, false, Input.PREVIOUS, 0, 2),
          new Variant(Normalisation.SYMMETRIC, true, Input.PREVIOUS, 0.2f, 1));

  @Override
  public String stem() {
    return "graph_convolution";
  }

  @Override
  public List<String> directions() {
    return List.of("forward", "backward");
  }

  @Override
  public List<String> variants() {
    return VARIANTS.stream().map(Variant::toString).toList();
  }

  /**
   * One item's P is constant, and two items' nearly: of their gradient only the L1 term is left,
   * and must be large for the rounding of what cancels to be measured by.
   */
  private static float l1(int[] lengths) {
    return Arrays.stream(lengths).max().orElse(1) <= 3 ? L1_OF_FEW : L1;
  }

  @Override
  public void run(Subject subject, Shape shape) {
    Variant variant = VARIANTS.get(shape.variant());
    int d = shape.d();
    int levels = Math.min(shape.levels(), variant.mostLevels());
    Batch batch = new Shape(shape.size(), d, levels, 1, 0).batch(subject);
    BatchShape of = batch.shape();
    double scale = shape.size().scale() * (shape.size().scale() > 1 ? 1 : USUAL);
    Tensor x = Shape.input(subject, batch, Axis.ITEMS, d, scale);
    Tensor u = Shape.input(subject, batch, Axis.HISTORIES, d, scale);
    Tensor w = subject.input(subject.scope().floats(d, d), 1 / Math.sqrt(d));
    Tensor dLevels = Shape.input(subject, batch, Axis.ITEMS, of.levels() * d, 1);
    Options options =
        new Options(
            variant.normalisation(),
            variant.userAware(),
            variant.input(),
            variant.slope(),
            l1(shape.size().lengths()));
    GraphConvolution graph = subject.backend().graphConvolution(options);
    graph.forward(
        batch,
        x,
        u,
        w,
        Shape.output(subject, batch, "forward.levels", Axis.ITEMS, of.levels() * d),
        Shape.output(subject, batch, "forward.l1", Axis.HISTORIES, 1));
    graph.backward(
        batch,
        x,
        u,
        w,
        trueLevels(subject, batch, x, u, w, options),
        dLevels,
        Shape.output(subject, batch, "backward.dX", Axis.ITEMS, d),
        Shape.output(subject, batch, "backward.dU", Axis.HISTORIES, d),
        subject.output("backward.dW", d, d));
  }

  private static Tensor trueLevels(
      Subject subject, Batch batch, Tensor x, Tensor u, Tensor w, Options options) {
    int d = batch.shape().d();
    int row = batch.shape().levels() * d;
    try (Subject truth = new Subject(new ReferenceBackend(Precision.DOUBLE), 1)) {
      Batch same = truth.scope().batch(batch.shape());
      same.upload(batch.download());
      Tensor levels = same.tensor(Axis.ITEMS, row, Lifetime.KEPT);
      truth
          .backend()
          .graphConvolution(options)
          .forward(
              same,
              truth.input(same.tensor(Axis.ITEMS, d, Lifetime.KEPT), x.download()),
              truth.input(same.tensor(Axis.HISTORIES, d, Lifetime.KEPT), u.download()),
              truth.input(truth.scope().floats(d, d), w.download()),
              levels,
              same.tensor(Axis.HISTORIES, 1, Lifetime.KEPT));
      return subject.input(batch.tensor(Axis.ITEMS, row, Lifetime.KEPT), levels.download());
    }
  }
}
