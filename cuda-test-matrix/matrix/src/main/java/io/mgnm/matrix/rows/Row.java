package io.mgnm.matrix.rows;

import io.mgnm.ops.parity.Bounds;
import io.mgnm.ops.parity.Subject;
import java.util.List;

/**
 * A row of the matrix: one operation, run at any shape. Its class is named after the stem, {@code
 * CapsuleSquashRow} for {@code capsule_squash}.
 */
public interface Row {

  /** Name of the operation, as the kernels folder has it. */
  String stem();

  /**
   * What the operation does apart from each other, such as {@code forward} and {@code backward}.
   */
  List<String> directions();

  /** Options that are tried in turn, as results name them. */
  default List<String> variants() {
    return List.of("default");
  }

  /** Bounds of agreement. */
  default Bounds bounds(Shape shape) {
    return Bounds.DEFAULT;
  }

  /**
   * Makes inputs and outputs with the subject and runs every direction. An output's name begins
   * with its direction and a dot: {@code backward.dV}.
   */
  void run(Subject subject, Shape shape);
}
