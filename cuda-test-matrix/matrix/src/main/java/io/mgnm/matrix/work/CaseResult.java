package io.mgnm.matrix.work;

import io.mgnm.matrix.rows.Shape;

/**
 * What became of one direction of a case.
 *
 * @param message what is wrong, or why it is unsupported; empty where it passed
 * @param seconds that the case took, all its directions together
 */
public record CaseResult(
    String stem,
    String direction,
    Shape shape,
    Target target,
    Outcome outcome,
    String message,
    double seconds)
    implements Job.Report {

  /** How it ended. */
  public enum Outcome {
    PASSED,
    FAILED,
    UNSUPPORTED
  }

  /** Its name, as {@code --filter} sees it. */
  public String name() {
    return name(stem, direction, shape, target);
  }

  /** Such as {@code capsule_squash/backward/33/d16/4x4/v0/cuda-9.0-random}. */
  public static String name(String stem, String direction, Shape shape, Target target) {
    return "%s/%s/%s/%s".formatted(stem, direction, shape, target);
  }
}
