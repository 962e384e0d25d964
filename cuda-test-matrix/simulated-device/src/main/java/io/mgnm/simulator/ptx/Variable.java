package io.mgnm.simulator.ptx;

import java.util.List;

/**
 * A variable or parameter.
 *
 * @param name as in the PTX
 * @param space where it lives
 * @param elementBytes size of one element
 * @param bytes size of the whole; 0 for an unsized {@code .extern .shared} array
 * @param align alignment in bytes
 * @param offset within its space: parameters and shared memory; 0 otherwise
 * @param initial initial bytes, or null where there are none
 * @param references addresses of other variables inside {@code initial}
 * @param line line of the PTX text
 */
public record Variable(
    String name,
    Space space,
    int elementBytes,
    long bytes,
    int align,
    int offset,
    byte[] initial,
    List<Reference> references,
    int line) {

  /**
   * At byte {@code at} of the initial value stands the address of {@code symbol} plus a constant.
   */
  public record Reference(int at, String symbol, long plus, boolean generic) {}

  Variable at(int newOffset) {
    return new Variable(
        name, space, elementBytes, bytes, align, newOffset, initial, references, line);
  }
}
