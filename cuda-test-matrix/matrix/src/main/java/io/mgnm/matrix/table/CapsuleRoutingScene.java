package io.mgnm.matrix.table;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.CapsuleRouting;
import io.mgnm.ops.CapsuleRouting.Encoded;
import io.mgnm.ops.CapsuleRouting.Gradient;
import io.mgnm.ops.CapsuleRouting.Options;
import io.mgnm.ops.CapsuleRouting.Softmax;
import io.mgnm.ops.Tensor;
import java.util.ArrayList;
import java.util.List;

/** {@code capsule_routing} with the default options; positions are dimension 1. */
final class CapsuleRoutingScene implements Scene {
  private static final int D = Stage.D;
  private static final int AFTER_ENCODER = 2;
  private static final Options OPTIONS =
      new Options(1 + AFTER_ENCODER, Softmax.POSITIONS, Gradient.FULL, Encoded.EVERYWHERE);

  @Override
  public String stem() {
    return "capsule_routing";
  }

  @Override
  public List<Act> acts(Stage stage) {
    Batch batch = stage.batch();
    Tensor z = stage.inputCapsules(Axis.ITEMS, D, 1);
    Tensor g = stage.inputCapsules(Axis.ITEMS, 1, 1);
    Tensor gamma = stage.inputCapsules(Axis.ITEMS, 1, 1);
    Tensor dO = stage.inputCapsules(Axis.HISTORIES, D, 1);
    Tensor updated = stage.outputCapsules(Axis.ITEMS, 1);
    Tensor o = stage.outputCapsules(Axis.HISTORIES, D);
    Tensor dY = stage.outputCapsules(Axis.ITEMS, D);
    Tensor dG = stage.outputCapsules(Axis.ITEMS, 1);
    Tensor unused = stage.outputCapsules(Axis.ITEMS, D);
    Tensor dZ = stage.outputCapsules(Axis.ITEMS, D);
    CapsuleRouting routing = stage.backend().capsuleRouting(OPTIONS);
    Array vectors = items(stage, z, D);
    Array logits = items(stage, g, 1);
    Array gammas = items(stage, gamma, 1);
    Array gradients = stage.array(dO, Stage.HISTORIES, 1, Stage.CAPSULES, D);
    Array zeros = items(stage, dZ, D);
    return List.of(
        new Act(
            "before",
            () -> routing.before(batch, z, g, updated),
            List.of(z, g),
            List.of(),
            List.of(updated),
            () -> {
              Array c = logits.softmax(1);
              Array output = Squash.forward(c.times(vectors).sum(1));
              return List.of(logits.plus(output.times(vectors).sum(3)).download());
            }),
        new Act(
            "after",
            () -> routing.after(batch, z, z, g, o),
            List.of(z, g),
            List.of(),
            List.of(o),
            () -> List.of(forward(vectors, logits).getLast().o().download())),
        new Act(
            "after_backward",
            () -> routing.afterBackward(batch, z, z, g, dO, dY, dG, unused),
            List.of(z, g, dO),
            List.of(),
            List.of(dY, dG),
            () -> afterBackward(vectors, logits, gradients)),
        new Act(
            "before_backward",
            () -> routing.beforeBackward(batch, z, g, gamma, unused, dZ),
            List.of(z, g, gamma, dZ),
            List.of(),
            List.of(dZ),
            () -> {
              Array c = logits.softmax(1);
              Array v = c.times(vectors).sum(1);
              Array direct = zeros.plus(gammas.times(Squash.forward(v)));
              Array dV = Squash.backward(v, gammas.times(vectors).sum(1));
              return List.of(direct.plus(c.times(dV)).download());
            }));
  }

  private static Array items(Stage stage, Tensor tensor, int width) {
    return stage.array(tensor, Stage.HISTORIES, Stage.ITEMS, Stage.CAPSULES, width);
  }

  /** What an iteration makes. */
  private record Iteration(Array c, Array v, Array o) {}

  private static List<Iteration> forward(Array y, Array start) {
    List<Iteration> all = new ArrayList<>();
    Array g = start;
    for (int t = 0; t < AFTER_ENCODER; t++) {
      Array c = g.softmax(1);
      Array v = c.times(y).sum(1);
      Array o = Squash.forward(v);
      all.add(new Iteration(c, v, o));
      if (t + 1 < AFTER_ENCODER) {
        g = g.plus(o.times(y).sum(3));
      }
    }
    return all;
  }

  private static List<float[]> afterBackward(Array y, Array start, Array dO) {
    List<Iteration> all = forward(y, start);
    Array dY = null;
    Array gamma = null;
    for (Iteration t : all.reversed()) {
      Array gradient = gamma == null ? dO : gamma.times(y).sum(1);
      if (gamma != null) {
        dY = dY.plus(gamma.times(t.o()));
      }
      Array dV = Squash.backward(t.v(), gradient);
      Array throughV = t.c().times(dV);
      dY = dY == null ? throughV : dY.plus(throughV);
      Array dC = y.times(dV).sum(3);
      Array change = t.c().times(dC.minus(t.c().times(dC).sum(1)));
      gamma = gamma == null ? change : gamma.plus(change);
    }
    return List.of(dY.download(), gamma.download());
  }
}
