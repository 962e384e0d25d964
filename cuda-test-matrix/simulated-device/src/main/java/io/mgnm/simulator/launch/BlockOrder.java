package io.mgnm.simulator.launch;

import io.mgnm.simulator.exec.Order;
import java.util.SplittableRandom;

/** Which blocks of a grid run, and in which order. */
final class BlockOrder {
  private BlockOrder() {}

  /** All blocks, or {@code wanted} of them spread evenly, first and last included. */
  static long[] of(Order order, long blocks, long wanted) {
    int count = Math.toIntExact(Math.max(1, Math.min(blocks, wanted)));
    long[] result = new long[count];
    for (int i = 0; i < count; i++) {
      result[i] = count == 1 ? 0 : i * (blocks - 1) / (count - 1);
    }
    switch (order) {
      case Order.Ascending a -> {}
      case Order.Descending d -> {
        for (int i = 0; i < count / 2; i++) {
          swap(result, i, count - 1 - i);
        }
      }
      case Order.Random(long seed) -> {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = count - 1; i > 0; i--) {
          swap(result, i, random.nextInt(i + 1));
        }
      }
    }
    return result;
  }

  private static void swap(long[] array, int i, int j) {
    long t = array[i];
    array[i] = array[j];
    array[j] = t;
  }
}
