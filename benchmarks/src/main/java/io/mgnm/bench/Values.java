package io.mgnm.bench;

import io.mgnm.bench.peer.Start;
import io.mgnm.model.ModelConfig;
import io.mgnm.model.Parameters;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Tensor;
import java.util.SplittableRandom;

/** Parameters of a model in the middle of its training, as far as time depends on it. */
final class Values {
  private static final double DEVIATION = 0.2;

  private Values() {}

  /** Parameters for a case. */
  static Parameters parameters(Scope scope, Case what) {
    Parameters parameters =
        Parameters.allocate(
            scope, ModelConfig.of(what.settings()), what.events().items(), what.events().users());
    fill(parameters);
    return parameters;
  }

  /** The same on the host, for a peer. */
  static Start start(Parameters parameters) {
    return new Start(
        parameters.items().download(),
        parameters.users().download(),
        parameters.weights().download());
  }

  private static void fill(Parameters parameters) {
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
