package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.Batch;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.RaggedIds;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TopK;
import java.util.Arrays;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * What is kept of the {@link CatalogueStream}: a bounded heap, or three counts, for each history
 * and part of the table. The parts of a history are put together at the end; neither the union of
 * best items nor a sum of counts depends on how the table was cut.
 */
final class CpuTopK implements TopK {
  private final CpuBackend backend;
  private final Options options;

  CpuTopK(CpuBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
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
    CpuBatch histories = backend.own(batch);
    CatalogueStream stream = stream("top_k.best", histories, interests, items);
    CpuRaggedIds without = backend.own(excluded);
    CpuInts bestIds = backend.own(ids);
    CpuTensor bestScores = backend.ownKept("top_k.best", "scores", scores);
    BestItems best = new BestItems(stream.mostLists(), k);
    CatalogueStream.Visitor visitor =
        (history, part, first, rows, values) ->
            keep(best, history * stream.parts() + part, without, history, first, rows, values);
    Workers.Pieces pieces = (piece, worker) -> stream.piece(piece, worker, visitor);
    backend.whole(
        () -> {
          best.clear();
          stream.begin();
          backend.workers().run(stream.pieces(), pieces);
          int parts = stream.parts();
          for (int h = 0; h < histories.count(); h++) {
            for (int part = 1; part < parts; part++) {
              best.merge(h * parts + part, h * parts);
            }
            best.drain(h * parts, bestIds.values, h * k, bestScores.array(), h * k);
          }
        });
  }

  private static void keep(
      BestItems best,
      int list,
      CpuRaggedIds excluded,
      int history,
      int first,
      int rows,
      float[] scores) {
    for (int from = 0; from < rows; from += STEP) {
      float least = best.threshold(list);
      FloatVector v = FloatVector.fromArray(FLOATS, scores, from);
      if (v.compare(VectorOperators.GE, least).anyTrue()) { // rare once the list is full
        for (int i = from; i < Math.min(rows, from + STEP); i++) {
          if (scores[i] >= least && !excluded.contains(history, first + i)) {
            best.offer(list, first + i, scores[i]);
          }
        }
      }
    }
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
    CpuBatch histories = backend.own(batch);
    CatalogueStream stream = stream("top_k.rank", histories, interests, items);
    CpuRaggedIds without = backend.own(excluded);
    int[] target = backend.own(targets).values;
    int[] result = backend.own(counts).values;
    float[] own = new float[batch.shape().histories()];
    Workers.Pieces ownScores =
        (h, worker) ->
            own[h] = stream.score(h, Objects.checkIndex(target[h], items.rows()), worker);
    Comparison[] comparisons = new Comparison[stream.mostLists()];
    Arrays.setAll(comparisons, i -> new Comparison());
    CatalogueStream.Visitor visitor =
        (h, part, first, rows, values) -> {
          Comparison comparison = comparisons[h * stream.parts() + part];
          comparison.add(own[h], values, rows);
          for (int i = without.seek(h, first); i < without.end(h); i++) {
            int place = without.id(i) - first;
            if (place >= rows) {
              break;
            }
            comparison.remove(own[h], values[place]);
          }
          int place = target[h] - first;
          if (place >= 0 && place < rows && !without.contains(h, target[h])) {
            comparison.remove(own[h], values[place]);
          }
        };
    Workers.Pieces pieces = (piece, worker) -> stream.piece(piece, worker, visitor);
    backend.whole(
        () -> {
          for (Comparison comparison : comparisons) {
            comparison.clear();
          }
          stream.begin();
          backend.workers().run(histories.count(), ownScores);
          backend.workers().run(stream.pieces(), pieces);
          int parts = stream.parts();
          Arrays.fill(result, 0, 3 * histories.count(), 0);
          for (int list = 0; list < histories.count() * parts; list++) {
            comparisons[list].addTo(result, 3 * (list / parts));
          }
        });
  }

  private CatalogueStream stream(String operation, CpuBatch batch, Tensor interests, Tensor items) {
    CpuTensor q = backend.ownKept(operation, "q", interests);
    return new CatalogueStream(backend, batch, q, backend.own(items), options);
  }

  /** How many scores are greater than a target's, equal to it, or not comparable. */
  private static final class Comparison {
    private int greater;
    private int equal;
    private int notNumbers;

    void clear() {
      greater = 0;
      equal = 0;
      notNumbers = 0;
    }

    void add(float own, float[] scores, int rows) {
      int i = 0;
      for (; i + STEP <= rows; i += STEP) {
        FloatVector v = FloatVector.fromArray(FLOATS, scores, i);
        int above = v.compare(VectorOperators.GT, own).trueCount();
        int same = v.compare(VectorOperators.EQ, own).trueCount();
        int below = v.compare(VectorOperators.LT, own).trueCount();
        greater += above;
        equal += same;
        notNumbers += STEP - above - same - below;
      }
      for (; i < rows; i++) {
        count(own, scores[i], 1);
      }
    }

    /** Takes back a score that {@link #add} counted. */
    void remove(float own, float score) {
      count(own, score, -1);
    }

    private void count(float own, float score, int by) {
      if (score > own) {
        greater += by;
      } else if (score == own) {
        equal += by;
      } else if (!(score < own)) {
        notNumbers += by;
      }
    }

    void addTo(int[] counts, int at) {
      counts[at] += greater;
      counts[at + 1] += equal;
      counts[at + 2] += notNumbers;
    }
  }
}
