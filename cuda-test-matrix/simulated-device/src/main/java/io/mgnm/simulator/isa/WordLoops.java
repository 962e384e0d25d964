package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;

/**
 * Loops over the lanes, one class for each shape of register operands, which apply a function that
 * says what the instruction does to one lane. {@link Specialised} gives each function its own copy
 * of the loop, so that the compiler inlines the one into the other. Here: words from words.
 *
 * <p>Words are 32-bit registers (also of 16-bit and float values, as bits), longs 64-bit ones.
 * Places come multiplied by the number of lanes. The functions see lanes that do not take part only
 * where nothing is stored for them.
 */
final class WordLoops {
  private WordLoops() {}

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
}
