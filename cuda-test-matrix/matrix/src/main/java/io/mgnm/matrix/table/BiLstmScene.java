package io.mgnm.matrix.table;

import io.mgnm.ops.Axis;
import io.mgnm.ops.BiLstm;
import io.mgnm.ops.BiLstm.Options;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code bilstm} with half the width a direction. Unfused it runs as without a kernel of its own:
 * one product for the inputs of all positions, then a product and pointwise operations for each
 * position. Its arrays are {@code [position][sequence][gate][unit]}; the gates that the forward
 * keeps are there for the backward.
 */
final class BiLstmScene implements Scene {
  private static final int N = Stage.ITEMS;
  private static final int D = Stage.D;
  private static final int R = Stage.HISTORIES * Stage.CAPSULES; // sequences
  private static final Options OPTIONS = new Options(D, false);
  private static final int H = OPTIONS.hidden();

  @Override
  public String stem() {
    return "bilstm";
  }

  @Override
  public List<Act> acts(Stage stage) {
    BiLstm lstm = stage.backend().biLstm(OPTIONS);
    Tensor z = stage.inputCapsules(Axis.ITEMS, D, 1);
    Tensor dY = stage.inputCapsules(Axis.ITEMS, D, 1);
    Tensor w = stage.weights(1, lstm.weights());
    Tensor y = stage.outputCapsules(Axis.ITEMS, D);
    Tensor dZ = stage.outputCapsules(Axis.ITEMS, D);
    Tensor dW = stage.scope().floats(1, lstm.weights());
    Tensor tape = lstm.tape(stage.batch(), Lifetime.KEPT);
    Array inputs = byPosition(stage, z);
    Array gradients = byPosition(stage, dY);
    Array weights = stage.array(w, 1, w.size());
    List<Direction> directions =
        List.of(new Direction(stage.eager(), weights, 0), new Direction(stage.eager(), weights, 1));
    return List.of(
        new Act(
            "forward",
            () -> lstm.forward(stage.batch(), z, w, y, tape),
            List.of(z),
            List.of(w),
            List.of(y),
            () -> {
              Array result = stage.eager().empty(N, R, 1, D);
              for (Direction direction : directions) {
                direction
                    .half(result)
                    .becomes(direction.half(inputs), Pointwise.ADD, direction.forward(inputs));
              }
              return List.of(canonical(result));
            }),
        new Act(
            "backward",
            () -> lstm.backward(stage.batch(), z, w, y, tape, dY, dZ, dW),
            List.of(z, y, dY),
            List.of(w),
            List.of(dZ, dW),
            () -> {
              Array result = gradients;
              List<float[]> ofWeights = new ArrayList<>();
              for (Direction direction : directions) {
                Array gates = direction.backward(direction.half(gradients));
                result = result.plus(direction.byInputs(gates).reshape(N, R, 1, D));
                ofWeights.addAll(direction.byWeights(inputs, gates));
                gates.release();
              }
              return List.of(canonical(result), joined(ofWeights));
            }));
  }

  private static Array byPosition(Stage stage, Tensor capsules) {
    Array rows = stage.array(capsules, Stage.HISTORIES, N, Stage.CAPSULES, D);
    return rows.permute(1, 0, 2, 3).map(Pointwise.COPY, 0).reshape(N, R, 1, D);
  }

  private static float[] canonical(Array byPosition) {
    return byPosition.reshape(N, Stage.HISTORIES, Stage.CAPSULES, D).permute(1, 0, 2, 3).download();
  }

  private static float[] joined(List<float[]> parts) {
    float[] all = new float[OPTIONS.weights()];
    int place = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, place, part.length);
      place += part.length;
    }
    return all;
  }

  /** One direction and what its forward keeps: the gates, c and tanh(c) of every position. */
  private static final class Direction {
    private static final int INPUT = 0;
    private static final int FORGET = 1;
    private static final int CELL = 2;
    private static final int OUTPUT = 3;

    private final int number;
    private final Eager eager;
    private final Array byInput;
    private final Array byHidden;
    private final Array bias;
    private final Array sigmoids;
    private final Array candidates;
    private final Array cells;
    private final Array bounded;
    private final Array hidden;

    Direction(Eager eager, Array weights, int number) {
      this.number = number;
      this.eager = eager;
      byInput = weights.slice(3, OPTIONS.inputWeights(number), 4 * H * D).reshape(D, 4 * H);
      byHidden = weights.slice(3, OPTIONS.hiddenWeights(number), 4 * H * H).reshape(H, 4 * H);
      bias = weights.slice(3, OPTIONS.bias(number), 4 * H).reshape(1, 4 * H);
      sigmoids = eager.empty(N, R, 4, H);
      candidates = eager.empty(N, R, 1, H);
      cells = eager.empty(N, R, 1, H);
      bounded = eager.empty(N, R, 1, H);
      hidden = eager.empty(N, R, 1, H);
    }

    /** The part of the width that this direction makes. */
    Array half(Array array) {
      return array.slice(3, number * H, H);
    }

    /** The position that is the step'th one. */
    private int position(int step) {
      return number == 0 ? step : N - 1 - step;
    }

    /** The positions but the first, or but the last one, to go. */
    private Array later(Array array) {
      return array.slice(0, 1 - number, N - 1);
    }

    private Array earlier(Array array) {
      return array.slice(0, number, N - 1);
    }

    private static Array gate(Array gates, int gate) {
      return gates.slice(2, gate, 1);
    }

    /** h of every position. */
    Array forward(Array z) {
      Array products = z.reshape(N * R, D).matmul(byInput);
      products.becomes(products, Pointwise.ADD, bias);
      Array inputs = products.reshape(N, R, 4, H);
      for (int step = 0; step < N; step++) {
        int t = position(step);
        Array gates = inputs.slice(0, t, 1);
        if (step > 0) {
          Array before = hidden.slice(0, position(step - 1), 1).reshape(R, H);
          Array recurrent = before.matmul(byHidden);
          gates.becomes(gates, Pointwise.ADD, recurrent.reshape(1, R, 4, H));
          recurrent.release();
        }
        Array s = sigmoids.slice(0, t, 1);
        s.becomes(Pointwise.SIGMOID, gates, 0);
        Array g = candidates.slice(0, t, 1);
        g.becomes(Pointwise.TANH, gate(gates, CELL), 0);
        Array c = cells.slice(0, t, 1);
        c.becomes(gate(s, INPUT), Pointwise.MULTIPLY, g);
        if (step > 0) {
          Array kept = gate(s, FORGET).times(cells.slice(0, position(step - 1), 1));
          c.becomes(c, Pointwise.ADD, kept);
          kept.release();
        }
        bounded.slice(0, t, 1).becomes(Pointwise.TANH, c, 0);
        hidden.slice(0, t, 1).becomes(gate(s, OUTPUT), Pointwise.MULTIPLY, bounded.slice(0, t, 1));
      }
      inputs.release();
      return hidden;
    }

    /** The derivative by what the gates are functions of. */
    Array backward(Array dY) {
      Array slopes = sigmoids.oneMinus();
      slopes.becomes(slopes, Pointwise.MULTIPLY, sigmoids);
      Array throughCell = gate(sigmoids, OUTPUT).times(bounded.times(bounded).oneMinus());
      Array factors = eager.filled(0, N, R, 4, H);
      gate(factors, INPUT).becomes(candidates, Pointwise.MULTIPLY, gate(slopes, INPUT));
      gate(later(factors), FORGET)
          .becomes(earlier(cells), Pointwise.MULTIPLY, gate(later(slopes), FORGET));
      gate(factors, CELL)
          .becomes(
              gate(sigmoids, INPUT), Pointwise.MULTIPLY, candidates.times(candidates).oneMinus());
      gate(factors, OUTPUT).becomes(bounded, Pointwise.MULTIPLY, gate(slopes, OUTPUT));
      Array gates = eager.empty(N, R, 4, H);
      Array dH = eager.filled(0, 1, R, 1, H); // what comes from the position behind
      Array dC = eager.filled(0, 1, R, 1, H);
      for (int step = N - 1; step >= 0; step--) {
        int t = position(step);
        dH.becomes(dH, Pointwise.ADD, dY.slice(0, t, 1));
        Array cell = dH.times(throughCell.slice(0, t, 1));
        cell.becomes(cell, Pointwise.ADD, dC);
        Array own = gates.slice(0, t, 1);
        Array factor = factors.slice(0, t, 1);
        own.slice(2, 0, OUTPUT).becomes(factor.slice(2, 0, OUTPUT), Pointwise.MULTIPLY, cell);
        gate(own, OUTPUT).becomes(gate(factor, OUTPUT), Pointwise.MULTIPLY, dH);
        dC.becomes(cell, Pointwise.MULTIPLY, gate(sigmoids.slice(0, t, 1), FORGET));
        cell.release();
        dH.release();
        dH = own.reshape(R, 4 * H).matmul(byHidden.transposed()).reshape(1, R, 1, H);
      }
      slopes.release();
      factors.release();
      return gates;
    }

    Array byInputs(Array gates) {
      return gates.reshape(N * R, 4 * H).matmul(byInput.transposed());
    }

    /** By Wx, Wh and b. */
    List<float[]> byWeights(Array z, Array gates) {
      Array rows = gates.reshape(N * R, 4 * H);
      int after = (N - 1) * R;
      Array before = earlier(hidden).reshape(after, H);
      return List.of(
          z.reshape(N * R, D).productOverRows(rows).download(),
          before.productOverRows(later(gates).reshape(after, 4 * H)).download(),
          rows.sumOverRows().download());
    }
  }
}
