package io.mgnm.simulator.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The forms that instructions take when they are issued often give the same bits as the first ones,
 * and leave the registers of lanes that take no part alone. Whether the bits are right is for
 * {@link InstructionFormsTest}.
 */
class HotFormsTest {
  private static final int N = 256;

  private static String kernel(String instruction) {
    return """
    .version 8.0
    .target sm_75
    .address_size 64
    .visible .entry k(.param .u64 pin, .param .u64 pout)
    {
      .reg .b32 %a, %b, %c, %d, %i, %k;
      .reg .b64 %p, %q, %qa, %qb, %qc, %off;
      .reg .pred %x, %y;
      mov.u32 %i, %tid.x;
      mul.wide.u32 %off, %i, 16;
      ld.param.u64 %p, [pin];
      add.u64 %p, %p, %off;
      ld.global.v4.b32 {%a, %b, %c, %k}, [%p];
      mov.b64 %qa, {%a, %b};
      mov.b64 %qb, {%b, %c};
      mov.b64 %qc, {%c, %a};
      mov.u32 %d, %c;
      mov.u64 %q, %qc;
      setp.lt.s32 %y, %a, %b;
      setp.lt.s32 %x, %k, 0;
      @%x INSTRUCTION
      selp.u32 %k, 1, 0, %y;
      ld.param.u64 %p, [pout];
      add.u64 %p, %p, %off;
      add.u64 %p, %p, %off;
      st.global.v2.b64 [%p], {%q, %off};
      st.global.v2.b32 [%p+16], {%d, %k};
      ret;
    }
    """
        .replace("INSTRUCTION", instruction);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mov.b32 %d, %a;",
        "add.f32 %d, %a, %b;",
        "sub.f32 %d, %a, %b;",
        "mul.f32 %d, %a, %b;",
        "fma.rn.f32 %d, %a, %b, %c;",
        "div.rn.f32 %d, %a, %b;",
        "rcp.rn.f32 %d, %a;",
        "sqrt.rn.f32 %d, %a;",
        "neg.f32 %d, %a;",
        "abs.f32 %d, %a;",
        "min.f32 %d, %a, %b;",
        "max.f32 %d, %a, %b;",
        "ex2.approx.f32 %d, %a;",
        "add.s32 %d, %a, %b;",
        "sub.s32 %d, %a, %b;",
        "mul.lo.s32 %d, %a, %b;",
        "mad.lo.s32 %d, %a, %b, %c;",
        "min.s32 %d, %a, %b;",
        "max.s32 %d, %a, %b;",
        "and.b32 %d, %a, %b;",
        "or.b32 %d, %a, %b;",
        "xor.b32 %d, %a, %b;",
        "shl.b32 %d, %a, %b;",
        "shr.u32 %d, %a, %b;",
        "add.s64 %q, %qa, %qb;",
        "sub.s64 %q, %qa, %qb;",
        "mov.b64 %q, %qa;",
        "cvta.to.global.u64 %q, %qa;",
        "mul.wide.s32 %q, %a, %b;",
        "mul.wide.u32 %q, %a, %b;",
        "cvt.s64.s32 %q, %a;",
        "cvt.u64.u32 %q, %a;",
        "selp.b32 %d, %a, %b, %y;",
        "setp.eq.s32 %y, %a, %b;",
        "setp.ne.u32 %y, %a, %b;",
        "setp.lt.s32 %y, %a, %b;",
        "setp.lo.u32 %y, %a, %b;",
        "setp.le.s32 %y, %a, %b;",
        "setp.ls.u32 %y, %a, %b;",
        "setp.gt.s32 %y, %a, %b;",
        "setp.hi.u32 %y, %a, %b;",
        "setp.ge.s32 %y, %a, %b;",
        "setp.hs.u32 %y, %a, %b;",
        "setp.lt.or.s32 %y, %a, %b, %x;",
        "setp.eq.f32 %y, %a, %b;",
        "setp.ne.f32 %y, %a, %b;",
        "setp.lt.f32 %y, %a, %b;",
        "setp.le.f32 %y, %a, %b;",
        "setp.gt.f32 %y, %a, %b;",
        "setp.ge.f32 %y, %a, %b;",
        "setp.equ.f32 %y, %a, %b;",
        "setp.neu.f32 %y, %a, %b;",
        "setp.ltu.f32 %y, %a, %b;",
        "setp.leu.f32 %y, %a, %b;",
        "setp.gtu.f32 %y, %a, %b;",
        "setp.geu.f32 %y, %a, %b;",
        "setp.num.f32 %y, %a, %b;",
        "setp.nan.f32 %y, %a, %b;"
      })
  void sameBitsInTheSameLanes(String instruction) {
    Bench bench = new Bench(kernel(instruction), "9.0");
    Random random = new Random(11);
    int[] in = new int[4 * N];
    for (int i = 0; i < in.length; i++) {
      in[i] =
          switch (random.nextInt(4)) {
            case 0 -> Float.floatToRawIntBits((float) random.nextGaussian() * 30);
            case 1 -> random.nextInt(-3, 40);
            case 2 ->
                new int[] {0x7f800000, 0xff800000, 0x7fc00001, 0x80000000, 1}[random.nextInt(5)];
            default -> random.nextInt();
          };
    }
    long input = bench.ints(in);
    long output = bench.ints(new int[8 * N]);
    bench.run("k", 1, N, input, output);
    int[] cold = bench.readInts(output, 8 * N);
    assertThat(bench.warm("k")).isPositive();
    bench.run("k", 1, N, input, output);
    assertThat(bench.readInts(output, 8 * N)).isEqualTo(cold);
  }
}
