package io.mgnm.simulator.junit;

import io.mgnm.simulator.exec.Order;

/** In which order blocks, warps and lanes take their turns. */
public enum LaunchOrder {
  ASCENDING,
  DESCENDING,
  RANDOM;

  Order of(long seed) {
    return switch (this) {
      case ASCENDING -> Order.ascending();
      case DESCENDING -> Order.descending();
      case RANDOM -> Order.random(seed);
    };
  }
}
