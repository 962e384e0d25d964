package io.mgnm.simulator.launch;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/** Barriers of blocks, fences, branches, calls. */
final class ControlForms {
  private ControlForms() {}

  static List<FormCase> cases() {
    List<FormCase> result = new ArrayList<>();
    for (String start : new String[] {"bar", "bar.cta"}) {
      barriers(result, start + ".sync", start + ".arrive");
      reductions(result, start + ".red.popc.u32", start + ".red.and.pred", start + ".red.or.pred");
    }
    for (String start : new String[] {"barrier", "barrier.cta"}) {
      barriers(result, start + ".sync", start + ".arrive");
      reductions(result, start + ".red.popc.u32", start + ".red.and.pred", start + ".red.or.pred");
    }
    barriers(result, "barrier.sync.aligned", "barrier.arrive.aligned");
    reductions(
        result,
        "barrier.red.popc.aligned.u32",
        "barrier.red.and.aligned.pred",
        "barrier.red.or.aligned.pred");
    for (String form :
        new String[] {
          "membar.cta",
          "membar.gl",
          "membar.sys",
          "fence.cta",
          "fence.gpu",
          "fence.sys",
          "fence.sc.cta",
          "fence.acq_rel.cta",
          "fence.acquire.cta",
          "fence.release.cta"
        }) {
      result.add(MemoryForms.unchanged(form, form + ";"));
    }
    result.add(MemoryForms.unchanged("nanosleep.u32", "nanosleep.u32 20;"));
    result.add(MemoryForms.unchanged("pmevent", "pmevent 1;"));
    result.add(MemoryForms.unchanged("pmevent.mask", "pmevent.mask 3;"));
    branches(result);
    return result;
  }

  /** Through shared memory, from a thread of another warp; by halves of the block for arrive. */
  private static void barriers(List<FormCase> result, String sync, String arrive) {
    String addresses =
        """
        mul.wide.u32 %qd, %i, 4;
        mov.u64 %qe, swap;
        add.u64 %qd, %qd, %qe;
        xor.b32 %d, %i, 128;
        mul.wide.u32 %off, %d, 4;
        add.u64 %qe, %qe, %off;
        bar.sync 0;
        st.shared.b32 [%qd], %b;
        """;
    String after = "ld.shared.b32 %d, [%qe];\nbar.sync 0;\n" + FormCase.toQuad(4);
    for (String count : new String[] {"", ", 256"}) {
      result.add(
          new FormCase(
              sync,
              addresses + sync + " 3" + count + ";\n" + after,
              lane -> Integer.toUnsignedLong(lane.other(lane.i() ^ 128).b())));
    }
    // The first half does not wait, and reads what it wrote itself.
    result.add(
        new FormCase(
            arrive,
            addresses
                + "setp.lt.u32 %x, %i, 128;\n"
                + "@%x bra FIRST;\n"
                + "barrier.sync 2, 256;\n"
                + "bra DONE;\n"
                + "FIRST:\n"
                + (arrive + " 2, 256;\nmov.b64 %qe, %qd;\nDONE:\n")
                + after,
            lane -> Integer.toUnsignedLong(lane.other(lane.i() & 127).b())));
  }

  private static void reductions(List<FormCase> result, String popc, String and, String or) {
    for (String count : new String[] {"", ", 256"}) {
      result.add(
          new FormCase(
              popc,
              popc + " %d, 1" + count + ", !%pa;\n" + FormCase.toQuad(4),
              lane -> count(lane, t -> 1 - t.register("%pa"))));
      for (String form : new String[] {and, or}) {
        // With what the threads have, and with what all or all but one of them have.
        result.add(
            new FormCase(
                form,
                (form + " %x, 1" + count + ", %pa;\nselp.b64 %q, 1, 0, %x;\n")
                    + ("setp.eq.u32 %y, %i, 77;\n" + form + " %x, 1" + count + ", %y;\n")
                    + "@%x add.u64 %q, %q, 2;\nsetp.lt.u32 %y, %i, 256;\n"
                    + (form + " %x, 1" + count + ", %y;\n@%x add.u64 %q, %q, 4;"),
                lane -> {
                  long set = count(lane, t -> t.register("%pa"));
                  return form.equals(and) ? (set == FormKernel.THREADS ? 5 : 4) : set > 0 ? 7 : 6;
                }));
      }
    }
  }

  private static long count(Lane lane, ToLongFunction<Lane> bit) {
    long sum = 0;
    for (int t = 0; t < FormKernel.THREADS; t++) {
      sum += bit.applyAsLong(lane.other(t));
    }
    return sum;
  }

  private static void branches(List<FormCase> result) {
    for (String form : new String[] {"bra", "bra.uni"}) {
      result.add(
          new FormCase(
              form,
              "mov.b64 %q, %qa;\n" + form + " OVER;\nmov.b64 %q, 0;\nOVER:\n",
              lane -> lane.register("%qa")));
    }
    result.add(
        new FormCase(
            "bra",
            "mov.b64 %q, 1;\nand.b32 %d, %a, 15;\nAGAIN:\nadd.u64 %q, %q, %q;\nsub.u32 %d, %d, 1;\n"
                + "setp.ge.s32 %x, %d, 0;\n@%x bra AGAIN;",
            lane -> 2L << (lane.a() & 15)));
    // Differently in each lane, and one way for all.
    for (String form : new String[] {"brx.idx", "brx.idx.uni"}) {
      boolean uniform = form.endsWith("uni");
      result.add(
          new FormCase(
              form,
              "TARGETS: .branchtargets ONE, TWO, THREE;\n"
                  + (uniform ? "mov.u32 %d, 2;\n" : "rem.u32 %d, %a, 3;\n")
                  + (form + " %d, TARGETS;\nONE: mov.b64 %q, 1;\nbra END;\nTWO: mov.b64 %q, 2;\n")
                  + "bra END;\nTHREE: mov.b64 %q, 3;\nEND:\n",
              lane -> uniform ? 3 : 1 + Integer.remainderUnsigned(lane.a(), 3)));
    }
    String arguments = ".param .b32 in;\n.param .b32 out;\nst.param.b32 [in], %a;\n";
    String after = "ld.param.b32 %d, [out];\n" + FormCase.toQuad(4);
    for (String form : new String[] {"call", "call.uni"}) {
      result.add(
          new FormCase(
              form,
              arguments + form + " (out), twice, (in);\n" + after,
              lane -> Integer.toUnsignedLong(2 * lane.a())));
    }
    // Both functions end by ret, one of them also early.
    for (String form : new String[] {"ret", "ret.uni"}) {
      result.add(
          new FormCase(
              form,
              arguments + "call (out), negative, (in);\n" + after,
              lane -> lane.a() < 0 ? 1 : 0));
    }
  }
}
