package io.mgnm.simulator.exec;

/**
 * In which order blocks, warps, the sides of a divergent branch and the lanes of one access take
 * their turns. A right kernel gives the same result in every order.
 */
public sealed interface Order {
  /** Lowest index first. */
  record Ascending() implements Order {}

  /** Highest index first. */
  record Descending() implements Order {}

  /** Drawn from the seed; also switches between the parts of a divergent warp as it goes. */
  record Random(long seed) implements Order {}

  static Order ascending() {
    return new Ascending();
  }

  static Order descending() {
    return new Descending();
  }

  static Order random(long seed) {
    return new Random(seed);
  }
}
