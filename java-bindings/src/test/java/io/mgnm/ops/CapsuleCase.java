package io.mgnm.ops;

import io.mgnm.ops.parity.Subject;
import java.util.Arrays;
import java.util.List;

/**
 * Batch sizes for operations on capsules: lengths at tile edges and primes, widths, and numbers of
 * capsules that fill lanes exactly, in part, and across groups.
 */
record CapsuleCase(int d, int levels, int interests, int... lengths) {

  static final List<CapsuleCase> ALL =
      List.of(
          new CapsuleCase(16, 4, 4),
          new CapsuleCase(16, 4, 4, 1),
          new CapsuleCase(16, 4, 4, 2, 1, 3),
          new CapsuleCase(16, 4, 4, 15, 16, 17, 31, 32, 33),
          new CapsuleCase(16, 4, 4, 97, 100, 200),
          new CapsuleCase(40, 4, 4, 63, 64, 65),
          new CapsuleCase(64, 4, 4, 17, 1, 40),
          new CapsuleCase(4, 1, 1, 1, 2, 15, 16, 17, 3, 3, 1, 8, 9, 30, 2, 2, 5, 1, 1, 1, 4),
          new CapsuleCase(8, 2, 3, 5, 200, 1, 31, 2, 2, 16),
          new CapsuleCase(16, 6, 8, 4, 33, 1),
          new CapsuleCase(20, 3, 5, 1, 33, 7, 7, 100),
          new CapsuleCase(32, 5, 7, 10, 1, 64, 2),
          new CapsuleCase(20, 1, 6, 16, 15, 17, 31, 1),
          new CapsuleCase(16, 2, 2, 1000, 1, 3),
          new CapsuleCase(5, 2, 17, 9, 4),
          new CapsuleCase(16, 3, 1, 63, 65, 2, 97));

  /** Fewer, for devices that are simulated: what is left out is in the long suite. */
  private static final List<CapsuleCase> FEW =
      List.of(
          new CapsuleCase(16, 4, 4),
          new CapsuleCase(16, 4, 4, 1),
          new CapsuleCase(16, 4, 4, 2, 1, 3),
          new CapsuleCase(16, 4, 4, 15, 16, 17, 31, 32, 33),
          new CapsuleCase(40, 4, 4, 33, 1),
          new CapsuleCase(64, 4, 4, 1, 17),
          new CapsuleCase(4, 1, 1, 1, 2, 15, 16, 17, 3, 3, 1, 8, 9, 30, 2, 2, 5, 1, 1, 1, 4),
          new CapsuleCase(8, 2, 3, 5, 63, 1, 31, 2, 2, 16),
          new CapsuleCase(20, 3, 5, 1, 33, 7, 7),
          new CapsuleCase(5, 2, 17, 9, 4));

  /** The sizes that a backend's ordinary tests run. */
  static List<CapsuleCase> of(Backend backend) {
    return backend.name().equals("cuda") ? FEW : ALL;
  }

  Batch batch(Subject subject) {
    return subject.batch(lengths, 0, d, levels, interests);
  }

  /** For random inputs, the same in every run. */
  long seed() {
    return toString().hashCode();
  }

  @Override
  public String toString() {
    return "d %d, %d levels, %d interests, lengths %s"
        .formatted(d, levels, interests, Arrays.toString(lengths));
  }
}
