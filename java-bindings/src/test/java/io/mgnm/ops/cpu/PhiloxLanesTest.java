package io.mgnm.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.mgnm.ops.Philox;
import io.mgnm.ops.TruncatedNormal;
import org.junit.jupiter.api.Test;

class PhiloxLanesTest {
  /** What {@link TruncatedNormal} allows a backend. */
  private static final double ALLOWED = 1e-6;

  @Test
  void theApproximationKeepsToTheTruthEverywhere() {
    int[] words = new int[1 << 16];
    float[] numbers = new float[4 * words.length];
    for (int i = 0; i < words.length; i++) {
      words[i] = i * 65_537; // 0 to 0xffffffff, both ends included
    }
    PhiloxLanes.truncatedNormals(words, words.length, numbers, 0);
    float before = -2;
    for (int i = 0; i < words.length; i++) {
      float x = numbers[i / 16 * 64 + i % 16];
      assertThat((double) x).isCloseTo(TruncatedNormal.of(words[i]), within(ALLOWED));
      assertThat(x).isBetween(before, 2f);
      before = x - 1e-6f; // rounding may turn neighbours around
    }
  }

  @Test
  void numbersBelongToTheWordsThatTheContractNames() {
    int[] four = new int[4];
    for (int count : new int[] {1, 16, 64, 65, 1600, 4001}) {
      float[] numbers = new float[PhiloxLanes.room(count)];
      int[][] words = new int[4][numbers.length / 4];
      long seed = 0xfedcba9876543210L + count;
      PhiloxLanes.truncatedNormals(seed, Philox.TRAINING_LOGIT, -5, count, count, words, numbers);
      for (int i = 0; i < numbers.length; i++) {
        Philox.words(seed, Philox.TRAINING_LOGIT, -5, count, i / 64 * 16 + i % 16, four);
        assertThat(words[i / 16 % 4][i / 64 * 16 + i % 16]).isEqualTo(four[i / 16 % 4]);
        assertThat((double) numbers[i])
            .isCloseTo(TruncatedNormal.of(four[i / 16 % 4]), within(ALLOWED));
      }
    }
  }
}
