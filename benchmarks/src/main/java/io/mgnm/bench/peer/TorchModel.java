package io.mgnm.bench.peer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import io.mgnm.model.ModelConfig;
import io.mgnm.ops.BiLstm;

/**
 * The default model on libtorch. Capsules are [position][history · level · interest][d], which is
 * the LSTM's own order, so that nothing is copied on the way into it.
 */
final class TorchModel {
  private final int d;
  private final int interests;
  private final int levels;
  private final int iterations;
  private final float slope;
  private final BiLstm.Options lstm;
  private final boolean training;

  /**
   * @param training whether there will be a backward
   */
  TorchModel(ModelConfig config, boolean training) {
    this.training = training;
    d = config.d();
    interests = config.interests();
    levels = config.levels();
    iterations = config.routing().iterations();
    slope = config.graph().slope();
    lstm = new BiLstm.Options(d, false);
  }

  /** Weights as libtorch wants them, made of one block as this library has them. */
  record Weights(NDArray graph, NDArray projection, NDArray interest, NDList encoder) {}

  /**
   * Cuts the block; the cuts carry the derivative back to it.
   *
   * @param block all weights, flat, in the order of {@link io.mgnm.model.WeightLayout}
   */
  Weights weights(NDArray block) {
    long square = (long) d * d;
    NDArray graph = part(block, 0, d, d);
    NDArray projection = part(block, square, interests, d, d);
    NDArray interest = part(block, square * (1 + interests), interests, d, d);
    long start = square * (1 + 2 * interests);
    int h = lstm.hidden();
    NDList encoder = new NDList();
    for (int direction = 0; direction < 2; direction++) {
      NDArray bias = part(block, start + lstm.bias(direction), 4L * h);
      encoder.add(part(block, start + lstm.inputWeights(direction), d, 4L * h).transpose());
      encoder.add(part(block, start + lstm.hiddenWeights(direction), h, 4L * h).transpose());
      encoder.add(bias);
      encoder.add(bias.zerosLike());
    }
    NDArray wide = projection.transpose(1, 0, 2).reshape(d, (long) interests * d);
    return new Weights(graph, wide, interest, encoder);
  }

  private static NDArray part(NDArray block, long start, long... shape) {
    long size = new Shape(shape).size();
    return block.get(start + ":" + (start + size)).reshape(shape);
  }

  /**
   * Interests of a batch.
   *
   * @param q [history][level · interest][d]
   * @param l1 Σ A over the batch
   */
  record Encoded(NDArray q, NDArray l1) {}

  /** Equations (1) to (11). */
  Encoded encode(TorchBatch batch, NDArray items, NDArray users, Weights w) {
    int b = batch.padded.histories();
    int n = batch.padded.length();
    NDArray x = rows(items, batch.items);
    NDArray u = rows(users, batch.users).expandDims(1);
    NDArray a = x.mul(u).matMul(x.transpose(0, 2, 1)).getNDArrayInternal().sigmoid();
    if (batch.pairs != null) {
      a = a.mul(batch.pairs);
    }
    NDArray degree = a.sum(new int[] {2}, true);
    NDArray l1 = degree.sum();
    if (batch.padding != null) {
      degree = degree.add(batch.padding);
    }
    NDArray root = degree.pow(-0.5);
    NDList all = new NDList(x);
    NDArray h = x;
    for (int layer = 1; layer < levels; layer++) {
      NDArray p = h.add(a.matMul(h.mul(root)).mul(root));
      h = p.matMul(w.graph).getNDArrayInternal().leakyRelu(slope);
      all.add(h);
    }
    // [position][history][level][d] -> [position][history · level · interest][d]
    NDArray stacked = NDArrays.stack(all, 2).transpose(1, 0, 2, 3);
    long sequences = (long) b * levels * interests;
    NDArray z =
        stacked.reshape((long) n * b * levels, d).matMul(w.projection).reshape(n, sequences, d);
    NDArray g = batch.logits;
    for (int iteration = 1; iteration < iterations; iteration++) {
      g = g.add(agreement(z, outputs(batch, z, g)));
      if (iteration == 1) {
        z = z.add(encoded(batch, z, w.encoder));
      }
    }
    NDArray o = outputs(batch, z, g); // [sequence][d]
    NDArray perInterest = o.reshape((long) b * levels, interests, d).transpose(1, 0, 2);
    NDArray q = perInterest.matMul(w.interest).getNDArrayInternal().relu();
    return new Encoded(q.transpose(1, 0, 2).reshape(b, (long) levels * interests, d), l1);
  }

  private static NDArray rows(NDArray table, NDArray ids) {
    return table.getNDArrayInternal().embedding(ids, table, SparseFormat.DENSE).singletonOrThrow();
  }

  /** (6) to (8): squash of the coupled sum, [sequence][d]. */
  private NDArray outputs(TorchBatch batch, NDArray z, NDArray g) {
    NDArray c = (batch.silence == null ? g : g.add(batch.silence)).softmax(0);
    NDArray v = c.expandDims(2).mul(z).sum(new int[] {0});
    NDArray square = v.square().sum(new int[] {1}, true);
    return v.mul(square.add(1e-30f).sqrt().div(square.add(1)));
  }

  /** (9): o · z at every position, [position][sequence]. */
  private static NDArray agreement(NDArray z, NDArray o) {
    return z.mul(o).sum(new int[] {2});
  }

  /** (10). */
  private NDArray encoded(TorchBatch batch, NDArray z, NDList w) {
    if (batch.reversed == null) {
      return lstm(z, w, true);
    }
    NDArray forward = lstm(z, new NDList(w.subList(0, 4)), false);
    NDArray backward = lstm(turned(batch, z), new NDList(w.subList(4, 8)), false);
    return forward.concat(turned(batch, backward), 2);
  }

  private NDArray lstm(NDArray z, NDList w, boolean both) {
    NDManager manager = z.getManager();
    Shape shape = new Shape(both ? 2 : 1, z.getShape().get(1), lstm.hidden());
    NDList state = new NDList(manager.zeros(shape), manager.zeros(shape));
    return z.getNDArrayInternal().lstm(z, state, w, true, 1, 0, training, both, false).get(0);
  }

  /** Every history's positions in reverse, its padding staying where it is. */
  private static NDArray turned(TorchBatch batch, NDArray z) {
    Shape shape = z.getShape();
    long width = shape.get(2);
    NDArray index = batch.reversed.broadcast(batch.reversed.size(), width);
    return z.reshape(-1, width).gather(index, 0).reshape(shape);
  }

  /** (12) to (14): [history][level][candidate]. */
  NDArray scores(TorchBatch batch, NDArray items, NDArray q) {
    NDArray e = rows(items, batch.candidates);
    NDArray s = q.matMul(e.transpose(0, 2, 1));
    s = s.reshape(batch.padded.histories(), levels, interests, batch.padded.candidates());
    return s.softmax(2).mul(s).sum(new int[] {2});
  }

  /** (16): Σ of the cross-entropies of all scores. */
  static NDArray loss(TorchBatch batch, NDArray scores) {
    return scores.getNDArrayInternal().softPlus().sub(scores.mul(batch.labels)).sum();
  }
}
