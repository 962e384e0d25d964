package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.InterestReadout;
import io.mgnm.ops.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Capsules leave their lanes here and become rows: there is one of each a history, so lanes go to
 * components in the products with W' and to candidates in the attention.
 */
final class CpuInterestReadout implements InterestReadout {
  private final CpuBackend backend;
  private final Options options;

  CpuInterestReadout(CpuBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void interests(Batch batch, Tensor outputs, Tensor weights, Tensor interests) {
    InterestReadout.checkInterests("interests", options, batch, outputs, weights, interests);
    CpuBatch histories = backend.own(batch);
    CpuTensor o = backend.own(outputs);
    CpuTensor q = backend.own(interests);
    float[][] rowsO = rows(histories);
    if (options.projection() == Projection.NONE) {
      backend.perHistory(
          histories,
          micro -> {
            DenseRows.fromLanes(micro, o, rowsO[micro.worker()]);
            DenseRows.toLanes(micro, rowsO[micro.worker()], q);
          });
      return;
    }
    InterestWeights matrices = new InterestWeights(batch.shape(), backend.own(weights), false);
    float[][] rowsQ = rows(histories);
    backend.perHistory(
        histories,
        new HistoryTask() {
          @Override
          public void begin() {
            matrices.pack();
          }

          @Override
          public void run(MicroBatch micro) {
            float[] result = rowsQ[micro.worker()];
            DenseRows.fromLanes(micro, o, rowsO[micro.worker()]);
            matrices.multiply(micro, rowsO[micro.worker()], result);
            relu(result, matrices.values(micro));
            setBias(micro, result, 1);
            DenseRows.toLanes(micro, result, q);
          }
        });
  }

  private static void relu(float[] rows, int values) {
    for (int i = 0; i < values; i += STEP) {
      FloatVector v = FloatVector.fromArray(FLOATS, rows, i);
      v.blend(0f, v.compare(VectorOperators.LT, 0f)).intoArray(rows, i); // NaN stays
    }
  }

  /** The last value of each row, where it is an item's bias that it multiplies. */
  private void setBias(MicroBatch micro, float[] rows, float value) {
    if (options.projection() == Projection.RELU_BIAS) {
      BatchShape shape = micro.batch().shape();
      int width = DenseRows.width(shape.d());
      for (int row = 0; row < micro.histories() * shape.capsules(); row++) {
        rows[row * width + shape.d() - 1] = value;
      }
    }
  }

  @Override
  public void scores(Batch batch, Tensor interests, Tensor embeddings, Tensor levelScores) {
    InterestReadout.checkScores("scores", options, batch, interests, embeddings, levelScores);
    CpuBatch histories = backend.own(batch);
    CpuTensor q = backend.own(interests);
    CpuTensor e = backend.own(embeddings);
    CpuTensor y = backend.own(levelScores);
    BatchShape shape = batch.shape();
    float[][] rowsQ = rows(histories);
    CandidateTile[] tiles = tiles(shape);
    backend.perHistory(
        histories,
        micro -> {
          float[] own = rowsQ[micro.worker()];
          CandidateTile tile = tiles[micro.worker()];
          DenseRows.fromLanes(micro, q, own);
          for (int h = 0; h < micro.histories(); h++) {
            for (int c = 0; c < shape.candidates(); c += LANES) {
              tile.load(micro, e, h, c);
              tile.attend(own);
              tile.storeScores(micro, y);
            }
          }
        });
  }

  @Override
  public void readout(Batch batch, Tensor levelScores, Tensor scores) {
    InterestReadout.checkReadout(options, batch, levelScores, scores);
    CpuTensor y = backend.own(levelScores);
    CpuTensor score = backend.own(scores);
    int candidates = batch.shape().candidates();
    backend.perHistory(
        backend.own(batch),
        micro -> {
          float[] to = score.array(micro);
          int base = score.base(micro);
          for (int c = 0; c < micro.histories() * candidates; c++) {
            to[base + c] = best(y.array(micro), y.base(micro) + c * y.width(), y.width());
          }
        });
  }

  private float best(float[] y, int at, int levels) {
    float score = y[at];
    for (int l = 1; l < levels; l++) {
      float next = y[at + l];
      score = options.readout() == Readout.MAX ? Math.max(score, next) : score + next;
    }
    return score;
  }

  @Override
  public void backward(
      Batch batch,
      Tensor outputs,
      Tensor weights,
      Tensor interests,
      Tensor embeddings,
      Tensor levelScoreGradients,
      Tensor outputGradients,
      Tensor weightGradients,
      Tensor embeddingGradients) {
    InterestReadout.checkBackward(
        options,
        batch,
        outputs,
        weights,
        interests,
        embeddings,
        levelScoreGradients,
        outputGradients,
        weightGradients,
        embeddingGradients);
    CpuBatch histories = backend.own(batch);
    CpuTensor o = backend.own(outputs);
    CpuTensor q = backend.own(interests);
    CpuTensor e = backend.own(embeddings);
    CpuTensor dY = backend.own(levelScoreGradients);
    CpuTensor dO = backend.own(outputGradients);
    CpuTensor dE = backend.own(embeddingGradients);
    BatchShape shape = batch.shape();
    float[][] rowsQ = rows(histories);
    float[][] rowsDQ = rows(histories);
    CandidateTile[] tiles = tiles(shape);
    HistoryTask scoreGradients =
        micro -> {
          float[] own = rowsQ[micro.worker()];
          float[] gradient = rowsDQ[micro.worker()];
          CandidateTile tile = tiles[micro.worker()];
          DenseRows.fromLanes(micro, q, own);
          Arrays.fill(gradient, 0f);
          for (int h = 0; h < micro.histories(); h++) {
            for (int c = 0; c < shape.candidates(); c += LANES) {
              tile.load(micro, e, h, c);
              tile.attend(own);
              tile.backward(micro, e, dY, own, gradient, dE);
            }
          }
        };
    if (options.projection() == Projection.NONE) {
      backend.perHistory(
          histories,
          micro -> {
            scoreGradients.run(micro);
            DenseRows.toLanes(micro, rowsDQ[micro.worker()], dO);
          });
      return;
    }
    InterestWeights transposed = new InterestWeights(shape, backend.own(weights), true);
    CpuTensor dW = backend.own(weightGradients);
    float[][] rowsO = rows(histories);
    float[][] rowsDO = rows(histories);
    float[][] padded = new float[backend.workers().size()][transposed.size()];
    backend.perHistory(
        histories,
        new HistoryTask() {
          @Override
          public void begin() {
            transposed.pack();
          }

          @Override
          public void run(MicroBatch micro) {
            float[] gradient = rowsDQ[micro.worker()];
            float[] result = rowsDO[micro.worker()];
            scoreGradients.run(micro);
            mask(gradient, rowsQ[micro.worker()], transposed.values(micro));
            setBias(micro, gradient, 0);
            transposed.multiply(micro, gradient, result);
            DenseRows.toLanes(micro, result, dO);
            DenseRows.fromLanes(micro, o, rowsO[micro.worker()]);
            transposed.addGradient(
                micro, rowsO[micro.worker()], gradient, padded[micro.worker()], dW);
          }
        },
        dW);
  }

  /** ReLU's derivative: 0 where q is 0. */
  private static void mask(float[] gradient, float[] q, int values) {
    FloatVector zero = FloatVector.zero(FLOATS);
    for (int i = 0; i < values; i += STEP) {
      FloatVector v = FloatVector.fromArray(FLOATS, gradient, i);
      FloatVector output = FloatVector.fromArray(FLOATS, q, i);
      zero.blend(v, output.compare(VectorOperators.GT, 0f)).intoArray(gradient, i);
    }
  }

  /** For each worker, rows for the capsules of a micro-batch. */
  private float[][] rows(CpuBatch histories) {
    BatchShape shape = histories.shape();
    int rows = Math.multiplyExact(histories.microHistories(), shape.capsules());
    int size = Math.multiplyExact(rows, DenseRows.width(shape.d()));
    return new float[backend.workers().size()][size];
  }

  private CandidateTile[] tiles(BatchShape shape) {
    CandidateTile[] tiles = new CandidateTile[backend.workers().size()];
    Arrays.setAll(tiles, i -> new CandidateTile(shape, options.attention()));
    return tiles;
  }
}
