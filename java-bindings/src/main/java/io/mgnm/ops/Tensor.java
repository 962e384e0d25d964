package io.mgnm.ops;

/**
 * Float32 values in a backend's memory: {@link #rows()} rows of {@code width} values, or, for a
 * tensor over capsules, of {@code levels · interests} capsules of {@code width} values.
 *
 * <p>The layout is the backend's choice. {@link #upload} and {@link #download} speak the canonical
 * one: row-major, {@code [row][width]} or {@code [row][level][interest][width]}.
 */
public interface Tensor {

  /** What a row stands for. */
  Axis axis();

  /** Values a row, or a capsule of a row. */
  int width();

  /** Whether a row is divided into capsules, one for every (level, interest). */
  boolean capsules();

  /** Rows that exist now: fixed, or what the batch holds. */
  int rows();

  /** Values that exist now: the length that {@link #upload} and {@link #download} speak of. */
  int size();

  /**
   * Rows {@code [first, first + rows)} of a {@link Axis#FIXED} tensor, seen as rows of {@code
   * width}: {@code first} and the result count values from this tensor's start.
   *
   * @param offset the first value
   * @throws IndexOutOfBoundsException where the part does not lie inside this tensor
   */
  Tensor slice(int offset, int rows, int width);

  /**
   * Copies values from the host, in canonical order.
   *
   * @throws IllegalArgumentException where {@code values.length != size()}
   */
  void upload(float[] values);

  /** Copies all values to the host, in canonical order. */
  float[] download();
}
