package io.mgnm.cuda;

/** What a buffer holds. Signedness of integers is the kernel's view of them. */
public enum ElementType {
  /** {@code float}. */
  FLOAT32(4),
  /** {@code int} or {@code unsigned}. */
  INT32(4),
  /** {@code long long}, signed or not. */
  INT64(8),
  /** {@code double}. */
  FLOAT64(8);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one element. */
  public int bytes() {
    return bytes;
  }
}
