package io.mgnm.simulator.isa;

import io.mgnm.simulator.exec.Finding;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.Type;

/**
 * {@code shfl.sync.mode.b32 d|p, a, b, c, mask}. What a lane reads from one that takes no part is
 * not defined; here it is a value that stands out, and a finding.
 */
final class Shuffle extends WarpSynchronised {
  private static final int UNDEFINED = 0xdeadbeef;

  /** Which lane is read. */
  enum Mode {
    UP,
    DOWN,
    BFLY,
    IDX
  }

  private final Mode mode;
  private final int out;
  private final int predicate;
  private final int a;
  private final int b;
  private final int c;

  Shuffle(Decoding d, Mode mode) {
    super(d.word(4, Type.B32));
    d.expectOperands(5);
    this.mode = mode;
    Operand result = d.operand(0);
    if (result instanceof Operand.Pair pair) {
      out = d.word(pair.first(), Type.B32);
      predicate = d.predicate(pair.second());
    } else {
      out = d.word(result, Type.B32);
      predicate = -1;
    }
    a = d.word(1, Type.B32);
    b = d.word(2, Type.B32);
    c = d.word(3, Type.B32);
  }

  @Override
  void perform(Warp warp, int lanes) {
    int[] r = warp.r;
    int[] source = new int[Warp.LANES];
    System.arraycopy(r, a, source, 0, Warp.LANES);
    int truth = 0;
    for (int m = lanes; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      int by = r[b + i] & 31;
      int clamp = r[c + i] & 31;
      int segment = r[c + i] >>> 8 & 31;
      int last = i & segment | clamp & ~segment;
      int from =
          switch (mode) {
            case UP -> i - by;
            case DOWN -> i + by;
            case BFLY -> i ^ by;
            case IDX -> i & segment | by & ~segment;
          };
      boolean inside = mode == Mode.UP ? from >= last : from <= last;
      from = inside ? from : i;
      truth |= inside ? 1 << i : 0;
      if ((lanes >>> from & 1) != 0) {
        r[out + i] = source[from];
      } else {
        r[out + i] = UNDEFINED;
        report(warp, i, from);
      }
    }
    if (predicate >= 0) {
      warp.p[predicate] = warp.p[predicate] & ~lanes | truth;
    }
  }

  private void report(Warp warp, int lane, int from) {
    if (warp.processor.checkShuffles) {
      warp.finding(
          Finding.Kind.SHUFFLE_SOURCE,
          this,
          lane,
          0,
          () ->
              String.format(
                  "lane %d reads lane %d, which takes no part: the value is not defined",
                  lane, from));
    }
  }
}
