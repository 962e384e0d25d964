package io.mgnm.ops;

import java.util.Locale;

/** Checks of an operation's tensors, so that every backend refuses the same with the same words. */
public final class Arguments {
  private Arguments() {}

  /**
   * @param rows expected rows, or -1 for any number
   * @throws IllegalArgumentException where {@code tensor} is not fixed rows × width
   */
  public static void fixed(String operation, String name, Tensor tensor, int rows, int width) {
    boolean ok =
        tensor.axis() == Axis.FIXED
            && tensor.width() == width
            && (rows < 0 || tensor.rows() == rows);
    require(ok, operation, name, "fixed " + (rows < 0 ? "rows" : rows) + " x " + width, tensor);
  }

  /**
   * @throws IllegalArgumentException where {@code tensor} is not a fixed block of {@code size}
   *     values, however divided into rows
   */
  public static void block(String operation, String name, Tensor tensor, int size) {
    boolean ok = tensor.axis() == Axis.FIXED && tensor.size() == size;
    require(ok, operation, name, "fixed, " + size + " values", tensor);
  }

  /**
   * @throws IllegalArgumentException where {@code tensor} is not one row of {@code width} values
   *     for everything {@code axis} stands for
   */
  public static void rows(String operation, String name, Tensor tensor, Axis axis, int width) {
    boolean ok = tensor.axis() == axis && !tensor.capsules() && tensor.width() == width;
    require(ok, operation, name, lower(axis) + " x " + width, tensor);
  }

  /**
   * @throws IllegalArgumentException where {@code tensor} is not capsules of {@code width} values
   */
  public static void capsules(String operation, String name, Tensor tensor, Axis axis, int width) {
    boolean ok = tensor.axis() == axis && tensor.capsules() && tensor.width() == width;
    require(ok, operation, name, lower(axis) + " x capsules x " + width, tensor);
  }

  /**
   * @throws IllegalArgumentException where two counts that must agree do not
   */
  public static void same(String operation, String what, long expected, long came) {
    if (expected != came) {
      throw new IllegalArgumentException(
          operation + ": " + what + ": expected " + expected + ", got " + came);
    }
  }

  private static void require(
      boolean ok, String operation, String name, String expected, Tensor tensor) {
    if (!ok) {
      String rows = tensor.axis() == Axis.FIXED ? "fixed " + tensor.rows() : lower(tensor.axis());
      throw new IllegalArgumentException(
          operation
              + ": "
              + name
              + ": expected "
              + expected
              + ", got "
              + rows
              + (tensor.capsules() ? " x capsules" : "")
              + " x "
              + tensor.width());
    }
  }

  private static String lower(Axis axis) {
    return axis.name().toLowerCase(Locale.ROOT);
  }
}
