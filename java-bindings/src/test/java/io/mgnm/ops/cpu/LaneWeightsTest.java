package io.mgnm.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LaneWeightsTest {
  private static final int OFFSET = 3;

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "3, 3", "4, 1", "5, 5", "6, 3", "8, 1", "12, 3", "16, 1", "32, 2"})
  void everyLaneHasTheMatrixOfItsInterest(int interests, int variants) {
    int in = 3;
    int out = 2;
    float[] weights = weights(interests * in * out);
    LaneWeights lanes = new LaneWeights(interests, in, out);
    assertThat(lanes.size()).isEqualTo(variants * in * out * Lanes.LANES);
    float[] packed = new float[lanes.size()];
    lanes.pack(weights, OFFSET, packed);
    for (int g = 0; g < 2 * variants + 1; g++) {
      for (int lane = 0; lane < Lanes.LANES; lane++) {
        int interest = (g * Lanes.LANES + lane) % interests;
        for (int cell = 0; cell < in * out; cell++) {
          assertThat(packed[lanes.offset(g) + cell * Lanes.LANES + lane])
              .isEqualTo(weights[OFFSET + interest * in * out + cell]);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "3", "4", "6", "8"})
  void unpackingAddsUpTheLanesOfEachInterest(int interests) {
    int cells = 6;
    LaneWeights lanes = new LaneWeights(interests, 2, 3);
    float[] packed = new float[lanes.size()];
    float[] gradient = weights(interests * cells);
    float[] expected = gradient.clone();
    for (int i = 0; i < packed.length; i++) { // small integers: any order of sums is exact
      packed[i] = i % 17 - 8;
      int variant = i / (cells * Lanes.LANES);
      int cell = i / Lanes.LANES % cells;
      int interest = (variant * Lanes.LANES + i % Lanes.LANES) % interests;
      expected[OFFSET + interest * cells + cell] += packed[i];
    }
    lanes.unpackAdd(packed, gradient, OFFSET);
    assertThat(gradient).containsExactly(expected);
  }

  private static float[] weights(int size) {
    float[] weights = new float[OFFSET + size];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = i;
    }
    return weights;
  }
}
