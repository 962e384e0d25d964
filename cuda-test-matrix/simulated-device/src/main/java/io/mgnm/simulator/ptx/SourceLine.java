package io.mgnm.simulator.ptx;

/** A {@code .loc}: file and line of the CUDA source. */
public record SourceLine(String file, int line) {
  @Override
  public String toString() {
    return file.substring(file.lastIndexOf('/') + 1) + ":" + line;
  }
}
