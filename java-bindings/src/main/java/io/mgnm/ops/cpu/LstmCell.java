package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import jdk.incubator.vector.FloatVector;

/**
 * One time step of an LSTM behind its products, for h units in 16 lanes each.
 *
 * <p>A cell is {@code 6h} rows of 16: the gates i, f, g, o, before the step as they come from the
 * products and after it through their nonlinearity, then the state c and tanh(c).
 */
final class LstmCell {
  /** Rows of h units that a cell has. */
  static final int ROWS = 6;

  /** Which of them is c. */
  static final int STATE = 4;

  private static final int TANH = 5;

  private LstmCell() {}

  /**
   * {@code c = σ(f) c' + σ(i) tanh(g)} and {@code h = σ(o) tanh(c)}.
   *
   * @param cell the cells, this one from {@code at}
   * @param before the state c' of the time step before, from {@code beforeAt}
   * @param hidden written from {@code hiddenAt}
   */
  static void forward(
      int h, float[] cell, int at, float[] before, int beforeAt, float[] hidden, int hiddenAt) {
    int size = h * LANES;
    Activation.sigmoid(cell, at, at, 2 * size);
    Activation.tanh(cell, at + 2 * size, at + 2 * size, size);
    Activation.sigmoid(cell, at + 3 * size, at + 3 * size, size);
    for (int u = 0; u < size; u += STEP) {
      FloatVector input =
          FloatVector.fromArray(FLOATS, cell, at + u)
              .mul(FloatVector.fromArray(FLOATS, cell, at + 2 * size + u));
      FloatVector forget = FloatVector.fromArray(FLOATS, cell, at + size + u);
      FloatVector state = forget.fma(FloatVector.fromArray(FLOATS, before, beforeAt + u), input);
      state.intoArray(cell, at + STATE * size + u);
    }
    Activation.tanh(cell, at + STATE * size, at + TANH * size, size);
    for (int u = 0; u < size; u += STEP) {
      FloatVector tanh = FloatVector.fromArray(FLOATS, cell, at + TANH * size + u);
      FloatVector.fromArray(FLOATS, cell, at + 3 * size + u)
          .mul(tanh)
          .intoArray(hidden, hiddenAt + u);
    }
  }

  /**
   * From ḣ and ċ to the derivatives by the gates as they came from the products.
   *
   * @param cell as {@link #forward} left it
   * @param dOut the part of ḣ that comes through the output
   * @param dHidden the part that comes from the following time step
   * @param dState ċ from the following time step; replaced by what goes to the one before
   * @param dGates 4h rows, written
   */
  static void backward(
      int h,
      float[] cell,
      int at,
      float[] before,
      int beforeAt,
      float[] dOut,
      int dOutAt,
      float[] dHidden,
      float[] dState,
      float[] dGates,
      int dGatesAt) {
    int size = h * LANES;
    for (int u = 0; u < size; u += STEP) {
      FloatVector i = FloatVector.fromArray(FLOATS, cell, at + u);
      FloatVector f = FloatVector.fromArray(FLOATS, cell, at + size + u);
      FloatVector g = FloatVector.fromArray(FLOATS, cell, at + 2 * size + u);
      FloatVector o = FloatVector.fromArray(FLOATS, cell, at + 3 * size + u);
      FloatVector one = FloatVector.broadcast(FLOATS, 1f);
      FloatVector tanh = FloatVector.fromArray(FLOATS, cell, at + TANH * size + u);
      FloatVector dH =
          FloatVector.fromArray(FLOATS, dOut, dOutAt + u)
              .add(FloatVector.fromArray(FLOATS, dHidden, u));
      FloatVector dC =
          dH.mul(o).fma(one.sub(tanh.mul(tanh)), FloatVector.fromArray(FLOATS, dState, u));
      FloatVector dI = dC.mul(g).mul(i).mul(one.sub(i));
      FloatVector dF =
          dC.mul(FloatVector.fromArray(FLOATS, before, beforeAt + u)).mul(f).mul(one.sub(f));
      FloatVector dG = dC.mul(i).mul(one.sub(g.mul(g)));
      FloatVector dO = dH.mul(tanh).mul(o).mul(one.sub(o));
      dI.intoArray(dGates, dGatesAt + u);
      dF.intoArray(dGates, dGatesAt + size + u);
      dG.intoArray(dGates, dGatesAt + 2 * size + u);
      dO.intoArray(dGates, dGatesAt + 3 * size + u);
      dC.mul(f).intoArray(dState, u);
    }
  }
}
