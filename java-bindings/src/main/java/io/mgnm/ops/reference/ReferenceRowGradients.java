package io.mgnm.ops.reference;

import io.mgnm.ops.RowGradients;
import java.util.TreeMap;

/** Sums by row, in a sorted map. */
final class ReferenceRowGradients implements RowGradients {
  private final int capacity;
  private final int width;
  private final Precision precision;
  private final TreeMap<Integer, double[]> sums = new TreeMap<>();

  ReferenceRowGradients(int capacity, int width, Precision precision) {
    this.capacity = capacity;
    this.width = width;
    this.precision = precision;
  }

  static ReferenceRowGradients of(RowGradients gradients) {
    if (gradients instanceof ReferenceRowGradients reference) {
      return reference;
    }
    throw new IllegalArgumentException("row gradients of another backend given to 'reference'");
  }

  @Override
  public int width() {
    return width;
  }

  void clear() {
    sums.clear();
  }

  /** Adds row {@code t} of {@code source} to the sum of {@code row}. */
  void add(int row, ReferenceTensor source, int t) {
    double[] sum = sums.computeIfAbsent(row, r -> new double[width]);
    if (sums.size() > capacity) {
      throw new IllegalStateException(
          "embedding_gradient: more distinct rows than the room for " + capacity);
    }
    for (int k = 0; k < width; k++) {
      sum[k] = precision.store(sum[k] + source.get(t, k));
    }
  }

  TreeMap<Integer, double[]> sums() {
    return sums;
  }

  @Override
  public int[] downloadRows() {
    return sums.keySet().stream().mapToInt(Integer::intValue).toArray();
  }

  @Override
  public float[] downloadGradients() {
    float[] result = new float[sums.size() * width];
    int i = 0;
    for (double[] sum : sums.values()) {
      for (double value : sum) {
        result[i++] = (float) value;
      }
    }
    return result;
  }
}
