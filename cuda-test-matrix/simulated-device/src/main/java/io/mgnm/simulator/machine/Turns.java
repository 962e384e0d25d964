package io.mgnm.simulator.machine;

import io.mgnm.simulator.exec.Order;
import java.util.List;
import java.util.SplittableRandom;

/** Who goes next, as the launch's order says. */
public final class Turns {
  private static final int LONG_SLICE = 20_000;

  private final Order order;
  private SplittableRandom random;

  Turns(Order order) {
    this.order = order;
  }

  /** Draws for a block do not depend on the blocks before it. */
  void startBlock(long index) {
    if (order instanceof Order.Random(long seed)) {
      random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + index);
    }
  }

  <T> T pick(List<T> candidates) {
    return switch (order) {
      case Order.Ascending a -> candidates.getFirst();
      case Order.Descending d -> candidates.getLast();
      case Order.Random r -> candidates.get(random.nextInt(candidates.size()));
    };
  }

  <T> T pickOne(T first, T second) {
    return switch (order) {
      case Order.Ascending a -> first;
      case Order.Descending d -> second;
      case Order.Random r -> random.nextBoolean() ? first : second;
    };
  }

  /** Instructions until the next warp or part gets its turn. */
  int slice() {
    return order instanceof Order.Random ? 20 + random.nextInt(400) : LONG_SLICE;
  }

  /** Whether lanes of one access go from the highest to the lowest. */
  public boolean descending() {
    return order instanceof Order.Descending
        || (order instanceof Order.Random && random.nextBoolean());
  }
}
