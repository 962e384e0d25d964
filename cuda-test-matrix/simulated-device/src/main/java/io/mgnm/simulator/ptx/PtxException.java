package io.mgnm.simulator.ptx;

/** PTX that cannot be taken: a syntax error, or an instruction the simulator does not know. */
public final class PtxException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final int line;

  /**
   * @param line line of the PTX text, from 1; 0 where it concerns the whole module
   */
  public PtxException(int line, String message) {
    super(line > 0 ? "PTX line " + line + ": " + message : message);
    this.line = line;
  }

  public int line() {
    return line;
  }
}
