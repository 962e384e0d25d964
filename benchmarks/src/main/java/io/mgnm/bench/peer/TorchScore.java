package io.mgnm.bench.peer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.mgnm.model.ModelConfig;

/** Scoring on libtorch: every history encoded once for all its candidates; no gradients. */
public final class TorchScore implements AutoCloseable {
  private final NDManager manager;
  private final TorchModel model;
  private final NDList parameters;
  private final TorchBatch batch;

  /**
   * Puts everything into libtorch's memory.
   *
   * @param batch whose places are rows of the whole tables
   */
  public TorchScore(ModelConfig config, Start start, Padded batch) {
    manager = Torch.manager();
    model = new TorchModel(config, false);
    int d = config.d();
    parameters =
        new NDList(
            manager.create(start.items(), new Shape(start.items().length / d, d)),
            manager.create(start.users(), new Shape(start.users().length / d, d)),
            manager.create(start.weights()));
    this.batch = new TorchBatch(manager, batch, config.levels() * config.interests());
  }

  /** Encodes the batch, scores its candidates and takes the best level's: [history][candidate]. */
  public float[] run() {
    try (NDManager step = manager.newSubManager()) {
      batch.lend(step);
      parameters.tempAttach(step);
      NDArray items = parameters.get(0);
      TorchModel.Weights weights = model.weights(parameters.get(2));
      TorchModel.Encoded encoded = model.encode(batch, items, parameters.get(1), weights);
      return model.scores(batch, items, encoded.q()).max(new int[] {1}).toFloatArray();
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
