package io.mgnm.simulator.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Integer arithmetic and logic of every type, and single precision in every rounding, flushing and
 * saturation, against an independent computation, as decoded first and as it is when hot.
 */
class InstructionFormsTest {
  private static final int THREADS = 256;
  private static final int BATCH = 40;
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
    0x4b800000
  };

  private static List<FormCase> all() {
    List<FormCase> result = new ArrayList<>(IntegerForms.cases());
    result.addAll(FloatForms.cases());
    return result;
  }

  static Stream<List<FormCase>> batches() {
    List<FormCase> all = all();
    List<List<FormCase>> result = new ArrayList<>();
    for (int i = 0; i < all.size(); i += BATCH) {
      result.add(all.subList(i, Math.min(all.size(), i + BATCH)));
    }
    return result.stream();
  }

  private static int[] operands(int seed) {
    Random random = new Random(seed);
    int[] result = new int[THREADS];
    for (int i = 0; i < THREADS; i++) {
      result[i] =
          switch (random.nextInt(4)) {
            case 0, 1 -> AWKWARD[random.nextInt(AWKWARD.length)];
            case 2 -> Float.floatToRawIntBits((float) random.nextGaussian());
            default -> random.nextInt();
          };
    }
    return result;
  }

  private static String kernel(List<String> bodies) {
    StringBuilder ptx =
        new StringBuilder(
            """
            .version 8.0
            .target sm_90
            .address_size 64
            .visible .entry k(.param .u64 pa, .param .u64 pb, .param .u64 pc, .param .u64 po)
            {
              .reg .b32 %a, %b, %c, %d, %i;
              .reg .b16 %ha, %hb, %hc, %hd;
              .reg .b64 %p, %q, %qa, %qb, %qc, %off;
              .reg .pred %x;
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
              ld.param.u64 %p, [po];
              mul.wide.u32 %off, %i, STRIDE;
              add.u64 %p, %p, %off;
            """
                .replace("STRIDE", Integer.toString(8 * bodies.size())));
    for (int k = 0; k < bodies.size(); k++) {
      ptx.append(bodies.get(k)).append("\nst.global.b64 [%p+").append(8 * k).append("], %q;\n");
    }
    return ptx.append("ret;\n}\n").toString();
  }

  @ParameterizedTest
  @MethodSource("batches")
  void answers(List<FormCase> cases) {
    int[] a = operands(1);
    int[] b = operands(2);
    int[] c = operands(3);
    Bench bench = new Bench(kernel(cases.stream().map(FormCase::body).toList()), "9.0");
    Object[] arguments = {
      bench.ints(a), bench.ints(b), bench.ints(c), bench.uninitialised(8L * THREADS * cases.size())
    };
    for (int run = 0; run < 2; run++) {
      assertThat(bench.run("k", 1, THREADS, arguments).findings()).isEmpty();
      long[] got = bench.readLongs((Long) arguments[3], THREADS * cases.size());
      for (int i = 0; i < THREADS; i++) {
        for (int k = 0; k < cases.size(); k++) {
          long value = got[i * cases.size() + k];
          long want = cases.get(k).expected(a[i], b[i], c[i]);
          if (value != want) {
            assertThat(Long.toHexString(value))
                .as("%s of %08x %08x %08x, run %d", cases.get(k).opcode(), a[i], b[i], c[i], run)
                .isEqualTo(Long.toHexString(want));
          }
        }
      }
      bench.warm("k");
    }
  }
}
