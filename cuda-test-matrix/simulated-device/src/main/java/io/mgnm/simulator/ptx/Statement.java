package io.mgnm.simulator.ptx;

import java.util.Arrays;
import java.util.List;

/**
 * One instruction.
 *
 * @param line line of the PTX text, from 1
 * @param source line of the CUDA source, or null
 * @param guard predicate register, or null
 * @param guardNegated whether the guard is {@code @!p}
 * @param opcode with all its modifiers, as "fma.rn.f32"
 * @param operands in order
 * @param text the statement as written, for reports
 */
public record Statement(
    int line,
    SourceLine source,
    String guard,
    boolean guardNegated,
    String opcode,
    List<Operand> operands,
    String text) {

  /** The opcode's parts: "fma", "rn", "f32". */
  public List<String> parts() {
    return Arrays.asList(opcode.split("\\."));
  }
}
