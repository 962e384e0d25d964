package io.mgnm.ops.reference;

import io.mgnm.ops.BatchShape;
import io.mgnm.ops.InterestReadout.Attention;
import io.mgnm.ops.InterestReadout.Readout;

/**
 * One candidate against the interests of one history, equations (12) to (15): what {@link
 * ReferenceInterestReadout} and {@link ReferenceTopK} both do.
 */
final class ReferenceAttention {
  private final Precision precision;
  final int interests; // K
  private final int d;
  private final int over; // interests that a softmax runs over
  final double[] s; // q_j · x, of each capsule
  final double[] a; // the softmax, of each capsule
  final double[] y; // of each level, or one

  ReferenceAttention(Precision precision, BatchShape shape, Attention attention) {
    this.precision = precision;
    interests = shape.interests();
    d = shape.d();
    over = attention == Attention.JOINT ? shape.capsules() : interests;
    s = new double[shape.capsules()];
    a = new double[shape.capsules()];
    y = new double[shape.capsules() / over];
  }

  /** Which y the capsule belongs to. */
  int level(int capsule) {
    return capsule / over;
  }

  /**
   * Computes s, a and y of history {@code b} and the candidate x in {@code row} of {@code rows}.
   */
  void attend(ReferenceTensor q, int b, ReferenceTensor rows, int row) {
    for (int j = 0; j < s.length; j++) {
      s[j] = 0;
      for (int k = 0; k < d; k++) {
        double product = q.get(b, j / interests, j % interests, k) * rows.get(row, k);
        s[j] = precision.store(s[j] + product);
      }
    }
    for (int l = 0; l < y.length; l++) {
      softmax(l * over, (l + 1) * over);
      y[l] = 0; // (13), (14): p · x = Σ_j a_j (q_j · x)
      for (int j = l * over; j < (l + 1) * over; j++) {
        y[l] = precision.store(y[l] + a[j] * s[j]);
      }
    }
  }

  /** (12), with the largest subtracted, which changes nothing but overflow. */
  private void softmax(int from, int to) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int j = from; j < to; j++) {
      largest = Math.max(largest, s[j]);
    }
    double sum = 0;
    for (int j = from; j < to; j++) {
      a[j] = precision.store(Math.exp(s[j] - largest));
      sum = precision.store(sum + a[j]);
    }
    for (int j = from; j < to; j++) {
      a[j] = precision.store(a[j] / sum);
    }
  }

  /** (15), or the sum. */
  double score(Readout readout) {
    return score(precision, readout, y);
  }

  /** (15), or the sum, of the scores of all levels. */
  static double score(Precision precision, Readout readout, double[] y) {
    double score = y[0];
    for (int l = 1; l < y.length; l++) {
      score = readout == Readout.MAX ? Math.max(score, y[l]) : precision.store(score + y[l]);
    }
    return score;
  }
}
