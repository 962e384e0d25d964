package io.mgnm.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

class VectorMathTest {

  @Test
  void expIsWithinTwoUnitsInTheLastPlace() {
    assertThat(worstUlps(VectorMath::exp, Math::exp, -87, 88)).isLessThan(2);
  }

  @Test
  void log1pIsWithinThreeUnitsInTheLastPlace() {
    assertThat(worstUlps(VectorMath::log1p, Math::log1p, 0, 1)).isLessThan(3);
    assertThat(worstUlps(VectorMath::log1p, Math::log1p, 1e-9f, 1e-4f)).isLessThan(3);
    assertThat(worstUlps(VectorMath::log1p, Math::log1p, 1e-38f, 1e-30f)).isLessThan(3);
    assertThat(one(VectorMath::log1p, 0f)).isEqualTo(0f);
    assertThat(one(VectorMath::log1p, Float.NaN)).isNaN();
  }

  @Test
  void extremesSaturateAndNotANumberStays() {
    assertThat(one(VectorMath::exp, Float.NEGATIVE_INFINITY)).isBetween(0f, 1e-37f);
    assertThat(one(VectorMath::exp, 1000)).isGreaterThan(1e38f);
    assertThat(one(VectorMath::exp, Float.NaN)).isNaN();
  }

  private static float one(UnaryOperator<FloatVector> function, float x) {
    return function.apply(FloatVector.broadcast(Lanes.FLOATS, x)).lane(0);
  }

  private static double worstUlps(
      UnaryOperator<FloatVector> function, DoubleUnaryOperator truth, float from, float to) {
    int points = 1 << 18;
    float[] xs = new float[points];
    for (int i = 0; i < points; i++) {
      xs[i] = from + (to - from) * i / (points - 1);
    }
    float[] ys = new float[points];
    for (int i = 0; i < points; i += Lanes.STEP) {
      function.apply(FloatVector.fromArray(Lanes.FLOATS, xs, i)).intoArray(ys, i);
    }
    double worst = 0;
    for (int i = 0; i < points; i++) {
      double expected = truth.applyAsDouble(xs[i]);
      worst = Math.max(worst, Math.abs(ys[i] - expected) / Math.ulp((float) expected));
    }
    return worst;
  }
}
