package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.RecentItems;
import io.mgnm.ops.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Items are rows, so vectors run along their components; one row a history holds the sum that goes
 * to, or comes from, the history's lanes.
 */
final class CpuRecentItems implements RecentItems {
  private final CpuBackend backend;
  private final Options options;

  CpuRecentItems(CpuBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void forward(Batch over, Tensor items, Tensor outputs) {
    RecentItems.check("forward", over, items, outputs);
    CpuBatch batch = backend.own(over);
    CpuTensor x = backend.own(items);
    CpuTensor o = backend.own(outputs);
    int d = x.width();
    Weights weights = new Weights(options, over.shape());
    float[][] sums = sums(batch);
    backend.perHistory(
        batch,
        micro -> {
          float[] sum = sums[micro.worker()];
          Arrays.fill(sum, 0, micro.histories() * d, 0f);
          float[] rows = x.array(micro);
          for (int h = 0; h < micro.histories(); h++) {
            int n = micro.length(h);
            int at = x.base(micro) + micro.begin(h) * d;
            for (int t = 0; t < n; t++) {
              addRow(weights.reciprocal[n - t], rows, at + t * d, sum, h * d, d);
            }
          }
          addToLanes(micro, sum, weights, o);
        });
  }

  /** Adds each history's sum, times w / H(n), to the lanes of its capsules. */
  private static void addToLanes(MicroBatch micro, float[] sums, Weights weights, CpuTensor o) {
    int d = o.width();
    float[] lanes = o.array(micro);
    for (int g = 0; g < micro.groups(); g++) {
      for (int lane = 0; lane < LANES; lane++) {
        int h = micro.laneHistory(g, lane);
        if (h >= 0) {
          float scale = weights.scale[micro.length(h)];
          int to = o.base(micro) + g * d * LANES + lane;
          for (int k = 0; k < d; k++) {
            lanes[to + k * LANES] = Math.fma(scale, sums[h * d + k], lanes[to + k * LANES]);
          }
        }
      }
    }
  }

  @Override
  public void backward(Batch over, Tensor outputGradients, Tensor itemGradients) {
    RecentItems.check("backward", over, itemGradients, outputGradients);
    CpuBatch batch = backend.own(over);
    CpuTensor dO = backend.own(outputGradients);
    CpuTensor dX = backend.own(itemGradients);
    int d = dX.width();
    Weights weights = new Weights(options, over.shape());
    float[][] sums = sums(batch);
    backend.perHistory(
        batch,
        micro -> {
          float[] sum = sums[micro.worker()];
          sumOfLanes(micro, dO, sum);
          float[] rows = dX.array(micro);
          for (int h = 0; h < micro.histories(); h++) {
            int n = micro.length(h);
            float scale = weights.scale[n];
            int at = dX.base(micro) + micro.begin(h) * d;
            for (int t = 0; t < n; t++) {
              addRow(scale * weights.reciprocal[n - t], sum, h * d, rows, at + t * d, d);
            }
          }
        });
  }

  /** Each history's sum over its capsules, in their order. */
  private static void sumOfLanes(MicroBatch micro, CpuTensor dO, float[] sums) {
    int d = dO.width();
    float[] lanes = dO.array(micro);
    Arrays.fill(sums, 0, micro.histories() * d, 0f);
    for (int g = 0; g < micro.groups(); g++) {
      for (int lane = 0; lane < LANES; lane++) {
        int h = micro.laneHistory(g, lane);
        if (h >= 0) {
          int from = dO.base(micro) + g * d * LANES + lane;
          for (int k = 0; k < d; k++) {
            sums[h * d + k] += lanes[from + k * LANES];
          }
        }
      }
    }
  }

  /** {@code to += weight · from}; the last components, too few for a vector, round the same way. */
  private static void addRow(float weight, float[] from, int at, float[] to, int toAt, int d) {
    FloatVector factor = FloatVector.broadcast(FLOATS, weight);
    int k = 0;
    for (; k + STEP <= d; k += STEP) {
      FloatVector.fromArray(FLOATS, from, at + k)
          .fma(factor, FloatVector.fromArray(FLOATS, to, toAt + k))
          .intoArray(to, toAt + k);
    }
    for (; k < d; k++) {
      to[toAt + k] = Math.fma(from[at + k], weight, to[toAt + k]);
    }
  }

  /** For each worker, a row for each history of a micro-batch. */
  private float[][] sums(CpuBatch batch) {
    int size = Math.multiplyExact(batch.microHistories(), batch.shape().d());
    return new float[backend.workers().size()][size];
  }

  /** 1 / i and w / H(n) of every length that a history can have. */
  private static final class Weights {
    final float[] reciprocal;
    final float[] scale;

    Weights(Options options, BatchShape shape) {
      reciprocal = new float[shape.maxLength() + 1];
      scale = new float[shape.maxLength() + 1];
      double harmonic = 0;
      for (int n = 1; n <= shape.maxLength(); n++) {
        harmonic += 1.0 / n;
        reciprocal[n] = 1f / n;
        scale[n] = (float) (options.weight() / harmonic);
      }
    }
  }
}
