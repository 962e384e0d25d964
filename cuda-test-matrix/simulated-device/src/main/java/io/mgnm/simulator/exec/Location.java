package io.mgnm.simulator.exec;

/**
 * Where in a kernel something happened.
 *
 * @param kernel its name
 * @param ptxLine line of the PTX text, from 1
 * @param instruction the PTX instruction
 * @param source "file.cu:12", or empty without line information
 */
public record Location(String kernel, int ptxLine, String instruction, String source) {
  @Override
  public String toString() {
    return kernel
        + (source.isEmpty() ? "" : " at " + source)
        + ", PTX line "
        + ptxLine
        + ": "
        + instruction;
  }
}
