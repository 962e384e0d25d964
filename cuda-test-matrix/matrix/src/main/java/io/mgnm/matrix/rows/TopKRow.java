package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.InterestReadout.Attention;
import io.mgnm.ops.InterestReadout.Readout;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.RaggedIds;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TopK;
import io.mgnm.ops.TopK.Options;
import io.mgnm.ops.parity.Subject;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * {@code top_k} of a catalogue as large as the size says, in which rows come twice, so that scores
 * tie. Other neighbours are far enough apart for every backend to order them alike.
 */
final class TopKRow implements Row {
  private static final int MOST_ITEMS = 3000;
  private static final int MOST_HISTORIES = 7;
  private static final int K = 12;
  private static final float NONE = -1e4f; // instead of the NaN of a place that stays empty

  private static final List<Options> OPTIONS =
      List.of(
          new Options(Attention.LEVEL, Readout.MAX),
          new Options(Attention.JOINT, Readout.SUM),
          new Options(Attention.LEVEL, Readout.SUM));

  @Override
  public String stem() {
    return "top_k";
  }

  @Override
  public List<String> directions() {
    return List.of("best", "rank");
  }

  @Override
  public List<String> variants() {
    return OPTIONS.stream().map(Options::toString).toList();
  }

  @Override
  public void run(Subject subject, Shape shape) {
    int items = Math.max(1, Math.min(shape.size().n(), MOST_ITEMS));
    int[] lengths = Arrays.stream(shape.size().lengths()).limit(MOST_HISTORIES).toArray();
    int histories = lengths.length;
    int d = shape.d();
    Batch batch = subject.batch(lengths, 1, d, shape.levels(), shape.interests());
    Tensor q = Shape.inputCapsules(subject, batch, Axis.HISTORIES, d, shape.size().scale());
    Tensor table = subject.input(subject.scope().floats(items, d), 1);
    float[] rows = table.download();
    int half = items / 2 * d;
    System.arraycopy(rows, 0, rows, half, half);
    table.upload(rows);
    RaggedIds excluded = excluded(subject, histories, items);
    TopK topK = subject.backend().topK(OPTIONS.get(shape.variant()));
    IntTensor ids = subject.scope().ints(histories * K);
    Tensor scores = batch.tensor(Axis.HISTORIES, K, Lifetime.KEPT);
    topK.best(batch, q, table, excluded, K, ids, scores);
    IntTensor targets = subject.scope().ints(histories);
    targets.upload(subject.random().ints(histories, 0, items).toArray());
    IntTensor counts = subject.scope().ints(3 * histories);
    topK.rank(batch, q, table, excluded, targets, counts);
    Shape.results(subject, "best.ids", Shape.floats(ids.download()));
    float[] named = scores.download();
    for (int i = 0; i < named.length; i++) {
      named[i] = Float.isNaN(named[i]) ? NONE : named[i];
    }
    Shape.results(subject, "best.scores", named);
    Shape.results(subject, "rank.counts", Shape.floats(counts.download()));
  }

  /** A fifth of the items for every history but each third. */
  private static RaggedIds excluded(Subject subject, int histories, int items) {
    int[][] ids = new int[histories][];
    Arrays.setAll(
        ids,
        h ->
            IntStream.range(0, items)
                .filter(i -> h % 3 != 0 && subject.random().nextInt(5) == 0)
                .toArray());
    int[] offsets = new int[histories + 1];
    for (int h = 0; h < histories; h++) {
      offsets[h + 1] = offsets[h] + ids[h].length;
    }
    RaggedIds excluded = subject.scope().raggedIds(histories, Math.max(1, histories * items));
    excluded.upload(offsets, Arrays.stream(ids).flatMapToInt(Arrays::stream).toArray());
    return excluded;
  }
}
