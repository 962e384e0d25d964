package io.mgnm.ops.cpu;

import io.mgnm.ops.BatchShape;
import java.util.Arrays;

/**
 * W', or each of its matrices transposed, with rows padded to whole vectors, and its products with
 * the capsules of a micro-batch as {@link DenseRows}. The rows of one interest, over all levels and
 * histories, stand K rows apart and are multiplied together.
 */
final class InterestWeights {
  private final CpuTensor w;
  private final boolean transpose;
  private final int d;
  private final int width;
  private final int levels;
  private final int interests;
  private final float[] packed; // [interest][in][width], or [interest][out][width]

  InterestWeights(BatchShape shape, CpuTensor w, boolean transpose) {
    this.w = w;
    this.transpose = transpose;
    d = shape.d();
    width = DenseRows.width(d);
    levels = shape.levels();
    interests = shape.interests();
    packed = new float[Math.multiplyExact(interests * d, width)];
  }

  /** Reads W' anew. */
  void pack() {
    float[] from = w.array();
    for (int i = 0; i < interests; i++) {
      int matrix = w.offset() + i * d * d;
      for (int row = 0; row < d; row++) {
        int to = (i * d + row) * width;
        for (int k = 0; k < d; k++) {
          packed[to + k] = from[matrix + (transpose ? k * d + row : row * d + k)];
        }
      }
    }
  }

  /** Values of the micro-batch's rows, padding included. */
  int values(MicroBatch micro) {
    return micro.histories() * levels * interests * width;
  }

  /** Every row times its interest's matrix. */
  void multiply(MicroBatch micro, float[] rows, float[] result) {
    Arrays.fill(result, 0, values(micro), 0f);
    int apart = interests * width;
    for (int i = 0; i < interests; i++) {
      DenseRows.multiplyAdd(
          micro.histories() * levels,
          d,
          width,
          rows,
          i * width,
          apart,
          1,
          packed,
          i * d * width,
          width,
          result,
          i * width,
          apart);
    }
  }

  /** Adds {@code Σ rowᵀ · gradient} of the micro-batch to its slot of {@code dW}. */
  void addGradient(MicroBatch micro, float[] rows, float[] gradient, CpuTensor dW) {
    int apart = interests * width;
    for (int i = 0; i < interests; i++) {
      DenseRows.multiplyAdd(
          d,
          micro.histories() * levels,
          d,
          rows,
          i * width,
          1,
          apart,
          gradient,
          i * width,
          apart,
          dW.slot(micro),
          dW.offset() + i * d * d,
          d);
    }
  }
}
