package io.mgnm.bench.peer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import io.mgnm.config.Settings;
import io.mgnm.model.ModelConfig;
import java.util.List;

/** Training steps on libtorch: forward, autograd, Adam, over batches that were made before. */
public final class TorchStep implements AutoCloseable {
  private final NDManager manager;
  private final TorchModel model;
  private final TorchTable items;
  private final TorchTable users;
  private final TorchTable weights;
  private final List<TorchBatch> batches;
  private final float l1Weight;
  private long steps;

  /**
   * Puts everything into libtorch's memory.
   *
   * @param settings of the default model, with {@code embedding.update: touched}
   * @param start the parameters
   * @param batches of the steps to come, in turns
   */
  public TorchStep(Settings settings, Start start, List<Padded> batches) {
    ModelConfig config = ModelConfig.of(settings);
    manager = Torch.manager();
    model = new TorchModel(config, true);
    items = new TorchTable(manager, settings, start.items(), config.d());
    users = new TorchTable(manager, settings, start.users(), config.d());
    weights = new TorchTable(manager, settings, start.weights(), start.weights().length);
    int capsules = config.levels() * config.interests();
    this.batches = batches.stream().map(b -> new TorchBatch(manager, b, capsules)).toList();
    l1Weight = config.graph().l1();
  }

  /** The loss and its derivatives, those of rows in the order of the batch's distinct rows. */
  public record Gradients(double loss, float[] items, float[] users, float[] weights) {}

  /** Forward and backward of a batch, changing nothing. */
  public Gradients gradients(int batch) {
    try (NDManager step = manager.newSubManager()) {
      Leaves leaves = new Leaves(step, batches.get(batch));
      double loss = leaves.backward().getFloat();
      Gradients gradients =
          new Gradients(
              loss,
              leaves.items.getGradient().toFloatArray(),
              leaves.users.getGradient().toFloatArray(),
              leaves.block.getGradient().toFloatArray());
      leaves.block.getGradient().muli(0); // as Adam leaves it
      return gradients;
    }
  }

  /** The next step, on the next batch; returns its ranking loss. */
  public double run() {
    try (NDManager step = manager.newSubManager()) {
      TorchBatch batch = batches.get((int) (steps % batches.size()));
      Leaves leaves = new Leaves(step, batch);
      NDArray loss = leaves.backward();
      steps++;
      weights.update(steps);
      items.update(batch.rows, leaves.items, steps);
      users.update(batch.userRows, leaves.users, steps);
      return loss.getFloat();
    }
  }

  /** A step's parameters: the rows that its batch touches, and all weights. */
  private final class Leaves {
    private final TorchBatch batch;
    private final NDArray items;
    private final NDArray users;
    private final NDArray block;

    Leaves(NDManager step, TorchBatch batch) {
      this.batch = batch;
      batch.lend(step);
      TorchStep.this.items.lend(step);
      TorchStep.this.users.lend(step);
      weights.lend(step);
      items = TorchStep.this.items.leaf(batch.rows);
      users = TorchStep.this.users.leaf(batch.userRows);
      block = weights.leaf();
    }

    /** The whole loss, differentiated by the leaves; gives the ranking loss alone. */
    NDArray backward() {
      try (GradientCollector collector = Torch.collector()) {
        TorchModel.Weights w = model.weights(block.flatten());
        TorchModel.Encoded encoded = model.encode(batch, items, users, w);
        NDArray loss = TorchModel.loss(batch, model.scores(batch, items, encoded.q()));
        collector.backward(loss.add(encoded.l1().mul(l1Weight)));
        return loss;
      }
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
