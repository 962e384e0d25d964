package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;

/** {@link WordLoops} from one kind of register to the other. */
final class ConversionLoops {
  private ConversionLoops() {}

  /** Long from word. */
  @FunctionalInterface
  interface WordToLong {
    long of(int a);
  }

  static final class WordToLongLoop extends Instruction {
    private final WordToLong function;
    private final int out;
    private final int a;

    WordToLongLoop(WordToLong function, int out, int a) {
      this.function = function;
      this.out = out;
      this.a = a;
    }

    @Override
    public void execute(Warp warp, int mask) {
      long[] q = warp.q;
      int[] r = warp.r;
      WordToLong f = function;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          q[out + i] = f.of(r[a + i]);
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          q[out + i] = f.of(r[a + i]);
        }
      }
    }
  }

  /** Word from long. */
  @FunctionalInterface
  interface LongToWord {
    int of(long a);
  }

  static final class LongToWordLoop extends Instruction {
    private final LongToWord function;
    private final int out;
    private final int a;

    LongToWordLoop(LongToWord function, int out, int a) {
      this.function = function;
      this.out = out;
      this.a = a;
    }

    @Override
    public void execute(Warp warp, int mask) {
      long[] q = warp.q;
      int[] r = warp.r;
      LongToWord f = function;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          r[out + i] = f.of(q[a + i]);
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          r[out + i] = f.of(q[a + i]);
        }
      }
    }
  }

  /** Long from word, word. */
  @FunctionalInterface
  interface WordsToLong {
    long of(int a, int b);
  }

  static final class WordsToLongLoop extends Instruction {
    private final WordsToLong function;
    private final int out;
    private final int a, b;

    WordsToLongLoop(WordsToLong function, int out, int a, int b) {
      this.function = function;
      this.out = out;
      this.a = a;
      this.b = b;
    }

    @Override
    public void execute(Warp warp, int mask) {
      long[] q = warp.q;
      int[] r = warp.r;
      WordsToLong f = function;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          q[out + i] = f.of(r[a + i], r[b + i]);
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          q[out + i] = f.of(r[a + i], r[b + i]);
        }
      }
    }
  }

  /** Long from word, word, long. */
  @FunctionalInterface
  interface WideMultiplyAdd {
    long of(int a, int b, long c);
  }

  static final class WideMultiplyAddLoop extends Instruction {
    private final WideMultiplyAdd function;
    private final int out;
    private final int a, b, c;

    WideMultiplyAddLoop(WideMultiplyAdd function, int out, int a, int b, int c) {
      this.function = function;
      this.out = out;
      this.a = a;
      this.b = b;
      this.c = c;
    }

    @Override
    public void execute(Warp warp, int mask) {
      long[] q = warp.q;
      int[] r = warp.r;
      WideMultiplyAdd f = function;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          q[out + i] = f.of(r[a + i], r[b + i], q[c + i]);
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          q[out + i] = f.of(r[a + i], r[b + i], q[c + i]);
        }
      }
    }
  }
}
