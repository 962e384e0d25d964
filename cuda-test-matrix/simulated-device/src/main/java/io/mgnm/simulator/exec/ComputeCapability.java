package io.mgnm.simulator.exec;

/**
 * A compute capability and the limits of a block that follow from it (CUDA C++ Programming Guide,
 * "Technical Specifications per Compute Capability").
 */
public record ComputeCapability(int major, int minor) implements Comparable<ComputeCapability> {
  public static final int WARP = 32;
  public static final int MAX_THREADS_PER_BLOCK = 1024;

  /** Static shared memory a kernel may declare, and dynamic memory without opting in, in bytes. */
  public static final int DEFAULT_SHARED_BYTES = 48 * 1024;

  /** Parses "9.0", "sm_90" or "compute_90a". */
  public static ComputeCapability parse(String text) {
    String digits = text.replaceAll("^(sm_|compute_)", "").replaceAll("[af]$", "");
    try {
      int dot = digits.indexOf('.');
      if (dot >= 0) {
        return new ComputeCapability(
            Integer.parseInt(digits.substring(0, dot)),
            Integer.parseInt(digits.substring(dot + 1)));
      }
      int value = Integer.parseInt(digits);
      return new ComputeCapability(value / 10, value % 10);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a compute capability: " + text, e);
    }
  }

  /** 75, 86, 90 ... */
  public int number() {
    return major * 10 + minor;
  }

  public boolean atLeast(int number) {
    return number() >= number;
  }

  /** Shared memory of one block after opting in, static and dynamic together, in bytes. */
  public int maxSharedBytesPerBlock() {
    return 1024
        * switch (number()) {
          case 70, 72 -> 96;
          case 75 -> 64;
          case 80, 87 -> 163;
          case 86, 89, 120, 121 -> 99;
          case 90, 100, 101, 103, 110 -> 227;
          default -> throw new IllegalArgumentException("unknown compute capability " + this);
        };
  }

  @Override
  public int compareTo(ComputeCapability other) {
    return Integer.compare(number(), other.number());
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
