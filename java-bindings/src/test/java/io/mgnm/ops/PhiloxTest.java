package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PhiloxTest {

  /** The known answers of the Random123 library for philox4x32 with 10 rounds. */
  @Test
  void givesTheKnownAnswers() {
    assertThat(words(0, 0, 0, 0, 0))
        .containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    assertThat(words(-1L, -1, -1, -1, -1))
        .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
    assertThat(words(0x299f31d0a4093822L, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344))
        .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
  }

  @Test
  void boundedIsTheHighWordOfTheProduct() {
    assertThat(Philox.bounded(0, 7)).isZero();
    assertThat(Philox.bounded(-1, 7)).isEqualTo(6);
    assertThat(Philox.bounded(0x80000000, 7)).isEqualTo(3);
    assertThat(Philox.bounded(-1, 1)).isZero();
    assertThat(Philox.bounded(-1, Integer.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE - 1);
    // 1/3 of 2³² is 0x55555555.55…: the first word of the second third is 0x55555556.
    assertThat(Philox.bounded(0x55555555, 3)).isZero();
    assertThat(Philox.bounded(0x55555556, 3)).isEqualTo(1);
  }

  private static int[] words(long seed, int purpose, int time, int sample, int index) {
    int[] words = new int[4];
    Philox.words(seed, purpose, time, sample, index, words);
    return words;
  }
}
