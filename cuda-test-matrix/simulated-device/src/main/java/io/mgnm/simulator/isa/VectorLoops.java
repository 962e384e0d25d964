package io.mgnm.simulator.isa;

import static io.mgnm.simulator.isa.Vectors.INTS;
import static io.mgnm.simulator.isa.Vectors.LONGS;
import static io.mgnm.simulator.isa.Vectors.mask;

import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;

/**
 * The loops of {@link WordLoops} and its sisters over vectors: hot forms, copied for each function
 * as those are. Functions see lanes that do not take part; nothing is stored for them.
 */
final class VectorLoops {
  private VectorLoops() {}

  @FunctionalInterface
  interface Unary {
    IntVector of(IntVector a);
  }

  static final class UnaryLoop extends Instruction {
    private final Unary function;
    private final int out;
    private final int a;

    UnaryLoop(Unary function, int out, int a) {
      this.function = function;
      this.out = out;
      this.a = a;
    }

    @Override
    public void execute(Warp warp, int mask) {
      int[] r = warp.r;
      Unary f = function;
      for (int i = 0; i < Warp.LANES; i += INTS.length()) {
        Vectors.put(f.of(IntVector.fromArray(INTS, r, a + i)), r, out, i, mask);
      }
    }
  }

  @FunctionalInterface
  interface Binary {
    IntVector of(IntVector a, IntVector b);
  }

  static final class BinaryLoop extends Instruction {
    private final Binary function;
    private final int out;
    private final int a;
    private final int b;

    BinaryLoop(Binary function, int out, int a, int b) {
      this.function = function;
      this.out = out;
      this.a = a;
      this.b = b;
    }

    @Override
    public void execute(Warp warp, int mask) {
      int[] r = warp.r;
      Binary f = function;
      for (int i = 0; i < Warp.LANES; i += INTS.length()) {
        IntVector x = IntVector.fromArray(INTS, r, a + i);
        IntVector y = IntVector.fromArray(INTS, r, b + i);
        Vectors.put(f.of(x, y), r, out, i, mask);
      }
    }
  }

  @FunctionalInterface
  interface Ternary {
    IntVector of(IntVector a, IntVector b, IntVector c);
  }

  static final class TernaryLoop extends Instruction {
    private final Ternary function;
    private final int out;
    private final int a;
    private final int b;
    private final int c;

    TernaryLoop(Ternary function, int out, int a, int b, int c) {
      this.function = function;
      this.out = out;
      this.a = a;
      this.b = b;
      this.c = c;
    }

    @Override
    public void execute(Warp warp, int mask) {
      int[] r = warp.r;
      Ternary f = function;
      for (int i = 0; i < Warp.LANES; i += INTS.length()) {
        IntVector x = IntVector.fromArray(INTS, r, a + i);
        IntVector y = IntVector.fromArray(INTS, r, b + i);
        IntVector z = IntVector.fromArray(INTS, r, c + i);
        Vectors.put(f.of(x, y, z), r, out, i, mask);
      }
    }
  }

  @FunctionalInterface
  interface LongUnary {
    LongVector of(LongVector a);
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
      for (int i = 0; i < Warp.LANES; i += LONGS.length()) {
        Vectors.put(f.of(LongVector.fromArray(LONGS, q, a + i)), q, out, i, mask);
      }
    }
  }

  @FunctionalInterface
  interface LongBinary {
    LongVector of(LongVector a, LongVector b);
  }

  static final class LongBinaryLoop extends Instruction {
    private final LongBinary function;
    private final int out;
    private final int a;
    private final int b;

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
      for (int i = 0; i < Warp.LANES; i += LONGS.length()) {
        LongVector x = LongVector.fromArray(LONGS, q, a + i);
        LongVector y = LongVector.fromArray(LONGS, q, b + i);
        Vectors.put(f.of(x, y), q, out, i, mask);
      }
    }
  }

  /** Longs from words: the function gets a word in the low half of each lane, zero-extended. */
  static final class WidenLoop extends Instruction {
    private final LongUnary function;
    private final int out;
    private final int a;

    WidenLoop(LongUnary function, int out, int a) {
      this.function = function;
      this.out = out;
      this.a = a;
    }

    @Override
    public void execute(Warp warp, int mask) {
      LongUnary f = function;
      for (int i = 0; i < Warp.LANES; i += LONGS.length()) {
        Vectors.put(f.of(Vectors.widened(warp.r, a + i)), warp.q, out, i, mask);
      }
    }
  }

  /** Longs from two words, given as to {@link WidenLoop}. */
  static final class WidenBinaryLoop extends Instruction {
    private final LongBinary function;
    private final int out;
    private final int a;
    private final int b;

    WidenBinaryLoop(LongBinary function, int out, int a, int b) {
      this.function = function;
      this.out = out;
      this.a = a;
      this.b = b;
    }

    @Override
    public void execute(Warp warp, int mask) {
      LongBinary f = function;
      for (int i = 0; i < Warp.LANES; i += LONGS.length()) {
        LongVector x = Vectors.widened(warp.r, a + i);
        LongVector y = Vectors.widened(warp.r, b + i);
        Vectors.put(f.of(x, y), warp.q, out, i, mask);
      }
    }
  }

  @FunctionalInterface
  interface Compare {
    VectorMask<Integer> of(IntVector a, IntVector b);
  }

  static final class CompareLoop extends PredicateResult {
    private final Compare function;
    private final int a;
    private final int b;

    CompareLoop(Compare function, int a, int b) {
      this.function = function;
      this.a = a;
      this.b = b;
    }

    @Override
    public void execute(Warp warp, int mask) {
      int[] r = warp.r;
      Compare f = function;
      int truth = 0;
      for (int i = 0; i < Warp.LANES; i += INTS.length()) {
        IntVector x = IntVector.fromArray(INTS, r, a + i);
        IntVector y = IntVector.fromArray(INTS, r, b + i);
        truth |= (int) f.of(x, y).toLong() << i;
      }
      put(warp, mask, truth);
    }
  }

  /** {@code selp} of words. */
  static final class Select extends Instruction {
    private final int out;
    private final int a;
    private final int b;
    private final int p;
    private final boolean negated;

    Select(int out, int a, int b, int p, boolean negated) {
      this.out = out;
      this.a = a;
      this.b = b;
      this.p = p;
      this.negated = negated;
    }

    @Override
    public void execute(Warp warp, int mask) {
      int[] r = warp.r;
      int choice = negated ? ~warp.p[p] : warp.p[p];
      for (int i = 0; i < Warp.LANES; i += INTS.length()) {
        IntVector x = IntVector.fromArray(INTS, r, a + i);
        IntVector y = IntVector.fromArray(INTS, r, b + i);
        Vectors.put(y.blend(x, mask(INTS, choice, i)), r, out, i, mask);
      }
    }
  }
}
