package io.mgnm.simulator.ptx;

import java.util.List;

/** An operand as written. Whether a name is a register or a variable is settled by declaration. */
public sealed interface Operand {
  /**
   * A register, special register, variable, label or function; {@code plus} only with variables.
   */
  record Name(String name, long plus) implements Operand {}

  /** {@code !%p1}. */
  record Not(String register) implements Operand {}

  /** An integer constant. */
  record Int(long value) implements Operand {}

  /** {@code 0f3F800000}: the bits of a float. */
  record Float32(int bits) implements Operand {}

  /** {@code 0d3FF0000000000000} or a decimal constant: the bits of a double. */
  record Float64(long bits) implements Operand {}

  /** {@code [base + offset]}; base is null for an absolute address. */
  record Address(String base, long offset) implements Operand {}

  /** <code>{a, b, c, d}</code>. */
  record Vector(List<Operand> elements) implements Operand {}

  /** {@code a|b}: two results. */
  record Pair(Operand first, Operand second) implements Operand {}

  /** {@code (a, b)}: arguments of a call. */
  record Arguments(List<Operand> elements) implements Operand {}

  /** {@code _}: result not wanted. */
  record Sink() implements Operand {}
}
