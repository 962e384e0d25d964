package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * One time step of an LSTM behind its products, for h units in 16 lanes each.
 *
 * <p>A cell is {@code 5h} rows of 16: the gates i, f, g, o, before the step as they come from the
 * products and after it through their nonlinearity, then the state c.
 */
final class LstmCell {
  /** Rows of h units that a cell has. */
  static final int ROWS = 5;

  /** Which of them is c. */
  static final int STATE = 4;

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
    gates(size, cell, at, before, beforeAt);
    output(size, cell, at, hidden, hiddenAt);
  }

  // 2^f − 1 = f·(P0 + … + P5·f⁵) for |f| ≤ ½, relative error 1.1e-8.
  private static final float P0 = 0.6931472f;
  private static final float P1 = 0.24022649f;
  private static final float P2 = 0.055503573f;
  private static final float P3 = 0.009618238f;
  private static final float P4 = 0.0013390736f;
  private static final float P5 = 0.00015403512f;

  /** e^−x = 2^(x·MINUS), e^2x = 2^(x·TWICE). */
  private static final float MINUS = (float) (-1 / Math.log(2));

  private static final float TWICE = (float) (2 / Math.log(2));

  /** Exponents of 2 saturate here: σ at 1e-9, tanh at 1, and a product of four stays a float. */
  private static final float MOST = 30;

  /**
   * The four gates and the state. The quotients 1/(1 + e^−i), 1/(1 + e^−f), m/(2 + m) with m = e^2g
   * − 1, and 1/(1 + e^−o) come from one division by the product of all four denominators.
   */
  private static void gates(int size, float[] cell, int at, float[] before, int beforeAt) {
    for (int u = at; u < at + size; u += STEP) {
      FloatVector one = FloatVector.broadcast(FLOATS, 1f);
      FloatVector most = FloatVector.broadcast(FLOATS, MOST);
      FloatVector least = FloatVector.broadcast(FLOATS, -MOST);
      FloatVector round = FloatVector.broadcast(FLOATS, VectorMath.ROUND);
      FloatVector p0 = FloatVector.broadcast(FLOATS, P0);
      FloatVector p1 = FloatVector.broadcast(FLOATS, P1);
      FloatVector p2 = FloatVector.broadcast(FLOATS, P2);
      FloatVector p3 = FloatVector.broadcast(FLOATS, P3);
      FloatVector p4 = FloatVector.broadcast(FLOATS, P4);
      FloatVector p5 = FloatVector.broadcast(FLOATS, P5);
      FloatVector y = FloatVector.fromArray(FLOATS, cell, u).mul(MINUS);
      y = y.blend(most, y.compare(GT, most)); // by comparisons, which leave NaN alone
      y = y.blend(least, y.compare(LT, least));
      FloatVector n = y.add(round);
      FloatVector r = y.sub(n.sub(round));
      FloatVector p = r.fma(p5, p4);
      p = p.fma(r, p3);
      p = p.fma(r, p2);
      p = p.fma(r, p1);
      p = p.fma(r, p0).mul(r);
      IntVector bits = n.reinterpretAsInts().lanewise(LSHL, 23);
      FloatVector scale = bits.add(Float.floatToRawIntBits(1f)).reinterpretAsFloats();
      FloatVector a = p.fma(scale, scale.add(one));
      y = FloatVector.fromArray(FLOATS, cell, u + size).mul(MINUS);
      y = y.blend(most, y.compare(GT, most));
      y = y.blend(least, y.compare(LT, least));
      n = y.add(round);
      r = y.sub(n.sub(round));
      p = r.fma(p5, p4);
      p = p.fma(r, p3);
      p = p.fma(r, p2);
      p = p.fma(r, p1);
      p = p.fma(r, p0).mul(r);
      bits = n.reinterpretAsInts().lanewise(LSHL, 23);
      scale = bits.add(Float.floatToRawIntBits(1f)).reinterpretAsFloats();
      FloatVector b = p.fma(scale, scale.add(one));
      y = FloatVector.fromArray(FLOATS, cell, u + 2 * size).mul(TWICE);
      y = y.blend(most, y.compare(GT, most));
      y = y.blend(least, y.compare(LT, least));
      n = y.add(round);
      r = y.sub(n.sub(round));
      p = r.fma(p5, p4);
      p = p.fma(r, p3);
      p = p.fma(r, p2);
      p = p.fma(r, p1);
      p = p.fma(r, p0).mul(r);
      bits = n.reinterpretAsInts().lanewise(LSHL, 23);
      scale = bits.add(Float.floatToRawIntBits(1f)).reinterpretAsFloats();
      FloatVector m = p.fma(scale, scale.sub(one));
      y = FloatVector.fromArray(FLOATS, cell, u + 3 * size).mul(MINUS);
      y = y.blend(most, y.compare(GT, most));
      y = y.blend(least, y.compare(LT, least));
      n = y.add(round);
      r = y.sub(n.sub(round));
      p = r.fma(p5, p4);
      p = p.fma(r, p3);
      p = p.fma(r, p2);
      p = p.fma(r, p1);
      p = p.fma(r, p0).mul(r);
      bits = n.reinterpretAsInts().lanewise(LSHL, 23);
      scale = bits.add(Float.floatToRawIntBits(1f)).reinterpretAsFloats();
      FloatVector e = p.fma(scale, scale.add(one));
      FloatVector c = m.add(2f);
      FloatVector ab = a.mul(b);
      FloatVector ce = c.mul(e);
      FloatVector inverse = one.div(ab.mul(ce));
      FloatVector inverseAb = inverse.mul(ce);
      FloatVector inverseCe = inverse.mul(ab);
      FloatVector input = inverseAb.mul(b);
      FloatVector forget = inverseAb.mul(a);
      FloatVector g = inverseCe.mul(e).mul(m);
      input.intoArray(cell, u);
      forget.intoArray(cell, u + size);
      g.intoArray(cell, u + 2 * size);
      inverseCe.mul(c).intoArray(cell, u + 3 * size);
      FloatVector state = FloatVector.fromArray(FLOATS, before, beforeAt + u - at);
      forget.fma(state, input.mul(g)).intoArray(cell, u + STATE * size);
    }
  }

  private static void output(int size, float[] cell, int at, float[] hidden, int hiddenAt) {
    for (int u = at; u < at + size; u += STEP) {
      FloatVector one = FloatVector.broadcast(FLOATS, 1f);
      FloatVector most = FloatVector.broadcast(FLOATS, MOST);
      FloatVector least = FloatVector.broadcast(FLOATS, -MOST);
      FloatVector round = FloatVector.broadcast(FLOATS, VectorMath.ROUND);
      FloatVector p0 = FloatVector.broadcast(FLOATS, P0);
      FloatVector p1 = FloatVector.broadcast(FLOATS, P1);
      FloatVector p2 = FloatVector.broadcast(FLOATS, P2);
      FloatVector p3 = FloatVector.broadcast(FLOATS, P3);
      FloatVector p4 = FloatVector.broadcast(FLOATS, P4);
      FloatVector p5 = FloatVector.broadcast(FLOATS, P5);
      FloatVector y = FloatVector.fromArray(FLOATS, cell, u + STATE * size).mul(TWICE);
      y = y.blend(most, y.compare(GT, most)); // by comparisons, which leave NaN alone
      y = y.blend(least, y.compare(LT, least));
      FloatVector n = y.add(round);
      FloatVector r = y.sub(n.sub(round));
      FloatVector p = r.fma(p5, p4);
      p = p.fma(r, p3);
      p = p.fma(r, p2);
      p = p.fma(r, p1);
      p = p.fma(r, p0).mul(r);
      IntVector bits = n.reinterpretAsInts().lanewise(LSHL, 23);
      FloatVector scale = bits.add(Float.floatToRawIntBits(1f)).reinterpretAsFloats();
      FloatVector m = p.fma(scale, scale.sub(one));
      FloatVector tanh = m.div(m.add(2f));
      FloatVector gate = FloatVector.fromArray(FLOATS, cell, u + 3 * size);
      gate.mul(tanh).intoArray(hidden, hiddenAt + u - at);
    }
  }

  /**
   * From ḣ and ċ to the derivatives by the gates as they came from the products.
   *
   * <p>tanh(c) is h/σ(o), which costs less than to keep it; σ(o) is never below 1e-9.
   *
   * @param cell as {@link #forward} left it
   * @param hidden where it left h in {@code cell}
   * @param dHidden ḣ: what comes through the output and from the following time step
   * @param dState ċ from the following time step; replaced by what goes to the one before
   * @param dGates 4h rows, written
   */
  static void backward(
      int h,
      float[] cell,
      int at,
      int hidden,
      float[] before,
      int beforeAt,
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
      FloatVector tanh = FloatVector.fromArray(FLOATS, cell, hidden + u).div(o);
      FloatVector dH = FloatVector.fromArray(FLOATS, dHidden, u);
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
