package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.Type;
import java.util.Locale;

/** {@code shfl vote match redux elect .sync} and {@code activemask}. */
final class WarpFamily {
  private WarpFamily() {}

  static Instruction decode(Decoding d, int index) {
    if (d.base.equals("activemask")) {
      d.type();
      return new ActiveMask(d.word(0, Type.B32));
    }
    if (!d.take("sync")) {
      throw d.error("only the .sync form exists since compute capability 7.0");
    }
    return switch (d.base) {
      case "shfl" -> {
        String mode = d.takeAny("up", "down", "bfly", "idx");
        d.type();
        if (mode == null) {
          throw d.error("a mode is missing");
        }
        yield new Shuffle(d, Shuffle.Mode.valueOf(mode.toUpperCase(Locale.ROOT)));
      }
      case "vote" -> vote(d);
      case "match" -> {
        boolean all = "all".equals(d.takeAny("all", "any"));
        if (!all && d.operand(0) instanceof Operand.Pair) {
          throw d.error("two results of match.any");
        }
        yield new Match(d, d.type(), all);
      }
      case "redux" -> {
        String operation = d.takeAny("add", "min", "max", "and", "or", "xor");
        if (operation == null) {
          throw d.error("no such reduction");
        }
        Type t = d.type();
        if (t.floating()) {
          throw d.error("reduction of floats");
        }
        yield new Reduce(d, operation, t);
      }
      default -> {
        yield new Elect(d);
      }
    };
  }

  private static Instruction vote(Decoding d) {
    String mode = d.takeAny("ballot", "all", "any", "uni");
    if (mode == null) {
      throw d.error("a mode is missing");
    }
    d.type();
    return new Vote(d, mode);
  }

  private static final class ActiveMask extends Instruction {
    private final int out;

    ActiveMask(int out) {
      this.out = out;
    }

    @Override
    public void execute(Warp warp, int mask) {
      for (int m = mask; m != 0; m &= m - 1) {
        warp.r[out + Integer.numberOfTrailingZeros(m)] = mask;
      }
    }
  }

  private static final class Vote extends WarpSynchronised {
    private final String mode;
    private final int out;
    private final int in;
    private final boolean negated;
    private final int constant;

    Vote(Decoding d, String mode) {
      super(d.word(2, Type.B32));
      this.mode = mode;
      out = mode.equals("ballot") ? d.word(0, Type.B32) : d.predicate(0);
      if (d.operand(1) instanceof Operand.Int c) {
        in = -1;
        constant = c.value() != 0 ? -1 : 0;
        negated = false;
      } else {
        in = d.predicate(1);
        constant = 0;
        negated = d.negated(1);
      }
    }

    @Override
    void perform(Warp warp, int lanes) {
      int value = in < 0 ? constant : warp.p[in];
      int votes = (negated ? ~value : value) & lanes;
      if (mode.equals("ballot")) {
        for (int m = lanes; m != 0; m &= m - 1) {
          warp.r[out + Integer.numberOfTrailingZeros(m)] = votes;
        }
        return;
      }
      boolean result =
          switch (mode) {
            case "all" -> votes == lanes;
            case "any" -> votes != 0;
            default -> votes == lanes || votes == 0;
          };
      warp.p[out] = (warp.p[out] & ~lanes) | (result ? lanes : 0);
    }
  }

  private static final class Match extends WarpSynchronised {
    private final boolean all;
    private final boolean wide;
    private final int out;
    private final int predicate;
    private final int in;

    Match(Decoding d, Type t, boolean all) {
      super(d.word(2, Type.B32));
      this.all = all;
      wide = t.bytes() == 8;
      in = wide ? d.wide(1, t) : d.word(1, t);
      if (d.operand(0) instanceof Operand.Pair pair) {
        out = d.word(pair.first(), Type.B32);
        predicate = d.predicate(pair.second());
      } else {
        out = d.word(0, Type.B32);
        predicate = -1;
      }
    }

    @Override
    void perform(Warp warp, int lanes) {
      int[] result = new int[Warp.LANES];
      boolean same = true;
      for (int m = lanes; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        for (int n = lanes; n != 0; n &= n - 1) {
          int j = Integer.numberOfTrailingZeros(n);
          result[i] |= value(warp, i) == value(warp, j) ? 1 << j : 0;
        }
        same &= result[i] == lanes;
      }
      for (int m = lanes; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        warp.r[out + i] = all ? same ? lanes : 0 : result[i];
      }
      if (predicate >= 0) {
        warp.p[predicate] = (warp.p[predicate] & ~lanes) | (same ? lanes : 0);
      }
    }

    private long value(Warp warp, int lane) {
      return wide ? warp.q[in + lane] : warp.r[in + lane];
    }
  }

  private static final class Reduce extends WarpSynchronised {
    private final String operation;
    private final boolean signed;
    private final int out;
    private final int in;

    Reduce(Decoding d, String operation, Type t) {
      super(d.word(2, Type.B32));
      this.operation = operation;
      signed = t.signed();
      out = d.word(0, t);
      in = d.word(1, t);
    }

    @Override
    void perform(Warp warp, int lanes) {
      int first = Integer.numberOfTrailingZeros(lanes);
      int result = warp.r[in + first];
      for (int m = lanes & lanes - 1; m != 0; m &= m - 1) {
        int v = warp.r[in + Integer.numberOfTrailingZeros(m)];
        boolean greater = signed ? v > result : Integer.compareUnsigned(v, result) > 0;
        result =
            switch (operation) {
              case "add" -> result + v;
              case "and" -> result & v;
              case "or" -> result | v;
              case "xor" -> result ^ v;
              case "max" -> greater ? v : result;
              default -> greater ? result : v;
            };
      }
      for (int m = lanes; m != 0; m &= m - 1) {
        warp.r[out + Integer.numberOfTrailingZeros(m)] = result;
      }
    }
  }

  /** One lane of the mask, the lowest. */
  private static final class Elect extends WarpSynchronised {
    private final int out;
    private final int predicate;

    Elect(Decoding d) {
      super(d.word(1, Type.B32));
      if (!(d.operand(0) instanceof Operand.Pair pair)) {
        throw d.error("expected two results");
      }
      out = d.word(pair.first(), Type.B32);
      predicate = d.predicate(pair.second());
    }

    @Override
    void perform(Warp warp, int lanes) {
      int leader = Integer.numberOfTrailingZeros(lanes);
      for (int m = lanes; m != 0; m &= m - 1) {
        warp.r[out + Integer.numberOfTrailingZeros(m)] = leader;
      }
      if (predicate >= 0) {
        warp.p[predicate] = (warp.p[predicate] & ~lanes) | 1 << leader;
      }
    }
  }
}
