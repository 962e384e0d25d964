package io.mgnm.matrix.rows;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.stream.IntStream;

/** How large a case is: the sizes at which kernels go wrong, ends of tiles and primes. */
public final class Size {
  private static final double LARGE = 30;

  /**
   * More rows than the matrix's devices, of 2 multiprocessors, hold threads for: strides go round.
   */
  private static final int MANY_ROWS = 4_201;

  /** More histories than there are slots for partial sums. */
  private static final int MANY_HISTORIES = 300;

  /** Every size, those of the style guide and some more; the order spreads widths over them. */
  public static final List<Size> ALL =
      List.of(
          of(1),
          of(15),
          of(31),
          of(1000),
          of(63),
          of(2),
          of(16),
          of(32),
          new Size("empty", 0, new int[0], 1),
          of(64),
          of(97),
          of(17),
          of(33),
          new Size("one-history", 40, new int[] {40}, 1),
          of(65),
          of(200),
          of(100),
          new Size("unequal", 77, new int[] {1, 160, 2, 1, 53, 3, 1}, 1),
          new Size("many", MANY_ROWS, many(), 1),
          new Size("zeros", 20, new int[] {5, 17, 1}, 0),
          new Size("large", 21, new int[] {17, 4}, LARGE));

  private final String name;
  private final int n;
  private final int[] lengths;
  private final double scale;

  private Size(String name, int n, int[] lengths, double scale) {
    this.name = name;
    this.n = n;
    this.lengths = lengths;
    this.scale = scale;
  }

  /** The number that the name stands for: items of a history, or rows where there are none. */
  public int n() {
    return n;
  }

  /** Items of each history of a batch. */
  public int[] lengths() {
    return lengths.clone();
  }

  /** Spread of the inputs: 1, 0 for zeros, or a large one. */
  public double scale() {
    return scale;
  }

  /** A history of n items behind others, so that it does not begin on a multiple of anything. */
  private static Size of(int n) {
    int[] lengths = n <= 65 ? new int[] {n, 3, n} : new int[] {3, n};
    return new Size(Integer.toString(n), n, lengths, 1);
  }

  private static int[] many() {
    return IntStream.range(0, MANY_HISTORIES).map(h -> 1 + h * 7 % 6).toArray();
  }

  /** The size of that name: how one travels as JSON. */
  @JsonCreator
  public static Size named(String name) {
    return ALL.stream().filter(size -> size.name.equals(name)).findFirst().orElseThrow();
  }

  @Override
  @JsonValue
  public String toString() {
    return name;
  }
}
