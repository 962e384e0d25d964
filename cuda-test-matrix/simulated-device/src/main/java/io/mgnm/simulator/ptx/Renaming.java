package io.mgnm.simulator.ptx;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Gives names in a statement other names: a closed scope, an inlined function. */
public final class Renaming {
  private Renaming() {}

  public static Statement rename(Statement s, Map<String, String> names) {
    List<Operand> operands = all(s.operands(), names);
    String guard = s.guard() == null ? null : names.getOrDefault(s.guard(), s.guard());
    return new Statement(
        s.line(), s.source(), guard, s.guardNegated(), s.opcode(), operands, s.text());
  }

  private static List<Operand> all(List<Operand> operands, Map<String, String> names) {
    List<Operand> result = new ArrayList<>();
    for (Operand operand : operands) {
      result.add(rename(operand, names));
    }
    return result;
  }

  private static Operand rename(Operand operand, Map<String, String> names) {
    return switch (operand) {
      case Operand.Name n -> new Operand.Name(names.getOrDefault(n.name(), n.name()), n.plus());
      case Operand.Not n -> new Operand.Not(names.getOrDefault(n.register(), n.register()));
      case Operand.Address a ->
          new Operand.Address(
              a.base() == null ? null : names.getOrDefault(a.base(), a.base()), a.offset());
      case Operand.Vector v -> new Operand.Vector(all(v.elements(), names));
      case Operand.Arguments v -> new Operand.Arguments(all(v.elements(), names));
      case Operand.Pair p -> new Operand.Pair(rename(p.first(), names), rename(p.second(), names));
      case Operand.Int i -> i;
      case Operand.Float32 f -> f;
      case Operand.Float64 f -> f;
      case Operand.Sink sink -> sink;
    };
  }
}
