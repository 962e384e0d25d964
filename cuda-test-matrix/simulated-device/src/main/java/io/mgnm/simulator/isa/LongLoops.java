package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;

/** {@link WordLoops} for longs from longs, with words for amounts and choices. */
final class LongLoops {
  private LongLoops() {}

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
}
