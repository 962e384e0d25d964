package io.mgnm.simulator.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;

/**
 * A kernel of many forms, run by one block of 8 warps on awkward and random operands.
 *
 * <p>Each thread has the words {@code %a %b %c}, their halves {@code %ha ...}, pairs {@code %qa =
 * {a, b} ...} and lowest bits {@code %pa ...}; its index {@code %i}; 32 bytes {@code {a, b, c, i,
 * b, c, a, b}} at {@code [%g]} (global), {@code [%s]} (shared) and {@code [lo]} (local), each
 * followed by 32 bytes to write to. The bytes {@link #BYTES} are at {@code cn} and {@code blob} in
 * constant and parameter memory. Results are in {@code %d}, {@code %hd}, {@code %x} and in the end
 * {@code %q}.
 */
final class FormKernel {
  static final int THREADS = 256;

  /** What constant and parameter memory hold. */
  static final byte[] BYTES = new byte[32];

  private static final int[] AWKWARD = {
    0,
    1,
    -1,
    2,
    3,
    15,
    16,
    31,
    32,
    33,
    63,
    64,
    0x7fff,
    0x8000,
    0xffff,
    0x10000,
    0x7fffffff,
    0x80000000,
    0x80000001,
    0x3f800000,
    0xbf800000,
    0x3f000000,
    0x40490fdb,
    0x7f7fffff,
    0xff7fffff,
    0x7f800000,
    0xff800000,
    0x7fc00000,
    0xffc00001,
    0x00800000,
    0x80800000,
    0x807fffff,
    0x3f7fffff,
    0x3f800001,
    0x4b800000,
    0x3c003c00,
    0x7c00fc00,
    0x7bff0400,
    0x03ff8001,
    0x3ff00000,
    0x7ff00000
  };

  static {
    new Random(4).nextBytes(BYTES);
  }

  private FormKernel() {}

  private static int[] operands(int seed) {
    Random random = new Random(seed);
    int[] result = new int[THREADS];
    for (int i = 0; i < THREADS; i++) {
      result[i] =
          switch (random.nextInt(5)) {
            case 0, 1 -> AWKWARD[random.nextInt(AWKWARD.length)];
            case 2 -> Float.floatToRawIntBits((float) random.nextGaussian());
            case 3 -> (int) (Double.doubleToRawLongBits(random.nextGaussian()) >>> 32);
            default -> random.nextInt();
          };
    }
    return result;
  }

  /** Runs all cases, cold and hot, and compares each result. */
  static void check(List<FormCase> cases) {
    int[] a = operands(1);
    int[] b = operands(2);
    int[] c = operands(3);
    Bench bench = new Bench(text(cases), "9.0");
    int n = cases.size();
    long out = bench.uninitialised(8L * THREADS * n);
    Object[] arguments = {
      bench.ints(a), bench.ints(b), bench.ints(c), out, bench.uninitialised(64L * THREADS), BYTES
    };
    long[] want = new long[THREADS * n];
    for (int i = 0; i < THREADS; i++) {
      for (int k = 0; k < n; k++) {
        want[i * n + k] = cases.get(k).answer().of(new Lane(i, a, b, c));
      }
    }
    for (int run = 0; run < 2; run++) {
      assertThat(bench.run("k", 1, THREADS, arguments).findings()).isEmpty();
      long[] got = bench.readLongs(out, THREADS * n);
      for (int i = 0; i < got.length; i++) {
        FormCase form = cases.get(i % n);
        if (!form.right(got[i], want[i])) {
          int t = i / n;
          assertThat(Long.toHexString(got[i]))
              .as("%s of %08x %08x %08x, thread %d, run %d", form, a[t], b[t], c[t], t, run)
              .isEqualTo(Long.toHexString(want[i]));
        }
      }
      bench.warm("k");
    }
  }

  /** The module of these cases. */
  static String text(List<FormCase> cases) {
    StringBuilder bytes = new StringBuilder();
    for (byte x : BYTES) {
      bytes.append(bytes.isEmpty() ? "" : ", ").append(x & 0xff);
    }
    StringBuilder ptx = new StringBuilder(HEAD.replace("BYTES", bytes));
    ptx.append("mul.wide.u32 %off, %i, ").append(8 * cases.size()).append(";\n");
    ptx.append("add.u64 %out, %out, %off;\n");
    for (int k = 0; k < cases.size(); k++) {
      ptx.append("{\n").append(cases.get(k).body()).append("\n}\n");
      ptx.append("st.global.b64 [%out+").append(8 * k).append("], %q;\n");
    }
    return ptx.append("ret;\n}\n").toString();
  }

  private static final String HEAD =
      """
      .version 8.8
      .target sm_90
      .address_size 64
      .const .align 16 .b8 cn[32] = {BYTES};
      .func (.param .b32 result) twice (.param .b32 value)
      {
        .reg .b32 %v;
        ld.param.b32 %v, [value];
        add.u32 %v, %v, %v;
        st.param.b32 [result], %v;
        ret;
      }
      .func (.param .b32 result) negative (.param .b32 value)
      {
        .reg .b32 %v;
        .reg .pred %p;
        ld.param.b32 %v, [value];
        setp.lt.s32 %p, %v, 0;
        st.param.b32 [result], 1;
        @%p ret.uni;
        st.param.b32 [result], 0;
        ret;
      }
      .visible .entry k(.param .u64 pa, .param .u64 pb, .param .u64 pc, .param .u64 po,
          .param .u64 pg, .param .align 16 .b8 blob[32])
      {
        .reg .b32 %a, %b, %c, %d, %e, %f, %i, %s;
        .reg .b16 %ha, %hb, %hc, %hd, %he;
        .reg .b64 %p, %q, %qa, %qb, %qc, %qd, %qe, %off, %out, %g, %sq;
        .reg .pred %x, %y, %pa, %pb, %pc;
        .shared .align 16 .b8 sh[16384];
        .shared .align 4 .b8 swap[1024];
        .local .align 16 .b8 lo[64];
        mov.u32 %i, %tid.x;
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
        and.b32 %d, %a, 1;
        setp.ne.u32 %pa, %d, 0;
        and.b32 %d, %b, 1;
        setp.ne.u32 %pb, %d, 0;
        and.b32 %d, %c, 1;
        setp.ne.u32 %pc, %d, 0;
        mul.wide.u32 %off, %i, 64;
        ld.param.u64 %g, [pg];
        add.u64 %g, %g, %off;
        mov.u32 %s, sh;
        mad.lo.u32 %s, %i, 64, %s;
        cvt.u64.u32 %sq, %s;
        st.global.v4.b32 [%g], {%a, %b, %c, %i};
        st.global.v4.b32 [%g+16], {%b, %c, %a, %b};
        st.shared.v4.b32 [%s], {%a, %b, %c, %i};
        st.shared.v4.b32 [%s+16], {%b, %c, %a, %b};
        st.local.v4.b32 [lo], {%a, %b, %c, %i};
        st.local.v4.b32 [lo+16], {%b, %c, %a, %b};
        ld.param.u64 %out, [po];
      """;
}
