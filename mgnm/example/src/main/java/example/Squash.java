package example;

import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Tensor;

/** One operation, without the model. */
public final class Squash {
  private Squash() {}

  /** Squashes rows of three values. */
  public static float[] squash(float[] vectors) {
    try (Backend backend = Backends.open("auto", BackendOptions.defaults());
        Scope scope = backend.scope("example")) {
      Tensor v = scope.floats(vectors.length / 3, 3);
      Tensor o = scope.floats(vectors.length / 3, 3);
      v.upload(vectors);
      backend.capsuleSquash().forward(v, o);
      return o.download();
    }
  }
}
