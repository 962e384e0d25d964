package io.mgnm.ops.reference;

import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.InterestReadout;
import io.mgnm.ops.Tensor;

/** Equations (11) to (15), capsule by capsule and candidate by candidate. */
final class ReferenceInterestReadout implements InterestReadout {
  private final ReferenceBackend backend;
  private final Precision precision;
  private final Options options;

  ReferenceInterestReadout(ReferenceBackend backend, Options options) {
    this.backend = backend;
    this.precision = backend.precision();
    this.options = options;
  }

  @Override
  public void interests(Batch batch, Tensor outputs, Tensor weights, Tensor interests) {
    InterestReadout.checkInterests("interests", options, batch, outputs, weights, interests);
    ReferenceBatch histories = ReferenceBatch.of(batch);
    ReferenceTensor o = ReferenceTensor.of(outputs);
    ReferenceTensor w = projects() ? ReferenceTensor.of(weights) : null;
    ReferenceTensor q = ReferenceTensor.of(interests);
    BatchShape shape = batch.shape();
    backend.run(
        () -> {
          for (int b = 0; b < histories.count(); b++) {
            for (int l = 0; l < shape.levels(); l++) {
              for (int i = 0; i < shape.interests(); i++) {
                for (int k = 0; k < shape.d(); k++) {
                  q.set(b, l, i, k, projects() ? projected(o, w, b, l, i, k) : o.get(b, l, i, k));
                }
              }
            }
          }
        });
  }

  /** (11): component {@code out} of ReLU(o · W'_i), or 1. Math.max lets NaN through. */
  private double projected(ReferenceTensor o, ReferenceTensor w, int b, int l, int i, int out) {
    int d = o.width();
    if (isBias(out, d)) {
      return 1;
    }
    double sum = 0;
    for (int in = 0; in < d; in++) {
      sum = precision.store(sum + o.get(b, l, i, in) * w.get(i * d + in, out));
    }
    return Math.max(0, sum);
  }

  @Override
  public void scores(Batch batch, Tensor interests, Tensor embeddings, Tensor levelScores) {
    InterestReadout.checkScores("scores", options, batch, interests, embeddings, levelScores);
    ReferenceBatch histories = ReferenceBatch.of(batch);
    ReferenceTensor q = ReferenceTensor.of(interests);
    ReferenceTensor e = ReferenceTensor.of(embeddings);
    ReferenceTensor y = ReferenceTensor.of(levelScores);
    int candidates = batch.shape().candidates();
    backend.run(
        () -> {
          ReferenceAttention attention = attention(batch);
          for (int row = 0; row < histories.count() * candidates; row++) {
            attention.attend(q, row / candidates, e, row);
            for (int l = 0; l < y.width(); l++) {
              y.set(row, l, attention.y[l]);
            }
          }
        });
  }

  @Override
  public void readout(Batch batch, Tensor levelScores, Tensor scores) {
    InterestReadout.checkReadout(options, batch, levelScores, scores);
    ReferenceTensor y = ReferenceTensor.of(levelScores);
    ReferenceTensor score = ReferenceTensor.of(scores);
    backend.run(
        () -> {
          double[] levels = new double[y.width()];
          for (int row = 0; row < y.rows(); row++) {
            for (int l = 0; l < levels.length; l++) {
              levels[l] = y.get(row, l);
            }
            score.set(row, 0, ReferenceAttention.score(precision, options.readout(), levels));
          }
        });
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
    ReferenceBatch histories = ReferenceBatch.of(batch);
    ReferenceTensor o = ReferenceTensor.of(outputs);
    ReferenceTensor w = projects() ? ReferenceTensor.of(weights) : null;
    ReferenceTensor q = ReferenceTensor.of(interests);
    ReferenceTensor e = ReferenceTensor.of(embeddings);
    ReferenceTensor dY = ReferenceTensor.of(levelScoreGradients);
    ReferenceTensor dO = ReferenceTensor.of(outputGradients);
    ReferenceTensor dW = projects() ? ReferenceTensor.of(weightGradients) : null;
    ReferenceTensor dE = ReferenceTensor.of(embeddingGradients);
    BatchShape shape = batch.shape();
    backend.run(
        () -> {
          if (projects()) {
            dW.fill(0);
          }
          dE.fill(0);
          ReferenceAttention attention = attention(batch);
          for (int b = 0; b < histories.count(); b++) {
            double[][] dQ = new double[shape.capsules()][shape.d()];
            for (int c = 0; c < shape.candidates(); c++) {
              scoreGradients(attention, q, b, e, b * shape.candidates() + c, dY, dQ, dE);
            }
            for (int j = 0; j < shape.capsules(); j++) {
              int level = j / shape.interests();
              int interest = j % shape.interests();
              if (projects()) {
                projectionGradients(o, w, q, b, level, interest, dQ[j], dO, dW);
              } else {
                for (int k = 0; k < shape.d(); k++) {
                  dO.set(b, level, interest, k, dQ[j][k]);
                }
              }
            }
          }
        });
  }

  /** (12) to (14): w_j = a_j (1 + s_j − y); q̇_j += ẏ w_j x; ẋ += ẏ w_j q_j. */
  private void scoreGradients(
      ReferenceAttention attention,
      ReferenceTensor q,
      int b,
      ReferenceTensor e,
      int row,
      ReferenceTensor dY,
      double[][] dQ,
      ReferenceTensor dE) {
    attention.attend(q, b, e, row);
    for (int j = 0; j < dQ.length; j++) {
      int l = attention.level(j);
      double w = precision.store(attention.a[j] * (1 + attention.s[j] - attention.y[l]));
      double scale = precision.store(dY.get(row, l) * w);
      for (int k = 0; k < e.width(); k++) {
        dQ[j][k] = precision.store(dQ[j][k] + scale * e.get(row, k));
        dE.add(row, k, scale * q.get(b, j / attention.interests, j % attention.interests, k));
      }
    }
  }

  /** (11): with m = q̇ where q > 0 and depends on o, else 0: ȯ = m W'ᵀ and Ẇ' += oᵀ m. */
  private void projectionGradients(
      ReferenceTensor o,
      ReferenceTensor w,
      ReferenceTensor q,
      int b,
      int level,
      int interest,
      double[] dQ,
      ReferenceTensor dO,
      ReferenceTensor dW) {
    int d = o.width();
    for (int in = 0; in < d; in++) {
      double sum = 0;
      for (int out = 0; out < d; out++) {
        boolean moves = q.get(b, level, interest, out) > 0 && !isBias(out, d);
        double masked = moves ? dQ[out] : 0;
        sum = precision.store(sum + masked * w.get(interest * d + in, out));
        dW.add(interest * d + in, out, o.get(b, level, interest, in) * masked);
      }
      dO.set(b, level, interest, in, sum);
    }
  }

  private boolean projects() {
    return options.projection().hasWeights();
  }

  private boolean isBias(int component, int d) {
    return options.projection() == Projection.RELU_BIAS && component == d - 1;
  }

  private ReferenceAttention attention(Batch batch) {
    return new ReferenceAttention(precision, batch.shape(), options.attention());
  }
}
