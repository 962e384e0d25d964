package io.mgnm.simulator.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.simulator.ptx.PtxException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One instruction at a time against an independent computation, on awkward and random operands. */
class KnownAnswersTest {
  private static final int N = 1024;
  private static final int[] AWKWARD = {
    0,
    1,
    -1,
    2,
    31,
    32,
    33,
    63,
    64,
    255,
    0x7fffffff,
    0x80000000,
    0x80000001,
    0xffff,
    0x8000,
    0x3f800000,
    0xbf800000,
    0x40490fdb,
    0x7f7fffff,
    0xff7fffff,
    0x7f800000,
    0xff800000,
    0x7fc00000,
    0x00000001,
    0x007fffff,
    0x00800000,
    0x80800000,
    0x3f7fffff,
    0x3f800001,
    0x4b000000,
    0x4b800000
  };

  private interface Expected {
    long of(int a, int b, int c);
  }

  private static int[] operands(int seed) {
    Random random = new Random(seed);
    int[] result = new int[N];
    for (int i = 0; i < N; i++) {
      result[i] =
          switch (random.nextInt(3)) {
            case 0 -> AWKWARD[random.nextInt(AWKWARD.length)];
            case 1 -> Float.floatToRawIntBits((float) random.nextGaussian() * 10);
            default -> random.nextInt();
          };
    }
    return result;
  }

  /** Runs {@code body}, which computes %d (32 bits) or %q (64 bits) from %a, %b, %c. */
  private static long[] results(String body, int[] a, int[] b, int[] c) {
    String ptx =
        """
        .version 8.0
        .target sm_90
        .address_size 64
        .visible .entry k(.param .u64 pa, .param .u64 pb, .param .u64 pc, .param .u64 po)
        {
          .reg .b32 %a, %b, %c, %d, %t, %i;
          .reg .b16 %ha, %hb, %hc, %hd;
          .reg .b64 %p, %q, %qa, %qb, %qc, %off;
          .reg .pred %x, %y, %z;
          mov.u32 %i, %tid.x;
          mov.u32 %t, %ctaid.x;
          mad.lo.u32 %i, %t, 256, %i;
          mul.wide.u32 %off, %i, 4;
          ld.param.u64 %p, [pa];
          add.u64 %p, %p, %off;
          ld.global.b32 %a, [%p];
          ld.param.u64 %p, [pb];
          add.u64 %p, %p, %off;
          ld.global.b32 %b, [%p];
          ld.param.u64 %p, [pc];
          add.u64 %p, %p, %off;
          ld.global.b32 %c, [%p];
          cvt.u16.u32 %ha, %a;
          cvt.u16.u32 %hb, %b;
          cvt.u16.u32 %hc, %c;
          mov.b64 %qa, {%a, %b};
          mov.b64 %qb, {%b, %c};
          mov.b64 %qc, {%c, %a};
          mov.u32 %d, 0;
          mov.u64 %q, 0;
        BODY
          mul.wide.u32 %off, %i, 8;
          ld.param.u64 %p, [po];
          add.u64 %p, %p, %off;
          RESULT
          st.global.b64 [%p], %q;
          ret;
        }
        """
            .replace("BODY", body)
            .replace(
                "RESULT",
                body.contains("%q,") && !body.contains("%d,") ? "" : "cvt.u64.u32 %q, %d;");
    Bench bench = new Bench(ptx, "9.0");
    long out = bench.uninitialised(8L * N);
    Object[] arguments = {bench.ints(a), bench.ints(b), bench.ints(c), out};
    assertThat(bench.run("k", 4, 256, arguments).findings()).isEmpty();
    long[] result = bench.readLongs(out, N);
    bench.warm("k");
    assertThat(bench.run("k", 4, 256, arguments).findings()).isEmpty();
    assertThat(bench.readLongs(out, N)).as("hot form of %s", body).isEqualTo(result);
    return result;
  }

  private static void check(String body, Expected expected) {
    int[] a = operands(1);
    int[] b = operands(2);
    int[] c = operands(3);
    long[] got = results(body, a, b, c);
    boolean wide = body.contains("%q,") && !body.contains("%d,");
    for (int i = 0; i < N; i++) {
      long want = expected.of(a[i], b[i], c[i]);
      assertThat(got[i])
          .as("%s of %08x %08x %08x", body, a[i], b[i], c[i])
          .isEqualTo(wide ? want : want & 0xffffffffL);
    }
  }

  private static long u(int v) {
    return v & 0xffffffffL;
  }

  private static long pair(int low, int high) {
    return (long) high << 32 | u(low);
  }

  private static float f(int bits) {
    return Float.intBitsToFloat(bits);
  }

  /** NaN results are the canonical NaN of PTX. */
  private static int bits(float v) {
    return Float.isNaN(v) ? 0x7fffffff : Float.floatToRawIntBits(v);
  }

  @Test
  void integerArithmetic() {
    check("add.s32 %d, %a, %b;", (a, b, c) -> a + b);
    check("sub.u32 %d, %a, %b;", (a, b, c) -> a - b);
    check("add.sat.s32 %d, %a, %b;", (a, b, c) -> clamp((long) a + b));
    check("sub.sat.s32 %d, %a, %b;", (a, b, c) -> clamp((long) a - b));
    check("mul.lo.s32 %d, %a, %b;", (a, b, c) -> a * b);
    check("mul.hi.s32 %d, %a, %b;", (a, b, c) -> Math.multiplyHigh((long) a << 32, b));
    check("mul.hi.u32 %d, %a, %b;", (a, b, c) -> (u(a) * u(b)) >>> 32);
    check("mul.wide.s32 %q, %a, %b;", (a, b, c) -> (long) a * b);
    check("mul.wide.u32 %q, %a, %b;", (a, b, c) -> u(a) * u(b));
    check("mad.lo.s32 %d, %a, %b, %c;", (a, b, c) -> a * b + c);
    check("mad.hi.u32 %d, %a, %b, %c;", (a, b, c) -> ((u(a) * u(b)) >>> 32) + c);
    check("mad.wide.s32 %q, %a, %b, %qc;", (a, b, c) -> (long) a * b + pair(c, a));
    check("min.s32 %d, %a, %b;", (a, b, c) -> Math.min(a, b));
    check("max.u32 %d, %a, %b;", (a, b, c) -> Math.max(u(a), u(b)));
    check(
        "min.u64 %q, %qa, %qb;",
        (a, b, c) -> Long.compareUnsigned(pair(a, b), pair(b, c)) < 0 ? pair(a, b) : pair(b, c));
    check("abs.s32 %d, %a;", (a, b, c) -> Math.abs(a));
    check("neg.s32 %d, %a;", (a, b, c) -> -a);
    check("div.s32 %d, %a, 7;", (a, b, c) -> a / 7);
    check("div.u32 %d, %a, 7;", (a, b, c) -> u(a) / 7);
    check("rem.s32 %d, %a, -9;", (a, b, c) -> a % -9);
    check("rem.u64 %q, %qa, 1000003;", (a, b, c) -> Long.remainderUnsigned(pair(a, b), 1000003));
    check(
        "mul.hi.u64 %q, %qa, %qb;", (a, b, c) -> Math.unsignedMultiplyHigh(pair(a, b), pair(b, c)));
    check("sad.u32 %d, %a, %b, %c;", (a, b, c) -> Math.abs(u(a) - u(b)) + c);
    check("mul24.lo.s32 %d, %a, %b;", (a, b, c) -> (long) (a << 8 >> 8) * (b << 8 >> 8));
    check("add.cc.u32 %t, %a, %b; addc.u32 %d, %c, 0;", (a, b, c) -> c + ((u(a) + u(b)) >>> 32));
    check("sub.cc.u32 %t, %a, %b; subc.u32 %d, %c, 0;", (a, b, c) -> u(a) < u(b) ? c - 1 : c);
    check("mul.wide.s16 %d, %ha, %hb;", (a, b, c) -> (short) a * (short) b);
    check("add.s16 %hd, %ha, %hb; cvt.s32.s16 %d, %hd;", (a, b, c) -> (short) (a + b));
    check("shr.s16 %hd, %ha, 3; cvt.u32.u16 %d, %hd;", (a, b, c) -> (short) a >> 3 & 0xffff);
    check(
        "dp4a.u32.u32 %d, %a, %b, %c;",
        (a, b, c) -> {
          int s = c;
          for (int i = 0; i < 4; i++) {
            s += (a >>> (8 * i) & 255) * (b >>> (8 * i) & 255);
          }
          return s;
        });
  }

  @Test
  void bits() {
    check("and.b32 %d, %a, %b;", (a, b, c) -> a & b);
    check("xor.b64 %q, %qa, %qb;", (a, b, c) -> pair(a, b) ^ pair(b, c));
    check("not.b32 %d, %a;", (a, b, c) -> ~a);
    check("cnot.b32 %d, %a;", (a, b, c) -> a == 0 ? 1 : 0);
    check("shl.b32 %d, %a, %b;", (a, b, c) -> u(b) > 31 ? 0 : a << b);
    check("shr.u32 %d, %a, %b;", (a, b, c) -> u(b) > 31 ? 0 : a >>> b);
    check("shr.s32 %d, %a, %b;", (a, b, c) -> u(b) > 31 ? a >> 31 : a >> b);
    check("shl.b64 %q, %qa, %c;", (a, b, c) -> u(c) > 63 ? 0 : pair(a, b) << c);
    check("shr.s64 %q, %qa, %c;", (a, b, c) -> u(c) > 63 ? pair(a, b) >> 63 : pair(a, b) >> c);
    check("shf.l.wrap.b32 %d, %a, %b, %c;", (a, b, c) -> pair(a, b) << (c & 31) >>> 32);
    check("shf.r.wrap.b32 %d, %a, %b, %c;", (a, b, c) -> pair(a, b) >>> (c & 31));
    check("shf.r.clamp.b32 %d, %a, %b, %c;", (a, b, c) -> pair(a, b) >>> Math.min(u(c), 32));
    check("lop3.b32 %d, %a, %b, %c, 0x96;", (a, b, c) -> a ^ b ^ c);
    check("lop3.b32 %d, %a, %b, %c, 0xca;", (a, b, c) -> (a & b) | (~a & c));
    check("popc.b32 %d, %a;", (a, b, c) -> Integer.bitCount(a));
    check("popc.b64 %d, %qa;", (a, b, c) -> Long.bitCount(pair(a, b)));
    check("clz.b32 %d, %a;", (a, b, c) -> Integer.numberOfLeadingZeros(a));
    check("brev.b32 %d, %a;", (a, b, c) -> Integer.reverse(a));
    check("bfind.u32 %d, %a;", (a, b, c) -> 31 - Integer.numberOfLeadingZeros(a));
    check("bfind.s32 %d, %a;", (a, b, c) -> 31 - Integer.numberOfLeadingZeros(a < 0 ? ~a : a));
    check("bfe.u32 %d, %a, 5, 11;", (a, b, c) -> a >>> 5 & 0x7ff);
    check("bfe.s32 %d, %a, 5, 11;", (a, b, c) -> a << 16 >> 21);
    check("bfe.s32 %d, %a, 28, 9;", (a, b, c) -> a >> 28);
    check("bfi.b32 %d, %a, %b, 8, 12;", (a, b, c) -> (b & ~0xfff00) | (a & 0xfff) << 8);
    check(
        "prmt.b32 %d, %a, %b, 0x3254;",
        (a, b, c) ->
            (b & 0xff) | (b >>> 8 & 0xff) << 8 | (a >>> 16 & 0xff) << 16 | (a >>> 24) << 24);
    check(
        "prmt.b32 %d, %a, %b, 0x0008;",
        (a, b, c) -> ((a & 0x80) != 0 ? 0xff : 0) | (a & 0xff) * 0x01010100);
  }

  @Test
  void comparisons() {
    check("setp.lt.s32 %x, %a, %b; selp.b32 %d, %a, %c, %x;", (a, b, c) -> a < b ? a : c);
    check("setp.hi.u32 %x, %a, %b; selp.u32 %d, 1, 0, %x;", (a, b, c) -> u(a) > u(b) ? 1 : 0);
    check(
        "setp.ge.s64 %x, %qa, %qb; selp.u32 %d, 1, 0, %x;",
        (a, b, c) -> pair(a, b) >= pair(b, c) ? 1 : 0);
    check("setp.lt.f32 %x, %a, %b; selp.u32 %d, 1, 0, %x;", (a, b, c) -> f(a) < f(b) ? 1 : 0);
    check("setp.ltu.f32 %x, %a, %b; selp.u32 %d, 1, 0, %x;", (a, b, c) -> f(a) >= f(b) ? 0 : 1);
    check(
        "setp.ne.f32 %x, %a, %b; selp.u32 %d, 1, 0, %x;",
        (a, b, c) -> Float.isNaN(f(a)) || Float.isNaN(f(b)) || f(a) == f(b) ? 0 : 1);
    check("setp.neu.f32 %x, %a, %b; selp.u32 %d, 1, 0, %x;", (a, b, c) -> f(a) != f(b) ? 1 : 0);
    check(
        "setp.nan.f32 %x, %a, %b; selp.u32 %d, 1, 0, %x;",
        (a, b, c) -> Float.isNaN(f(a)) || Float.isNaN(f(b)) ? 1 : 0);
    check(
        "setp.gt.s32 %z, %c, 0; setp.lt.and.s32 %x|%y, %a, %b, !%z; selp.u32 %d, 2, 0, %x;"
            + " @%y add.u32 %d, %d, 1;",
        (a, b, c) -> (a < b && c <= 0 ? 2 : 0) + (a >= b && c <= 0 ? 1 : 0));
    check("set.gt.u32.f32 %d, %a, %b;", (a, b, c) -> f(a) > f(b) ? -1 : 0);
    check("slct.b32.s32 %d, %a, %b, %c;", (a, b, c) -> c >= 0 ? a : b);
    check(
        "testp.subnormal.f32 %x, %a; selp.u32 %d, 1, 0, %x;",
        (a, b, c) -> f(a) != 0 && Math.abs(f(a)) < Float.MIN_NORMAL ? 1 : 0);
    check("copysign.f32 %d, %a, %b;", (a, b, c) -> (b & 0x7fffffff) | (a & 0x80000000));
  }

  @Test
  void singlePrecision() {
    check("add.f32 %d, %a, %b;", (a, b, c) -> bits(f(a) + f(b)));
    check("sub.rn.f32 %d, %a, %b;", (a, b, c) -> bits(f(a) - f(b)));
    check("mul.f32 %d, %a, %b;", (a, b, c) -> bits(f(a) * f(b)));
    check("div.rn.f32 %d, %a, %b;", (a, b, c) -> bits(f(a) / f(b)));
    check("rcp.rn.f32 %d, %a;", (a, b, c) -> bits(1 / f(a)));
    check("sqrt.rn.f32 %d, %a;", (a, b, c) -> bits((float) Math.sqrt(f(a))));
    check("fma.rn.f32 %d, %a, %b, %c;", (a, b, c) -> bits(exactFma(f(a), f(b), f(c))));
    check("mul.ftz.f32 %d, %a, %b;", (a, b, c) -> bits(flush(flush(f(a)) * flush(f(b)))));
    check(
        "add.sat.f32 %d, %a, %b;",
        (a, b, c) -> {
          float s = f(a) + f(b);
          return bits(Float.isNaN(s) ? 0 : Math.max(0f, Math.min(1f, s)) + 0f);
        });
    check("neg.f32 %d, %a;", (a, b, c) -> a ^ 0x80000000);
    check("abs.f32 %d, %a;", (a, b, c) -> a & 0x7fffffff);
    check(
        "min.f32 %d, %a, %b;",
        (a, b, c) ->
            Float.isNaN(f(a))
                ? bits(f(b))
                : Float.isNaN(f(b)) ? bits(f(a)) : bits(Math.min(f(a), f(b))));
    check("max.NaN.f32 %d, %a, %b;", (a, b, c) -> bits(Math.max(f(a), f(b))));
  }

  @ParameterizedTest
  @CsvSource({"rz, DOWN", "rm, FLOOR", "rp, CEILING"})
  void directedRounding(String modifier, RoundingMode mode) {
    check(
        "add." + modifier + ".f32 %d, %a, %b;",
        (a, b, c) -> directed(f(a), 1, f(b), mode, f(a) + f(b), false));
    check(
        "mul." + modifier + ".f32 %d, %a, %b;",
        (a, b, c) -> directed(f(a), f(b), 0, mode, f(a) * f(b), true));
    check(
        "fma." + modifier + ".f32 %d, %a, %b, %c;",
        (a, b, c) -> directed(f(a), f(b), f(c), mode, Math.fma(f(a), f(b), f(c)), false));
    check(
        "cvt." + modifier + ".f32.s32 %d, %a;",
        (a, b, c) -> directed(1, 1, 0, mode, (float) a, new BigDecimal(a)));
    check(
        "cvt.rn.f32.u64 %d, %qa;",
        (a, b, c) -> bits(new BigDecimal(Long.toUnsignedString(pair(a, b))).floatValue()));
  }

  private static long directed(
      float a, float b, float c, RoundingMode mode, float nearest, boolean onlyProduct) {
    if (!Float.isFinite(a) || !Float.isFinite(b) || !Float.isFinite(c)) {
      return bits(nearest);
    }
    BigDecimal exact = new BigDecimal(a).multiply(new BigDecimal(b)).add(new BigDecimal(c));
    if (exact.signum() == 0) {
      // A product alone keeps the sign of its zero; a sum of opposite zeros is -0 rounding down.
      boolean product = Math.copySign(1, a) * Math.copySign(1, b) < 0;
      boolean same = product == Math.copySign(1, c) < 0;
      return same || onlyProduct ? bits(nearest) : mode == RoundingMode.FLOOR ? 0x80000000 : 0;
    }
    return directed(a, b, c, mode, nearest, exact);
  }

  /** Steps from the nearest float to the one on the asked side. */
  private static long directed(
      float a, float b, float c, RoundingMode mode, float nearest, BigDecimal exact) {
    float low = nearest;
    while (low == Float.POSITIVE_INFINITY
        || (low != Float.NEGATIVE_INFINITY && new BigDecimal(low).compareTo(exact) > 0)) {
      low = Math.nextDown(low);
    }
    float high = nearest;
    while (high == Float.NEGATIVE_INFINITY
        || (high != Float.POSITIVE_INFINITY && new BigDecimal(high).compareTo(exact) < 0)) {
      high = Math.nextUp(high);
    }
    boolean down = mode == RoundingMode.FLOOR || (mode == RoundingMode.DOWN && exact.signum() > 0);
    float result = down ? low : high;
    if (result == 0) {
      return exact.signum() < 0 ? 0x80000000 : 0;
    }
    return bits(result);
  }

  private static float exactFma(float a, float b, float c) {
    if (!Float.isFinite(a) || !Float.isFinite(b) || !Float.isFinite(c)) {
      return (float) ((double) a * b + c);
    }
    BigDecimal exact = new BigDecimal(a).multiply(new BigDecimal(b)).add(new BigDecimal(c));
    return exact.signum() == 0 ? a * b + c : exact.floatValue();
  }

  private static float flush(float v) {
    return Math.abs(v) < Float.MIN_NORMAL ? Math.copySign(0f, v) : v;
  }

  private static int clamp(long v) {
    return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, v));
  }

  @Test
  void conversions() {
    check("cvt.rzi.s32.f32 %d, %a;", (a, b, c) -> (int) f(a));
    check("cvt.rni.s32.f32 %d, %a;", (a, b, c) -> (int) Math.rint(f(a)));
    check("cvt.rmi.f32.f32 %d, %a;", (a, b, c) -> bits((float) Math.floor(f(a))));
    check(
        "cvt.rzi.u32.f32 %d, %a;",
        (a, b, c) -> f(a) >= 0x1p32f ? -1L : f(a) <= 0 || Float.isNaN(f(a)) ? 0 : (long) f(a));
    check("cvt.rn.f32.s32 %d, %a;", (a, b, c) -> bits((float) a));
    check("cvt.rn.f32.u32 %d, %a;", (a, b, c) -> bits((float) u(a)));
    check("cvt.s64.s32 %q, %a;", (a, b, c) -> a);
    check("cvt.s64.s32 %q, %qa;", (a, b, c) -> a); // a wider register
    check("cvt.u64.u32 %q, %a;", (a, b, c) -> u(a));
    check("cvt.u32.u64 %d, %qa;", (a, b, c) -> a);
    check("cvt.s32.s8 %d, %a;", (a, b, c) -> (byte) a);
    check("cvt.u32.u8 %d, %a;", (a, b, c) -> a & 0xff);
    check("cvt.sat.u8.s32 %d, %a;", (a, b, c) -> Math.max(0, Math.min(255, a)));
    check("cvt.sat.s32.s64 %d, %qa;", (a, b, c) -> clamp(pair(a, b)));
    check(
        "cvt.f64.f32 %q, %a;",
        (a, b, c) -> Float.isNaN(f(a)) ? pairNaN(a) : Double.doubleToRawLongBits(f(a)));
    check(
        "cvt.rn.f16.f32 %hd, %a; cvt.u32.u16 %d, %hd;",
        (a, b, c) -> Float.isNaN(f(a)) ? 0x7fff : Float.floatToFloat16(f(a)) & 0xffff);
    check("cvt.f32.f16 %d, %ha;", (a, b, c) -> bits(Float.float16ToFloat((short) a)));
    check("cvt.rn.bf16.f32 %hd, %a; cvt.u32.u16 %d, %hd;", (a, b, c) -> bfloat(a));
    check("cvt.rn.bf16x2.f32 %d, %a, %b;", (a, b, c) -> bfloat(a) << 16 | bfloat(b));
    check("mov.b32 {%ha, %hb}, %a; mov.b32 %d, {%hb, %ha};", (a, b, c) -> a >>> 16 | a << 16);
  }

  private static long pairNaN(int a) {
    return Double.doubleToRawLongBits(f(a));
  }

  private static int bfloat(int a) {
    if (Float.isNaN(f(a))) {
      return 0x7fff;
    }
    int down = a >>> 16;
    int rest = a & 0xffff;
    return rest > 0x8000 || (rest == 0x8000 && (down & 1) != 0) ? down + 1 : down;
  }

  @Test
  void doublePrecision() {
    check("add.f64 %q, %qa, %qb;", (a, b, c) -> raw(d(a, b) + d(b, c)));
    check("mul.rn.f64 %q, %qa, %qb;", (a, b, c) -> raw(d(a, b) * d(b, c)));
    check("fma.rn.f64 %q, %qa, %qb, %qc;", (a, b, c) -> raw(Math.fma(d(a, b), d(b, c), d(c, a))));
    check("div.rn.f64 %q, %qa, %qb;", (a, b, c) -> raw(d(a, b) / d(b, c)));
    check("sqrt.rn.f64 %q, %qa;", (a, b, c) -> raw(Math.sqrt(d(a, b))));
    check(
        "add.rz.f64 %q, %qa, %qb;",
        (a, b, c) -> {
          double x = d(a, b);
          double y = d(b, c);
          double s = x + y;
          if (!Double.isFinite(x) || !Double.isFinite(y) || s == 0) {
            return raw(s);
          }
          if (Double.isInfinite(s)) {
            return raw(Math.copySign(Double.MAX_VALUE, s));
          }
          BigDecimal exact = new BigDecimal(x).add(new BigDecimal(y));
          boolean past = new BigDecimal(s).abs().compareTo(exact.abs()) > 0;
          return raw(!past ? s : s > 0 ? Math.nextDown(s) : Math.nextUp(s));
        });
  }

  private static double d(int low, int high) {
    double v = Double.longBitsToDouble(pair(low, high));
    return v;
  }

  private static long raw(double v) {
    return Double.doubleToRawLongBits(v);
  }

  @Test
  void halfPrecision() {
    check(
        "add.f16x2 %d, %a, %b;",
        (a, b, c) -> half(h(a) + h(b)) | (long) half(h(a >>> 16) + h(b >>> 16)) << 16);
    check(
        "mul.f16x2 %d, %a, %b;",
        (a, b, c) -> half(h(a) * h(b)) | (long) half(h(a >>> 16) * h(b >>> 16)) << 16);
    check(
        "fma.rn.f16 %hd, %ha, %hb, %hc; cvt.u32.u16 %d, %hd;",
        (a, b, c) -> {
          float x = h(a);
          float y = h(b);
          float z = h(c);
          if (!Float.isFinite(x) || !Float.isFinite(y) || !Float.isFinite(z)) {
            return half(x * y + z);
          }
          BigDecimal exact = new BigDecimal(x).multiply(new BigDecimal(y)).add(new BigDecimal(z));
          return exact.signum() == 0 ? half(x * y + z) : half(exact);
        });
    check(
        "max.f16x2 %d, %a, %a;",
        (a, b, c) ->
            (Float.isNaN(h(a)) ? 0x7fff : a & 0xffff)
                | (long) (Float.isNaN(h(a >>> 16)) ? 0x7fff : a >>> 16) << 16);
  }

  private static float h(int bits) {
    return Float.float16ToFloat((short) bits);
  }

  /** Sums and products of two halves are exact in float, or far above the rounding of a half. */
  private static int half(float v) {
    return Float.isNaN(v) ? 0x7fff : Float.floatToFloat16(v) & 0xffff;
  }

  /** The nearest of the half candidates, by exact distance, ties to even. */
  private static int half(BigDecimal exact) {
    int start = Float.floatToFloat16(exact.floatValue()) & 0xffff;
    int best = start;
    for (int k = -1; k <= 1; k++) {
      int candidate = (start & 0x8000) | Math.max(0, Math.min(0x7c00, (start & 0x7fff) + k));
      BigDecimal distance = value(candidate).subtract(exact).abs();
      int order = distance.compareTo(value(best).subtract(exact).abs());
      if (order < 0 || (order == 0 && (candidate & 1) == 0)) {
        best = candidate;
      }
    }
    return best;
  }

  private static BigDecimal value(int half) {
    // Infinity stands where the next number would be.
    return (half & 0x7fff) == 0x7c00
        ? new BigDecimal(half == 0x7c00 ? 65536 : -65536)
        : new BigDecimal(h(half));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ex2", "lg2", "sin", "cos", "rcp", "rsqrt", "sqrt", "tanh"})
  void approximationsStayWithinTheirError(String operation) {
    int[] a = new int[N];
    Random random = new Random(5);
    for (int i = 0; i < N; i++) {
      float v = (float) (random.nextDouble() * 6 - 3);
      a[i] = Float.floatToRawIntBits(operation.matches("lg2|rsqrt|sqrt") ? Math.abs(v) : v);
    }
    long[] got = results(operation + ".approx.f32 %d, %a;", a, a, a);
    for (int i = 0; i < N; i++) {
      double x = f(a[i]);
      double want =
          switch (operation) {
            case "ex2" -> Math.pow(2, x);
            case "lg2" -> Math.log(x) / Math.log(2);
            case "sin" -> Math.sin(x);
            case "cos" -> Math.cos(x);
            case "rcp" -> 1 / x;
            case "rsqrt" -> 1 / Math.sqrt(x);
            case "sqrt" -> Math.sqrt(x);
            default -> Math.tanh(x);
          };
      double error = Math.abs(f((int) got[i]) - want);
      assertThat(error <= Math.max(Math.abs(want), 0x1p-20) * 0x1p-22)
          .as("%s of %s: %s, want %s", operation, x, f((int) got[i]), want)
          .isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "frob.b32 %d, %a;",
        "add.foo.s32 %d, %a, %b;",
        "mul.s32.wobble %d, %a, %b;",
        "wmma.load.a.sync.row.m16n16k16.f16 %d, [%p];"
      })
  void whatIsNotKnownIsRefusedWithItsLine(String body) {
    assertThatThrownBy(() -> results(body, new int[N], new int[N], new int[N]))
        .isInstanceOf(PtxException.class)
        .hasMessageContaining("PTX line 31")
        .hasMessageContaining(body.substring(0, 8));
  }

  @Test
  void doubleRoundingDoesNotHappen() {
    // 2^24 + 1 plus something tiny: a float sum through a double would round twice.
    assertThat(new BigDecimal("16777217.0000000001").round(MathContext.UNLIMITED).floatValue())
        .isEqualTo(16777218f);
    int a = Float.floatToRawIntBits(16777216f);
    long[] got =
        results(
            "fma.rn.f32 %d, %a, 0f3F800000, %b;",
            fill(a), fill(Float.floatToRawIntBits(Math.nextUp(1f))), fill(0));
    assertThat(f((int) got[0])).isEqualTo(16777218f);
  }

  private static int[] fill(int v) {
    int[] result = new int[N];
    java.util.Arrays.fill(result, v);
    return result;
  }
}
