package io.mgnm.ops;

/** 32-bit integers in a backend's memory. */
public interface IntTensor {

  /** How many. */
  int size();

  /**
   * Copies from the host.
   *
   * @throws IllegalArgumentException where {@code values.length != size()}
   */
  void upload(int[] values);

  /** Copies all of them to the host. */
  int[] download();
}
