package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FeistelTest {
  private static final int[] SIZES = {
    1, 2, 3, 4, 5, 17, 1000, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 1_000_000
  };

  @Test
  void everyElementComesOnce() {
    for (int n : SIZES) {
      Feistel order = new Feistel(n);
      for (long seed : new long[] {0, 1, -7, 0x123456789abcdefL}) {
        order.key(seed, Philox.EPOCH_ORDER, 3);
        BitSet seen = new BitSet(n);
        for (int i = 0; i < n; i++) {
          int element = order.apply(i);
          assertThat(element >= 0 && element < n).isTrue();
          seen.set(element);
        }
        assertThat(seen.cardinality()).as("n = %d, seed %d", n, seed).isEqualTo(n);
      }
    }
  }

  @Test
  void theLargestSizesStayInRange() {
    for (int n : new int[] {Integer.MAX_VALUE, 1 << 30, (1 << 30) + 1}) {
      Feistel order = new Feistel(n);
      order.key(5, Philox.EPOCH_ORDER, 0);
      for (int i : new int[] {0, 1, n / 2, n - 1}) {
        assertThat(order.apply(i)).isBetween(0, n - 1);
      }
    }
  }

  @Test
  void anEpochAndASeedHaveTheirOwnOrder() {
    assertThat(order(1000, 1, 0)).isEqualTo(order(1000, 1, 0));
    assertThat(order(1000, 1, 0)).isNotEqualTo(order(1000, 1, 1));
    assertThat(order(1000, 1, 0)).isNotEqualTo(order(1000, 2, 0));
    assertThat(order(1000, 1, 0)).isNotEqualTo(order(1000, 1L << 32 | 1, 0));
  }

  @Test
  void allOrdersOfFourAreEquallyLikely() {
    Map<Integer, Integer> place = new HashMap<>();
    long[] counts = new long[24];
    for (int epoch = 0; epoch < 24_000; epoch++) {
      int code = 0;
      for (int element : order(4, 11, epoch)) {
        code = code * 4 + element;
      }
      counts[place.computeIfAbsent(code, c -> place.size())]++;
    }
    ChiSquare.checkUniform("orders of four", counts);
  }

  @Test
  void everyElementIsEquallyLikelyFirstAndNextToItsNeighbour() {
    int n = 97;
    long[] first = new long[n];
    long[] distance = new long[n - 1];
    Feistel order = new Feistel(n);
    for (int epoch = 0; epoch < 20_000; epoch++) {
      order.key(4, Philox.EPOCH_ORDER, epoch);
      first[order.apply(0)]++;
      distance[Math.floorMod(order.apply(1) - order.apply(0), n) - 1]++;
    }
    ChiSquare.checkUniform("first element", first);
    ChiSquare.checkUniform("step from first to second", distance);
  }

  @Test
  void refusesWhatIsOutOfRange() {
    assertThatThrownBy(() -> new Feistel(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Feistel(3).apply(3)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> new Feistel(3).apply(-1))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  private static int[] order(int n, long seed, int epoch) {
    Feistel order = new Feistel(n);
    order.key(seed, Philox.EPOCH_ORDER, epoch);
    return IntStream.range(0, n).map(order::apply).toArray();
  }
}
