package io.mgnm.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** The nonlinearities of a cell of one unit, whose six rows of 16 are i, f, g, o, c and tanh(c). */
class LstmCellTest {
  private static final int HIDDEN = LstmCell.ROWS; // h stands behind the cell

  private static final int LANES = Lanes.LANES;

  @Test
  void sigmoidIsWithinAFewRoundings() {
    for (int gate : new int[] {0, 1, 3}) {
      assertThat(worst(gate, x -> 1 / (1 + Math.exp(-x)), -100, 100, false)).isLessThan(3e-7);
    }
  }

  @Test
  void tanhIsWithinAFewUnitsInTheLastPlace() {
    assertThat(worst(2, Math::tanh, -100, 100, true)).isLessThan(5);
    assertThat(worst(2, Math::tanh, -1e-3f, 1e-3f, true)).isLessThan(5);
    assertThat(worst(2, Math::tanh, -1e-30f, 1e-30f, true)).isLessThan(5);
  }

  @Test
  void theStateAndTheOutputFollow() {
    float[] x = {1.5f, -0.7f, 0.4f, 2};
    float[] cell = cell(x, 3);
    double i = 1 / (1 + Math.exp(-1.5));
    double f = 1 / (1 + Math.exp(0.7));
    double c = f * 3 + i * Math.tanh(0.4f);
    assertThat(cell[4 * LANES]).isCloseTo((float) c, within(1e-6f));
    assertThat(cell[HIDDEN * LANES])
        .isCloseTo((float) (Math.tanh(c) / (1 + Math.exp(-2))), within(1e-6f));
  }

  @Test
  void extremesSaturateAndNotANumberStays() {
    float[] cell = cell(new float[] {1e30f, -1e30f, Float.POSITIVE_INFINITY, -200}, 7);
    assertThat(cell[0]).isEqualTo(1f);
    assertThat(cell[LANES]).isBetween(0f, 1e-9f);
    assertThat(cell[2 * LANES]).isEqualTo(1f);
    assertThat(cell[3 * LANES]).isBetween(0f, 1e-9f);
    for (int gate = 0; gate < 4; gate++) {
      float[] x = new float[4];
      x[gate] = Float.NaN;
      assertThat(cell(x, 0)[HIDDEN * LANES]).as("h with gate %d not a number", gate).isNaN();
    }
  }

  private static org.assertj.core.data.Offset<Float> within(float distance) {
    return org.assertj.core.data.Offset.offset(distance);
  }

  /** The cell behind a step, and h behind it, from the four gates and the state before. */
  private static float[] cell(float[] gates, float before) {
    float[] cell = new float[(HIDDEN + 1) * LANES];
    float[] state = new float[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      for (int gate = 0; gate < 4; gate++) {
        cell[gate * LANES + lane] = gates[gate];
      }
      state[lane] = before;
    }
    LstmCell.forward(1, cell, 0, state, 0, cell, HIDDEN * LANES);
    return cell;
  }

  /**
   * The largest error of a gate, absolute or in units in the last place, other gates also large.
   */
  private static double worst(
      int gate, DoubleUnaryOperator truth, float from, float to, boolean ulps) {
    int points = 1 << 12;
    double worst = 0;
    for (int i = 0; i < points; i++) {
      float x = from + (to - from) * i / (points - 1);
      for (float other : new float[] {-90, 0, 90}) {
        float[] gates = {other, -other, other / 2, other};
        gates[gate] = x;
        double expected = truth.applyAsDouble(x);
        double error = Math.abs(cell(gates, 1)[gate * LANES] - expected);
        worst = Math.max(worst, ulps ? error / Math.ulp((float) expected) : error);
      }
    }
    return worst;
  }
}
