package io.mgnm.simulator.isa;

import io.mgnm.simulator.exec.Finding;
import io.mgnm.simulator.machine.Lanes;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.Type;
import java.util.Arrays;

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

  /** Of the last execution: distance and clamp are the same most of the time. */
  private Sources lastSources;

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
    Sources sources = lastSources;
    if (lanes != -1 || !Lanes.uniform(r, c)) {
      laneByLane(warp, lanes);
    } else if (mode == Mode.IDX) {
      pick(warp, r[c]);
    } else if (Lanes.uniform(r, b)) {
      if (sources == null || sources.by != r[b] || sources.bounds != r[c]) {
        sources = new Sources(mode, r[b], r[c]);
        lastSources = sources;
      }
      int[] value = source(r);
      byte[] from = sources.from;
      for (int i = 0; i < Warp.LANES; i++) {
        r[out + i] = value[from[i]];
      }
      setPredicate(warp, -1, sources.inside);
    } else {
      laneByLane(warp, lanes);
    }
  }

  /** Which lane each one reads, all of a warp taking part, for one distance and one clamp. */
  private static final class Sources {
    private final int by;
    private final int bounds;
    private final byte[] from = new byte[Warp.LANES];
    private final int inside;

    Sources(Mode mode, int by, int bounds) {
      this.by = by;
      this.bounds = bounds;
      int truth = 0;
      for (int i = 0; i < Warp.LANES; i++) {
        int from = source(mode, i, by, bounds);
        this.from[i] = (byte) (from < 0 ? i : from);
        truth |= from < 0 ? 0 : 1 << i;
      }
      inside = truth;
    }
  }

  /** The lane that lane {@code i} reads; -1 where that lies outside and it keeps its own value. */
  private static int source(Mode mode, int i, int b, int c) {
    int by = b & 31;
    int clamp = c & 31;
    int segment = c >>> 8 & 31;
    int last = (i & segment) | (clamp & ~segment);
    int from =
        switch (mode) {
          case UP -> i - by;
          case DOWN -> i + by;
          case BFLY -> i ^ by;
          case IDX -> (i & segment) | (by & ~segment);
        };
    return (mode == Mode.UP ? from >= last : from <= last) ? from : -1;
  }

  /** By index, all lanes of a warp, with one clamp. */
  private void pick(Warp warp, int bounds) {
    int[] r = warp.r;
    int[] value = source(r);
    int clamp = bounds & 31;
    int segment = bounds >>> 8 & 31;
    int truth = 0;
    for (int i = 0; i < Warp.LANES; i++) {
      int base = i & segment;
      int from = base | (r[b + i] & 31 & ~segment);
      boolean inside = from <= (base | (clamp & ~segment));
      r[out + i] = value[inside ? from : i];
      truth |= inside ? 1 << i : 0;
    }
    setPredicate(warp, -1, truth);
  }

  /** The values before any lane gets a new one. */
  private int[] source(int[] r) {
    return Arrays.copyOfRange(r, a, a + Warp.LANES);
  }

  private void laneByLane(Warp warp, int lanes) {
    int[] r = warp.r;
    int[] value = source(r);
    int truth = 0;
    for (int m = lanes; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      int from = source(mode, i, r[b + i], r[c + i]);
      truth |= from >= 0 ? 1 << i : 0;
      from = from >= 0 ? from : i;
      if ((lanes >>> from & 1) != 0) {
        r[out + i] = value[from];
      } else {
        r[out + i] = UNDEFINED;
        report(warp, i, from);
      }
    }
    setPredicate(warp, lanes, truth);
  }

  private void setPredicate(Warp warp, int lanes, int truth) {
    if (predicate >= 0) {
      warp.p[predicate] = (warp.p[predicate] & ~lanes) | truth;
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
