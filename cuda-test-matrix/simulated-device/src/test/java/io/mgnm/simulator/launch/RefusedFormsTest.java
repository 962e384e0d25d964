package io.mgnm.simulator.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.simulator.ptx.PtxException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Forms that PTX does not have are refused by the word that is wrong and the line, and NVIDIA's own
 * assembler refuses the same ones.
 */
class RefusedFormsTest {
  private static final String REGISTERS =
      ".reg .b16 ha, hb, hc, hd; .reg .b32 a, b, c, d, e; .reg .b64 qa, qb, qc, qd;"
          + " .reg .pred x, y, z;";

  /** What the error must say, and a statement. */
  private static final String REFUSED =
      """
      .b32      add.b32 d, a, b;
      .u8       add.u8 ha, hb, hc;
      .sat      add.sat.u32 d, a, b;
      .foo      add.foo.s32 d, a, b;
      .wide     add.wide.s32 qd, a, b;
      .s16      add.cc.s16 hd, ha, hb;
      .lo       add.lo.s32 d, a, b;
      .sat      add.sat.f64 qd, qa, qb;
      .ftz      add.ftz.f64 qd, qa, qb;
      .ftz      sub.ftz.s32 d, a, b;
      .rn       sub.rn.s32 d, a, b;
      .relu     add.relu.f16 hd, ha, hb;
      .rz       mul.rz.f16 hd, ha, hb;
      .sat      mul.sat.bf16 hd, ha, hb;
      .tf32     mul.tf32 d, a, b;
      .s32      mul.s32 d, a, b;
      .u64      mul.u64 qd, qa, qb;
      .u64      mul.wide.u64 qd, qa, qb;
      .b32      mul.lo.b32 d, a, b;
      .sat      mul.hi.sat.s32 d, a, b;
      .f32      mul.lo.f32 d, a, b;
      .s32      mad.s32 d, a, b, c;
      .f32      mad.f32 d, a, b, c;
      .sat      mad.lo.sat.s32 d, a, b, c;
      .s64      mad.wide.s64 qd, qa, qb, qc;
      .u16      mad.lo.cc.u16 hd, ha, hb, hc;
      .f32      fma.f32 d, a, b, c;
      .s32      fma.rn.s32 d, a, b, c;
      .rz       fma.rz.f16 hd, ha, hb, hc;
      .relu     fma.rn.relu.f32 d, a, b, c;
      .f32      div.f32 d, a, b;
      .full     div.full.f64 qd, qa, qb;
      .approx   div.approx.f64 qd, qa, qb;
      .b32      div.b32 d, a, b;
      .f32      rem.f32 d, a, b;
      .f16      div.rn.f16 hd, ha, hb;
      .sat      max.sat.s32 d, a, b;
      .b32      min.b32 d, a, b;
      .rn       max.rn.f32 d, a, b;
      .NaN      max.NaN.f64 qd, qa, qb;
      .NaN      min.NaN.s32 d, a, b;
      .f32      min.xorsign.f32 d, a, b;
      .u32      neg.u32 d, a;
      .u64      abs.u64 qd, qa;
      .b32      neg.b32 d, a;
      .ftz      abs.ftz.f64 qd, qa;
      .ftz      neg.ftz.bf16 hd, ha;
      .f32      rcp.f32 d, a;
      .f64      rcp.approx.f64 qd, qa;
      .full     rcp.full.f32 d, a;
      .f64      sqrt.approx.f64 qd, qa;
      .f32      sqrt.f32 d, a;
      .rn       rsqrt.rn.f32 d, a;
      .f32      sin.f32 d, a;
      .f64      cos.approx.f64 qd, qa;
      .f16      lg2.approx.f16 hd, ha;
      .bf16     ex2.approx.bf16 hd, ha;
      .ftz      ex2.approx.ftz.f16 hd, ha;
      .ftz      tanh.approx.ftz.f32 d, a;
      .b16      popc.b16 d, ha;
      .u32      popc.u32 d, a;
      .s32      clz.s32 d, a;
      .u32      brev.u32 d, a;
      .b32      bfind.b32 d, a;
      .b32      bfe.b32 d, a, b, c;
      .u32      bfi.u32 d, a, b, c, e;
      .b32      bmsk.b32 d, a, b;
      .u32      szext.u32 d, a, b;
      .s64      mul24.lo.s64 qd, qa, qb;
      .u32      mul24.u32 d, a, b;
      .u8       sad.u8 d, a, b, c;
      .u32      dp4a.u32 d, a, b, c;
      .u32      or.u32 d, a, b;
      .s64      and.s64 qd, qa, qb;
      .f32      xor.f32 d, a, b;
      .u16      not.u16 hd, ha;
      .pred     cnot.pred x, y;
      .u32      shl.u32 d, a, b;
      .f32      shr.f32 d, a, b;
      .b64      lop3.b64 qd, qa, qb, qc, 0x1b;
      .b32      shf.wrap.b32 d, a, b, c;
      .b32      shf.l.b32 d, a, b, c;
      .u32      shf.l.wrap.u32 d, a, b, c;
      .u32      prmt.u32 d, a, b, c;
      .s32      setp.s32 x, a, b;
      .b32      setp.lt.b32 x, a, b;
      .s32      setp.lo.s32 x, a, b;
      .s32      setp.equ.s32 x, a, b;
      .f32      setp.hi.f32 x, a, b;
      .ftz      setp.eq.ftz.f64 x, qa, qb;
      .ftz      setp.eq.ftz.s32 x, a, b;
      .u8       setp.eq.u8 x, ha, hb;
      .b32      set.gt.b32.s32 d, a, b;
      .pred     selp.pred x, y, z, x;
      .f16      selp.f16 hd, ha, hb, x;
      .u32      slct.b32.u32 d, a, b, c;
      .f16      mov.f16 hd, ha;
      .u8       mov.u8 hd, ha;
      .sat      mov.sat.b32 d, a;
      .u64      cvta.to.u64 qd, qa;
      .generic  cvta.generic.u64 qd, qa;
      .b32      isspacep.b32 x, qa;
      .b32      cvt.b32.s32 d, a;
      .f32      cvt.f32.s32 d, a;
      .f16      cvt.f16.f32 hd, a;
      .s32      cvt.rn.s32.f32 d, a;
      .s32      cvt.s32.f32 d, a;
      .rn       cvt.rn.s32.u64 d, qa;
      .rni      cvt.rni.f32.s32 d, a;
      .u32      cvt.sat.u32.u16 d, ha;
      .s64      cvt.sat.s64.s32 qd, a;
      .f32      cvt.rn.f32.f16 d, ha;
      .f32      cvt.rni.f16.f32 hd, a;
      .f16      cvt.rn.relu.f16.f16 hd, ha;
      .ftz      cvt.rn.ftz.f64.s32 qd, a;
      .f32      cvt.rna.f16.f32 hd, a;
      .rm       cvt.rm.f16x2.f32 d, a, b;
      .f16      ld.global.f16 ha, [qa];
      .b64      ld.global.v4.b64 {qa, qb, qc, qd}, [qa];
      .v3       ld.global.v3.f32 {a, b, c}, [qa];
      .wb       ld.global.wb.b32 a, [qa];
      .shared   ld.shared.nc.b32 a, [qa];
      .L2::64B  ld.shared.L2::64B.b32 a, [qa];
      .b32      ld.relaxed.b32 a, [qa];
      .release  ld.release.gpu.b32 a, [qa];
      .local    ld.volatile.local.b32 a, [qa];
      .ca       st.global.ca.b32 [qa], a;
      .nc       st.global.nc.b32 [qa], a;
      .acquire  st.acquire.gpu.b32 [qa], a;
      .const    st.const.b32 [qa], a;
      .pred     st.global.pred [qa], x;
      .const    prefetch.const.L1 [qa];
      .b32      atom.add.b32 d, [qa], a;
      .s64      atom.add.s64 qd, [qa], qb;
      .f32      atom.min.f32 d, [qa], a;
      .f16      atom.add.f16 hd, [qa], ha;
      .u32      atom.and.u32 d, [qa], a;
      .u64      atom.inc.u64 qd, [qa], qb;
      .u32      atom.cas.u32 d, [qa], a, b;
      .u32      atom.exch.u32 d, [qa], a;
      .local    atom.local.add.u32 d, [qa], a;
      .exch     red.exch.b32 [qa], a;
      .cas      red.cas.b32 [qa], a, b;
      .acq_rel  red.acq_rel.gpu.add.u32 [qa], a;
      .gpu      membar.gpu;
      .gl       fence.gl;
      .ca       cp.async.ca.shared.local [a], [qa], 4;
      .u32      shfl.sync.up.u32 d, a, b, c, e;
      .up       shfl.up.b32 d, a, b, c;
      .b64      shfl.sync.idx.b64 qd, qa, b, c, e;
      .b32      vote.sync.all.b32 d, x, e;
      .pred     vote.sync.ballot.pred x, y, e;
      .all      vote.all.pred x, y;
      .u32      match.any.sync.u32 d, a, e;
      .b32      redux.sync.min.b32 d, a, e;
      .u32      redux.sync.and.u32 d, a, e;
      .u64      redux.sync.add.u64 qd, qa, e;
      .u32      activemask.u32 d;
      .aligned  bar.sync.aligned 0;
      .b32      bar.red.popc.b32 d, 0, x;
      .or       bar.red.or.popc x, 0, y;
      .b8       ldmatrix.sync.aligned.m8n8.x1.shared.b8 {a}, [qa];
      .x3       ldmatrix.sync.aligned.m8n8.x3.shared.b16 {a, b, c}, [qa];
      .col      mma.sync.aligned.m16n8k8.col.row.f32.tf32.tf32.f32 {a,b,c,d}, {a,b,c,d}, {a,b}, {a,b,c,d};
      .f32      mma.sync.aligned.m16n8k16.row.col.f32.tf32.tf32.f32 {a,b,c,d}, {a,b,c,d}, {a,b}, {a,b,c,d};
      .s32      nanosleep.s32 a;
      .sync     trap.sync;
      frob      frob.b32 d, a;
      two/results  setp.lt.f16 x|y, ha, hb;
      two/results  match.any.sync.b32 d|x, a, e;
      3 operands  add.s32 d, a;
      3 operands  add.s32 d, a, b, c;
      2 operands  neg.s32 d, a, b;
      4 operands  fma.rn.f32 d, a, b;
      4 operands  selp.b32 d, a, b;
      5 operands  shfl.sync.bfly.b32 d, a, b, c;
      0 operands  trap a;
      """;

  /** One row of the list. */
  record Row(String said, String statement) {
    @Override
    public String toString() {
      return statement;
    }
  }

  static Stream<Row> rows() {
    return REFUSED
        .lines()
        .map(
            line -> {
              String[] parts = line.replace(" operands ", "/operands ").split("\\s+", 2);
              return new Row(parts[0].replace('/', ' '), parts[1]);
            });
  }

  private static void load(String statement, String target) {
    String ptx =
        ".version 8.8\n.target "
            + target
            + "\n.address_size 64\n.visible .entry k()\n{\n"
            + REGISTERS
            + "\n"
            + statement
            + "\nret;\n}\n";
    new Bench(ptx, "9.0");
  }

  @ParameterizedTest
  @MethodSource("rows")
  void refusedByWordAndLine(Row row) {
    assertThatThrownBy(() -> load(row.statement(), "sm_90"))
        .isInstanceOf(PtxException.class)
        .hasMessageContaining("PTX line 7")
        .hasMessageContaining(row.statement().replace(";", ""))
        .hasMessageContaining(row.said());
  }

  @Test
  void nvidiasAssemblerRefusesThemToo() {
    StringBuilder asm = new StringBuilder("extern \"C\" __global__ void k() { asm volatile(\"{");
    asm.append(REGISTERS);
    rows().forEach(row -> asm.append("\\n").append(row.statement()));
    String source = asm + "\\n}\"); }";
    List<String> ptx = Nvrtc.ptx("refused.cu", source, "sm_90").lines().toList();
    assertThat(ptx).contains(rows().findFirst().orElseThrow().statement());
    String log = Nvrtc.assemblerErrors("refused.cu", source, "sm_90");
    rows()
        .forEach(
            row ->
                assertThat(log)
                    .as(row.statement())
                    .contains("line " + (ptx.indexOf(row.statement()) + 1) + ";"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "cp.async.commit_group; 7.5; 8.0",
        "max.NaN.f32 d, a, b; 7.5; 8.0",
        "max.xorsign.abs.f32 d, a, b; 8.0; 8.6",
        "fma.rn.bf16 hd, ha, hb, hc; 7.5; 8.0",
        "add.bf16 hd, ha, hb; 8.6; 9.0",
        "ld.global.L2::256B.b32 a, [qa]; 7.5; 8.0",
        "redux.sync.add.u32 d, a, e; 7.5; 8.0",
        "elect.sync d|x, e; 8.6; 9.0",
        "cvt.rna.tf32.f32 d, a; 7.5; 8.0",
        "tanh.approx.bf16 hd, ha; 8.6; 9.0"
      })
  void refusedWhereTheDeviceDoesNotHaveIt(String statement, String without, String with) {
    load(statement + ";", "sm_" + with.replace(".", ""));
    assertThatThrownBy(() -> load(statement + ";", "sm_" + without.replace(".", "")))
        .isInstanceOf(PtxException.class)
        .hasMessageContaining("PTX line 7")
        .hasMessageContaining("needs compute capability " + with);
  }
}
