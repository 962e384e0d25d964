package io.mgnm.cuda;

/** A device's generation, such as 9.0; the compiler calls it {@code sm_90}. */
public record ComputeCapability(int major, int minor) implements Comparable<ComputeCapability> {

  /** From the compiler's number: 75, 86, 90 or 120. */
  public static ComputeCapability ofNumber(int number) {
    return new ComputeCapability(number / 10, number % 10);
  }

  /** 75, 86, 90 or 120. */
  public int number() {
    return major * 10 + minor;
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
