package io.mgnm.ops.reference;

import io.mgnm.ops.Batch;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.RaggedIds;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TopK;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/** Scores the whole catalogue for one history after another, and sorts. */
final class ReferenceTopK implements TopK {
  private final ReferenceBackend backend;
  private final Options options;

  ReferenceTopK(ReferenceBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  private record Scored(int row, double score) implements Comparable<Scored> {
    @Override
    public int compareTo(Scored other) {
      if (score == other.score) { // also 0 and -0
        return Integer.compare(row, other.row);
      }
      return score > other.score ? -1 : 1;
    }
  }

  @Override
  public void best(
      Batch batch,
      Tensor interests,
      Tensor items,
      RaggedIds excluded,
      int k,
      IntTensor ids,
      Tensor scores) {
    TopK.checkBest(batch, interests, items, k, ids, scores);
    ReferenceBatch histories = ReferenceBatch.of(batch);
    ReferenceTensor q = ReferenceTensor.of(interests);
    ReferenceTensor table = ReferenceTensor.of(items);
    ReferenceRaggedIds without = ReferenceRaggedIds.of(excluded);
    int[] bestIds = ReferenceInts.of(ids);
    ReferenceTensor bestScores = ReferenceTensor.of(scores);
    backend.run(
        () -> {
          for (int b = 0; b < histories.count(); b++) {
            double[] all = scores(batch, q, b, table);
            List<Scored> left = new ArrayList<>();
            for (int row = 0; row < all.length; row++) {
              if (!without.contains(b, row) && !Double.isNaN(all[row])) {
                left.add(new Scored(row, all[row]));
              }
            }
            Collections.sort(left);
            for (int i = 0; i < k; i++) {
              bestIds[b * k + i] = i < left.size() ? left.get(i).row() : -1;
              bestScores.set(b, i, i < left.size() ? left.get(i).score() : Double.NaN);
            }
          }
        });
  }

  @Override
  public void rank(
      Batch batch,
      Tensor interests,
      Tensor items,
      RaggedIds excluded,
      IntTensor targets,
      IntTensor counts) {
    TopK.checkRank(batch, interests, items, targets, counts);
    ReferenceBatch histories = ReferenceBatch.of(batch);
    ReferenceTensor q = ReferenceTensor.of(interests);
    ReferenceTensor table = ReferenceTensor.of(items);
    ReferenceRaggedIds without = ReferenceRaggedIds.of(excluded);
    int[] target = ReferenceInts.of(targets);
    int[] count = ReferenceInts.of(counts);
    backend.run(
        () -> {
          for (int b = 0; b < histories.count(); b++) {
            double[] all = scores(batch, q, b, table);
            double own = all[Objects.checkIndex(target[b], all.length)];
            int greater = 0;
            int equal = 0;
            int notNumbers = 0;
            for (int row = 0; row < all.length; row++) {
              if (row != target[b] && !without.contains(b, row)) {
                greater += all[row] > own ? 1 : 0;
                equal += all[row] == own ? 1 : 0;
                notNumbers += Double.isNaN(all[row]) || Double.isNaN(own) ? 1 : 0;
              }
            }
            count[3 * b] = greater;
            count[3 * b + 1] = equal;
            count[3 * b + 2] = notNumbers;
          }
        });
  }

  /** The score of every item for history {@code b}. */
  private double[] scores(Batch batch, ReferenceTensor q, int b, ReferenceTensor table) {
    ReferenceAttention attention =
        new ReferenceAttention(backend.precision(), batch.shape(), options.attention());
    double[] scores = new double[table.rows()];
    for (int row = 0; row < scores.length; row++) {
      attention.attend(q, b, table, row);
      scores[row] = attention.score(options.readout());
    }
    return scores;
  }
}
