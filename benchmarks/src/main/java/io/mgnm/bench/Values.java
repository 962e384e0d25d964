package io.mgnm.bench;

import io.mgnm.model.Parameters;
import io.mgnm.ops.Tensor;
import java.util.SplittableRandom;

/** Parameters of a model in the middle of its training, as far as time depends on it. */
final class Values {
  private static final double DEVIATION = 0.2;

  private Values() {}

  static void fill(Parameters parameters) {
    SplittableRandom random = new SplittableRandom(2);
    for (Tensor tensor :
        new Tensor[] {parameters.items(), parameters.users(), parameters.weights()}) {
      float[] values = new float[tensor.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (random.nextGaussian() * DEVIATION);
      }
      tensor.upload(values);
    }
  }
}
