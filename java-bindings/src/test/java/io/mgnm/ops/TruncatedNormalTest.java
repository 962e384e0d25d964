package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class TruncatedNormalTest {

  /** √2 · erf⁻¹(erf(√2) · (2u − 1)), computed with 40 digits. */
  @Test
  void isTheInverseDistributionFunction() {
    check(0x00000000, -1.9999999979419076762);
    check(0x00000001, -1.9999999938257230541);
    check(0x12345678, -1.3369120793368353796);
    check(0x7fffffff, -2.7853250813731183367e-10);
    check(0x80000000, 2.7853250813731183367e-10);
    check(0x80000001, 8.3559752441193550108e-10);
    check(0xc0000000, 0.63911191121291598797);
    check(0xdeadbeef, 1.0494344489117896225);
    check(0xfffffffe, 1.9999999938257230541);
    check(0xffffffff, 1.9999999979419076762);
  }

  private static void check(int word, double expected) {
    assertThat(TruncatedNormal.of(word))
        .isCloseTo(expected, within(1e-15 * Math.abs(expected) * 2));
  }

  @Test
  void risesWithTheWordAndIsOdd() {
    double before = -TruncatedNormal.BOUND;
    for (long word = 0; word < 1L << 32; word += 997_001) {
      double x = TruncatedNormal.of((int) word);
      assertThat(x).isGreaterThan(before);
      assertThat(TruncatedNormal.of((int) ~word)).isEqualTo(-x);
      before = x;
    }
    assertThat(before).isLessThan(TruncatedNormal.BOUND);
  }
}
