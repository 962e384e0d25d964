package io.mgnm.simulator.ptx;

import java.util.List;
import java.util.Map;

/**
 * An {@code .entry} or {@code .func}.
 *
 * @param kernel whether it is an {@code .entry}
 * @param parameters with their offsets in the parameter block
 * @param results return values of a {@code .func}
 * @param registers register name to type
 * @param locals variables declared in the body, and {@code .local} ones
 * @param body statements in order; empty for a mere declaration
 * @param labels label name to the index in {@code body} it stands before
 * @param branchTargets name of a {@code .branchtargets} list to its labels
 * @param requiredBlock {@code .reqntid}, or null
 * @param maxBlock {@code .maxntid}, or null
 * @param minBlocks {@code .minnctapersm}, or 0
 */
public record PtxFunction(
    String name,
    boolean kernel,
    List<Variable> parameters,
    List<Variable> results,
    Map<String, Type> registers,
    Map<String, Variable> locals,
    List<Statement> body,
    Map<String, Integer> labels,
    Map<String, List<String>> branchTargets,
    int[] requiredBlock,
    int[] maxBlock,
    int minBlocks,
    boolean declarationOnly,
    int line) {

  /** Length of the parameter block in bytes, without padding at its end. */
  public int parameterBytes() {
    int end = 0;
    for (Variable parameter : parameters) {
      end = Math.max(end, parameter.offset() + (int) parameter.bytes());
    }
    return end;
  }
}
