package io.mgnm.simulator.isa;

import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Which registers a statement writes and reads. PTX puts results first; what has none is listed
 * here, and whatever begins with an address stores.
 */
record Effects(List<String> writes, List<String> reads) {
  private static final Set<String> NO_RESULT =
      Set.of(
          "bra",
          "brx",
          "ret",
          "exit",
          "trap",
          "nanosleep",
          "membar",
          "fence",
          "syscall",
          "pmevent",
          "brkpt");
  private static final List<String> NO_RESULT_PREFIXES =
      List.of(
          "bar.sync",
          "bar.arrive",
          "bar.warp",
          "bar.cta.sync",
          "bar.cta.arrive",
          "barrier.sync",
          "barrier.arrive",
          "barrier.cta.sync",
          "barrier.cta.arrive",
          "cp.async");

  static Effects of(Statement s, Set<String> registers) {
    List<String> writes = new ArrayList<>();
    List<String> reads = new ArrayList<>();
    String base =
        s.opcode().contains(".") ? s.opcode().substring(0, s.opcode().indexOf('.')) : s.opcode();
    boolean result =
        !NO_RESULT.contains(base)
            && NO_RESULT_PREFIXES.stream().noneMatch(s.opcode()::startsWith)
            && !s.operands().isEmpty()
            && !(s.operands().getFirst() instanceof Operand.Address);
    for (int i = 0; i < s.operands().size(); i++) {
      collect(s.operands().get(i), registers, i == 0 && result ? writes : reads);
    }
    if (s.guard() != null) {
      collect(new Operand.Name(s.guard(), 0), registers, reads);
    }
    return new Effects(writes, reads);
  }

  private static void collect(Operand operand, Set<String> registers, List<String> into) {
    switch (operand) {
      case Operand.Name n -> add(n.name(), registers, into);
      case Operand.Not n -> add(n.register(), registers, into);
      case Operand.Address a -> add(a.base(), registers, into);
      case Operand.Vector v -> v.elements().forEach(e -> collect(e, registers, into));
      case Operand.Arguments v -> v.elements().forEach(e -> collect(e, registers, into));
      case Operand.Pair p -> {
        collect(p.first(), registers, into);
        collect(p.second(), registers, into);
      }
      case Operand.Int i -> {}
      case Operand.Float32 f -> {}
      case Operand.Float64 f -> {}
      case Operand.Sink s -> {}
    }
  }

  private static void add(String name, Set<String> registers, List<String> into) {
    if (name != null && registers.contains(name)) {
      into.add(name);
    }
  }
}
