package io.mgnm.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LimitsTest {
  @Test
  void theFloorIsOfProductsAndFunctions() {
    Costs forward =
        Costs.of(100, 16, 4, 3).stream()
            .filter(cost -> cost.name().equals("BiLstm forward"))
            .findFirst()
            .orElseThrow();
    // Both directions: 16 sequences of 100, 16 values in and 8 back, 32 gates of 8 units each.
    assertThat(forward.flops()).isEqualTo(2L * 16 * 100 * 2 * (16 * 32 + 8 * 32));
    assertThat(forward.functions()).isEqualTo(2L * 16 * 100 * 5 * 8);
    assertThat(forward.floor(10, 1e9))
        .isCloseTo(10 * (forward.flops() + 30.0 * forward.functions()) / 1e9, within(1e-9));
  }

  @Test
  void aPowerIsTheSlopeOfALogarithmicCurve() {
    assertThat(Curves.power(Map.entry(10, 3.0), Map.entry(100, 300.0))).isCloseTo(2, within(1e-9));
  }

  @Test
  void aPointOfACurveIsTimedInAJvmOfItsOwn() throws IOException {
    assertThat(new CurvePoint(5, 50, 1, 1).time(0.001)).isBetween(1e-8, 1.0);
    assertThatThrownBy(() -> new CurvePoint(5, -1, 1, 1).time(0.001))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("a JVM failed; run ")
        .hasMessageContaining("CurvePoint 5 -1 1 1");
  }

  @Test
  void aCurveIsAPicture() {
    Map<Integer, Double> points = new LinkedHashMap<>();
    points.put(10, 20.0);
    points.put(1000, 2000.0);
    assertThat(LogChart.svg("time", points))
        .startsWith("<svg xmlns=")
        .contains(">time</text>", ">1,000</text>", "<polyline", "<circle")
        .endsWith("</svg>\n");
  }
}
