package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;

/**
 * Loops over the lanes for every shape of register operands, one class each, which apply a function
 * that says what the instruction does to one lane. {@link Specialised} gives each function its own
 * copy of the loop, so that the compiler inlines the one into the other.
 *
 * <p>Words are 32-bit registers (also of 16-bit and float values, as bits), longs 64-bit ones.
 * Places come multiplied by the number of lanes. The functions see lanes that do not take part only
 * where nothing is stored for them.
 */
final class LaneLoops {
  private LaneLoops() {}

  /** Word from word. */
  @FunctionalInterface
  interface WordUnary {
    int of(int a);
  }

  static final class WordUnaryLoop extends Instruction {
    private final WordUnary function;
    private final int out;
    private final int a;

    WordUnaryLoop(WordUnary function, int out, int a) {
      this.function = function;
      this.out = out;
      this.a = a;
    }

    @Override
    public void execute(Warp warp, int mask) {
      int[] r = warp.r;
      WordUnary f = function;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          r[out + i] = f.of(r[a + i]);
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          r[out + i] = f.of(r[a + i]);
        }
      }
    }
  }

  /** Word from word, word. */
  @FunctionalInterface
  interface WordBinary {
    int of(int a, int b);
  }

  static final class WordBinaryLoop extends Instruction {
    private final WordBinary function;
    private final int out;
    private final int a, b;

    WordBinaryLoop(WordBinary function, int out, int a, int b) {
      this.function = function;
      this.out = out;
      this.a = a;
      this.b = b;
    }

    @Override
    public void execute(Warp warp, int mask) {
      int[] r = warp.r;
      WordBinary f = function;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          r[out + i] = f.of(r[a + i], r[b + i]);
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          r[out + i] = f.of(r[a + i], r[b + i]);
        }
      }
    }
  }

  /** Word from word, word, word. */
  @FunctionalInterface
  interface WordTernary {
    int of(int a, int b, int c);
  }

  static final class WordTernaryLoop extends Instruction {
    private final WordTernary function;
    private final int out;
    private final int a, b, c;

    WordTernaryLoop(WordTernary function, int out, int a, int b, int c) {
      this.function = function;
      this.out = out;
      this.a = a;
      this.b = b;
      this.c = c;
    }

    @Override
    public void execute(Warp warp, int mask) {
      int[] r = warp.r;
      WordTernary f = function;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          r[out + i] = f.of(r[a + i], r[b + i], r[c + i]);
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          r[out + i] = f.of(r[a + i], r[b + i], r[c + i]);
        }
      }
    }
  }

  /** Long from long. */
  @FunctionalInterface
  interface LongUnary {
    long of(long a);
  }

  static final class LongUnaryLoop extends Instruction {
    private final LongUnary function;
    private final int out;
    private final int a;

    LongUnaryLoop(LongUnary function, int out, int a) {
      this.function = function;
      this.out = out;
      this.a = a;
    }

    @Override
    public void execute(Warp warp, int mask) {
      long[] q = warp.q;
      LongUnary f = function;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          q[out + i] = f.of(q[a + i]);
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          q[out + i] = f.of(q[a + i]);
        }
      }
    }
  }

  /** Long from long, long. */
  @FunctionalInterface
  interface LongBinary {
    long of(long a, long b);
  }

  static final class LongBinaryLoop extends Instruction {
    private final LongBinary function;
    private final int out;
    private final int a, b;

    LongBinaryLoop(LongBinary function, int out, int a, int b) {
      this.function = function;
      this.out = out;
      this.a = a;
      this.b = b;
    }

    @Override
    public void execute(Warp warp, int mask) {
      long[] q = warp.q;
      LongBinary f = function;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          q[out + i] = f.of(q[a + i], q[b + i]);
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          q[out + i] = f.of(q[a + i], q[b + i]);
        }
      }
    }
  }

  /** Long from long, long, long. */
  @FunctionalInterface
  interface LongTernary {
    long of(long a, long b, long c);
  }

  static final class LongTernaryLoop extends Instruction {
    private final LongTernary function;
    private final int out;
    private final int a, b, c;

    LongTernaryLoop(LongTernary function, int out, int a, int b, int c) {
      this.function = function;
      this.out = out;
      this.a = a;
      this.b = b;
      this.c = c;
    }

    @Override
    public void execute(Warp warp, int mask) {
      long[] q = warp.q;
      LongTernary f = function;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          q[out + i] = f.of(q[a + i], q[b + i], q[c + i]);
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          q[out + i] = f.of(q[a + i], q[b + i], q[c + i]);
        }
      }
    }
  }

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

  /** Long from long, word. */
  @FunctionalInterface
  interface LongShift {
    long of(long a, int b);
  }

  static final class LongShiftLoop extends Instruction {
    private final LongShift function;
    private final int out;
    private final int a, b;

    LongShiftLoop(LongShift function, int out, int a, int b) {
      this.function = function;
      this.out = out;
      this.a = a;
      this.b = b;
    }

    @Override
    public void execute(Warp warp, int mask) {
      long[] q = warp.q;
      int[] r = warp.r;
      LongShift f = function;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          q[out + i] = f.of(q[a + i], r[b + i]);
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          q[out + i] = f.of(q[a + i], r[b + i]);
        }
      }
    }
  }

  /** Long from long, word, word. */
  @FunctionalInterface
  interface LongField {
    long of(long a, int b, int c);
  }

  static final class LongFieldLoop extends Instruction {
    private final LongField function;
    private final int out;
    private final int a, b, c;

    LongFieldLoop(LongField function, int out, int a, int b, int c) {
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
      LongField f = function;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          q[out + i] = f.of(q[a + i], r[b + i], r[c + i]);
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          q[out + i] = f.of(q[a + i], r[b + i], r[c + i]);
        }
      }
    }
  }

  /** Long from long, long, word. */
  @FunctionalInterface
  interface LongChoice {
    long of(long a, long b, int c);
  }

  static final class LongChoiceLoop extends Instruction {
    private final LongChoice function;
    private final int out;
    private final int a, b, c;

    LongChoiceLoop(LongChoice function, int out, int a, int b, int c) {
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
      LongChoice f = function;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          q[out + i] = f.of(q[a + i], q[b + i], r[c + i]);
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          q[out + i] = f.of(q[a + i], q[b + i], r[c + i]);
        }
      }
    }
  }

  /** Long from long, long, word, word. */
  @FunctionalInterface
  interface WordInsert {
    long of(long a, long b, int c, int d);
  }

  static final class WordInsertLoop extends Instruction {
    private final WordInsert function;
    private final int out;
    private final int a, b, c, d;

    WordInsertLoop(WordInsert function, int out, int a, int b, int c, int d) {
      this.function = function;
      this.out = out;
      this.a = a;
      this.b = b;
      this.c = c;
      this.d = d;
    }

    @Override
    public void execute(Warp warp, int mask) {
      long[] q = warp.q;
      int[] r = warp.r;
      WordInsert f = function;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          q[out + i] = f.of(q[a + i], q[b + i], r[c + i], r[d + i]);
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          q[out + i] = f.of(q[a + i], q[b + i], r[c + i], r[d + i]);
        }
      }
    }
  }

  /** Word from word, word, word, word. */
  @FunctionalInterface
  interface WordFour {
    int of(int a, int b, int c, int d);
  }

  static final class WordFourLoop extends Instruction {
    private final WordFour function;
    private final int out;
    private final int a, b, c, d;

    WordFourLoop(WordFour function, int out, int a, int b, int c, int d) {
      this.function = function;
      this.out = out;
      this.a = a;
      this.b = b;
      this.c = c;
      this.d = d;
    }

    @Override
    public void execute(Warp warp, int mask) {
      int[] r = warp.r;
      WordFour f = function;
      if (mask == -1) {
        for (int i = 0; i < Warp.LANES; i++) {
          r[out + i] = f.of(r[a + i], r[b + i], r[c + i], r[d + i]);
        }
      } else {
        for (int m = mask; m != 0; m &= m - 1) {
          int i = Integer.numberOfTrailingZeros(m);
          r[out + i] = f.of(r[a + i], r[b + i], r[c + i], r[d + i]);
        }
      }
    }
  }

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
