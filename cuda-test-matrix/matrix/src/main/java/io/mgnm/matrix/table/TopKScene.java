package io.mgnm.matrix.table;

import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.ops.Axis;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.InterestReadout.Attention;
import io.mgnm.ops.InterestReadout.Readout;
import io.mgnm.ops.RaggedIds;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TopK;
import io.mgnm.ops.TopK.Options;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * {@code top_k} with the default options, without the items of a history. Unfused: the scores of
 * all items in a matrix, from which the largest is taken K times.
 */
final class TopKScene implements Scene {
  static final int HISTORIES = 32;
  static final int K = 20;

  private static final int N = Stage.CATALOGUE;
  private static final float NEVER = -1e30f; // added to the score of what is excluded

  @Override
  public String stem() {
    return "top_k";
  }

  @Override
  public List<Act> acts(Stage whole) {
    Stage stage = whole.withHistories(HISTORIES);
    Eager eager = stage.eager();
    Tensor q = stage.inputCapsules(Axis.HISTORIES, Stage.D, 1);
    Tensor table = stage.weights(N, Stage.D);
    int[][] lists = excluded(stage.batch().download().items());
    int[] offsets = new int[HISTORIES + 1];
    Arrays.setAll(offsets, h -> h == 0 ? 0 : offsets[h - 1] + lists[h - 1].length);
    int[] listed = Arrays.stream(lists).flatMapToInt(Arrays::stream).toArray();
    RaggedIds excluded = stage.scope().raggedIds(HISTORIES, listed.length);
    excluded.upload(offsets, listed);
    int[] wanted = stage.draw(HISTORIES, N);
    IntTensor targets = stage.scope().ints(HISTORIES);
    targets.upload(wanted);
    IntTensor ids = stage.scope().ints(HISTORIES * K);
    IntTensor counts = stage.scope().ints(3 * HISTORIES);
    Tensor best = stage.output(Axis.HISTORIES, K);
    TopK topK = stage.backend().topK(new Options(Attention.LEVEL, Readout.MAX));
    Array interests = stage.array(q, HISTORIES, 1, Stage.CAPSULES, Stage.D);
    Array items = stage.array(table, N, Stage.D);
    DeviceBuffer struck = eager.ints(places(lists));
    DeviceBuffer targetPlaces =
        eager.ints(IntStream.range(0, HISTORIES).map(h -> h * N + wanted[h]).toArray());
    long in = Act.bytes(List.of(q, table)) + 4L * (offsets.length + listed.length);
    return List.of(
        new Act(
            "best",
            () -> topK.best(stage.batch(), q, table, excluded, K, ids, best),
            in + 2 * Act.bytes(List.of(best)),
            0,
            () -> List.of(best.download(), new float[HISTORIES * K]),
            () -> {
              Array scores = scores(eager, interests, items, struck);
              return best(eager, scores.reshape(HISTORIES, N), ids.download());
            }),
        new Act(
            "rank",
            () -> topK.rank(stage.batch(), q, table, excluded, targets, counts),
            in + 4L * (targets.size() + counts.size()),
            0,
            () -> byKind(counts.download()),
            () -> {
              Array scores = scores(eager, interests, items, struck);
              Array ofTarget = eager.gather(scores, targetPlaces);
              return ranks(eager, scores.reshape(HISTORIES, N), ofTarget);
            }));
  }

  /** Items of each history, ascending and distinct. */
  private static int[][] excluded(int[] items) {
    int[][] lists = new int[HISTORIES][];
    Arrays.setAll(
        lists,
        h ->
            Arrays.stream(items, h * Stage.ITEMS, (h + 1) * Stage.ITEMS)
                .sorted()
                .distinct()
                .toArray());
    return lists;
  }

  /** Where excluded items are in a matrix of scores. */
  private static int[] places(int[][] lists) {
    return IntStream.range(0, HISTORIES)
        .flatMap(h -> Arrays.stream(lists[h]).map(item -> h * N + item))
        .toArray();
  }

  /** One a row: of all histories, all items. */
  private static Array scores(Eager eager, Array q, Array items, DeviceBuffer struck) {
    Array s = q.matmul(items.transposed()).reshape(HISTORIES, Stage.LEVELS, Stage.INTERESTS, N);
    Array y = s.softmax(2).times(s).sum(2).max(1).reshape(HISTORIES * N, 1);
    int count = Math.toIntExact(struck.count());
    eager.scatter(y, eager.filled(NEVER, count, 1), struck);
    return y;
  }

  /** The best scores, and how far their ids are from those of the operation. */
  private static List<float[]> best(Eager eager, Array scores, int[] expected) {
    List<float[]> values = new ArrayList<>();
    List<int[]> places = new ArrayList<>();
    for (int rank = 0; rank < K; rank++) {
      Array largest = eager.empty(HISTORIES, 1);
      places.add(eager.downloadInts(eager.strikeLargest(scores, largest)));
      values.add(largest.download());
    }
    float[] best = new float[HISTORIES * K];
    float[] apart = new float[HISTORIES * K];
    for (int i = 0; i < best.length; i++) {
      best[i] = values.get(i % K)[i / K];
      apart[i] = places.get(i % K)[i / K] - expected[i];
    }
    return List.of(best, apart);
  }

  private static List<float[]> ranks(Eager eager, Array scores, Array targets) {
    Array ofTarget = targets.reshape(HISTORIES, 1);
    Array above = scores.minus(ofTarget).passWherePositive(eager.of(new float[] {1}, 1, 1), 0);
    Array equal = eager.pointwise(Pointwise.EQUAL, scores, ofTarget, 0);
    Array numbers = eager.pointwise(Pointwise.EQUAL, scores, scores, 0);
    return List.of(
        above.sum(3).download(),
        equal.sum(3).plus(-1).download(), // but for the target itself
        numbers.sum(3).times(-1).plus(N).download());
  }

  /** Greater, equal, not a number. */
  private static List<float[]> byKind(int[] counts) {
    List<float[]> kinds = new ArrayList<>();
    for (int kind = 0; kind < 3; kind++) {
      float[] one = new float[HISTORIES];
      for (int h = 0; h < HISTORIES; h++) {
        one[h] = counts[3 * h + kind];
      }
      kinds.add(one);
    }
    return kinds;
  }
}
