package io.mgnm.ops;

/**
 * Gradients summed by embedding row: the distinct rows a batch touched, ascending, and the sum of
 * each. Written by {@link EmbeddingGradient}, read by {@link Adam}.
 */
public interface RowGradients {

  /** Values a row. */
  int width();

  /** The rows touched now, ascending. */
  int[] downloadRows();

  /** Their gradients, {@code [row][width]}. */
  float[] downloadGradients();
}
