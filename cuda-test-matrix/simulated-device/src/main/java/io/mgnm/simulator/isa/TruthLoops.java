package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Warp;

/** {@link WordLoops} for predicates. */
final class TruthLoops {
  private TruthLoops() {}

  /** Truth from word. */
  @FunctionalInterface
  interface WordTest {
    boolean of(int a);
  }

  static final class WordTestLoop extends PredicateResult {
    private final WordTest function;
    private final int a;

    WordTestLoop(WordTest function, int a) {
      this.function = function;
      this.a = a;
    }

    @Override
    public void execute(Warp warp, int mask) {
      int[] r = warp.r;
      WordTest f = function;
      int truth = 0;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          truth |= f.of(r[a + i]) ? 1 << i : 0;
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          truth |= f.of(r[a + i]) ? 1 << i : 0;
        }
      }
      put(warp, mask, truth);
    }
  }

  /** Truth from word, word. */
  @FunctionalInterface
  interface WordCompare {
    boolean of(int a, int b);
  }

  static final class WordCompareLoop extends PredicateResult {
    private final WordCompare function;
    private final int a, b;

    WordCompareLoop(WordCompare function, int a, int b) {
      this.function = function;
      this.a = a;
      this.b = b;
    }

    @Override
    public void execute(Warp warp, int mask) {
      int[] r = warp.r;
      WordCompare f = function;
      int truth = 0;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          truth |= f.of(r[a + i], r[b + i]) ? 1 << i : 0;
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          truth |= f.of(r[a + i], r[b + i]) ? 1 << i : 0;
        }
      }
      put(warp, mask, truth);
    }
  }

  /** Truth from long. */
  @FunctionalInterface
  interface LongTest {
    boolean of(long a);
  }

  static final class LongTestLoop extends PredicateResult {
    private final LongTest function;
    private final int a;

    LongTestLoop(LongTest function, int a) {
      this.function = function;
      this.a = a;
    }

    @Override
    public void execute(Warp warp, int mask) {
      long[] q = warp.q;
      LongTest f = function;
      int truth = 0;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          truth |= f.of(q[a + i]) ? 1 << i : 0;
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          truth |= f.of(q[a + i]) ? 1 << i : 0;
        }
      }
      put(warp, mask, truth);
    }
  }

  /** Truth from long, long. */
  @FunctionalInterface
  interface LongCompare {
    boolean of(long a, long b);
  }

  static final class LongCompareLoop extends PredicateResult {
    private final LongCompare function;
    private final int a, b;

    LongCompareLoop(LongCompare function, int a, int b) {
      this.function = function;
      this.a = a;
      this.b = b;
    }

    @Override
    public void execute(Warp warp, int mask) {
      long[] q = warp.q;
      LongCompare f = function;
      int truth = 0;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          truth |= f.of(q[a + i], q[b + i]) ? 1 << i : 0;
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          truth |= f.of(q[a + i], q[b + i]) ? 1 << i : 0;
        }
      }
      put(warp, mask, truth);
    }
  }
}
