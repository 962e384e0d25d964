package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.ops.InterestReadout.Attention;
import io.mgnm.ops.InterestReadout.Projection;
import io.mgnm.ops.InterestReadout.Readout;
import io.mgnm.ops.parity.Parity;
import io.mgnm.ops.parity.Subject;
import io.mgnm.ops.reference.Precision;
import io.mgnm.ops.reference.ReferenceBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A backend's own {@code interest_readout} of the whole catalogue, sorted here, is what its {@code
 * top_k} must say, to the bit: order, ties, exclusions, counts. Against the reference only scores
 * are compared, since rounding may swap neighbours.
 */
class TopKParityTest {

  /** Histories, items, d, levels, interests, k. */
  private record Size(int histories, int items, int d, int levels, int interests, int k) {}

  private static final List<Size> SIZES =
      List.of(
          new Size(1, 1, 4, 1, 1, 1),
          new Size(1, 3000, 16, 4, 4, 10),
          new Size(2, 17, 8, 2, 3, 20),
          new Size(16, 255, 20, 4, 4, 5),
          new Size(17, 257, 40, 1, 5, 100),
          new Size(40, 600, 16, 6, 8, 33),
          new Size(3, 1000, 64, 3, 7, 1000),
          new Size(530, 33, 4, 2, 2, 3));

  /**
   * Each set of d, levels and interests is a compilation, so there are few; the matrix has more.
   */
  private static final List<Size> CUDA_SIZES =
      List.of(
          new Size(1, 1, 16, 4, 4, 1),
          new Size(1, 3000, 16, 4, 4, 10),
          new Size(2, 17, 16, 4, 4, 20),
          new Size(17, 600, 16, 4, 4, 33),
          new Size(2, 1000, 16, 4, 4, 1000), // lists fill shared memory
          new Size(1, 4500, 16, 4, 4, 1100), // and outgrow it
          new Size(33, 70, 7, 3, 2, 5), // no rows of whole 16 bytes
          new Size(3, 300, 64, 6, 8, 7)); // a joint softmax in chunks

  static Stream<Backend> candidates() {
    return TestBackends.candidatesWithCuda("top_k");
  }

  static Stream<Backend> everyBackend() {
    return Stream.concat(candidates(), Stream.of(new ReferenceBackend(Precision.DOUBLE)));
  }

  private static boolean cuda(Backend backend) {
    return backend.name().equals("cuda");
  }

  /** On CUDA the size that is compiled already. */
  private static Size size(Backend backend, Size size) {
    return cuda(backend) ? new Size(size.histories, size.items, 16, 4, 4, size.k) : size;
  }

  private static List<TopK.Options> options(Backend backend, Size size) {
    if (!cuda(backend) || size.items == 600) {
      return options();
    }
    TopK.Options level = new TopK.Options(Attention.LEVEL, Readout.MAX);
    TopK.Options joint = new TopK.Options(Attention.JOINT, Readout.SUM);
    return size.d == 64 ? List.of(joint) : List.of(level);
  }

  static List<TopK.Options> options() {
    List<TopK.Options> all = new ArrayList<>();
    for (Attention attention : Attention.values()) {
      for (Readout readout : Readout.values()) {
        all.add(new TopK.Options(attention, readout));
      }
    }
    return all;
  }

  /** What one test works on, and the results. */
  private static final class Case {
    final Size size;
    final Batch batch;
    final Tensor q;
    final Tensor table;
    final int[][] excludedIds;
    final RaggedIds excluded;
    final int[] targets;
    final IntTensor target;
    final IntTensor ids;
    final Tensor scores;
    final IntTensor counts;

    /**
     * @param repeat after how many rows the table repeats itself, which makes ties
     */
    Case(Subject subject, Size size, int repeat) {
      this.size = size;
      int histories = size.histories;
      int[] lengths = new int[histories];
      Arrays.setAll(lengths, b -> 1 + b * 7 % 13);
      batch = subject.batch(lengths, size.items, size.d, size.levels, size.interests);
      q = subject.input(batch.capsules(Axis.HISTORIES, size.d, Lifetime.KEPT), 1);
      table = subject.input(subject.scope().floats(size.items, size.d), 1);
      float[] rows = table.download();
      for (int i = repeat * size.d; i < rows.length; i++) {
        rows[i] = rows[i - repeat * size.d];
      }
      table.upload(rows);
      excludedIds = new int[histories][];
      Arrays.setAll(
          excludedIds,
          b ->
              IntStream.range(0, size.items)
                  .filter(i -> b % 3 != 0 && subject.random().nextInt(5) == 0)
                  .toArray());
      int[] offsets = new int[histories + 1];
      for (int b = 0; b < histories; b++) {
        offsets[b + 1] = offsets[b] + excludedIds[b].length;
      }
      excluded = subject.scope().raggedIds(histories, Math.max(1, histories * size.items));
      excluded.upload(offsets, Arrays.stream(excludedIds).flatMapToInt(Arrays::stream).toArray());
      targets = subject.random().ints(histories, 0, size.items).toArray();
      target = subject.scope().ints(histories);
      ids = subject.scope().ints(histories * size.k);
      scores = batch.tensor(Axis.HISTORIES, size.k, Lifetime.KEPT);
      counts = subject.scope().ints(3 * histories);
    }

    void run(Backend backend, TopK.Options options) {
      target.upload(targets);
      runRecorded(backend, options);
    }

    /** With the targets that were uploaded before. */
    void runRecorded(Backend backend, TopK.Options options) {
      TopK topK = backend.topK(options);
      topK.best(batch, q, table, excluded, size.k, ids, scores);
      topK.rank(batch, q, table, excluded, target, counts);
    }

    /** All scores of all histories, by the operation that top_k promises to agree with. */
    float[] allScores(Backend backend, TopK.Options options) {
      int[] everyItem = new int[size.histories * size.items];
      Arrays.setAll(everyItem, i -> i % size.items);
      float[] rows = table.download();
      float[] repeated = new float[everyItem.length * size.d];
      Arrays.setAll(everyItem, i -> i % size.items);
      for (int i = 0; i < repeated.length; i++) {
        repeated[i] = rows[i % rows.length];
      }
      InterestReadout.Options readoutOptions =
          new InterestReadout.Options(Projection.NONE, options.attention(), options.readout());
      Tensor e = batch.tensor(Axis.CANDIDATES, size.d, Lifetime.KEPT);
      e.upload(repeated);
      Tensor y = batch.tensor(Axis.CANDIDATES, readoutOptions.scores(size.levels), Lifetime.KEPT);
      Tensor score = batch.tensor(Axis.CANDIDATES, 1, Lifetime.KEPT);
      InterestReadout readout = backend.interestReadout(readoutOptions);
      readout.scores(batch, q, e, y);
      readout.readout(batch, y, score);
      return score.download();
    }

    boolean isExcluded(int b, int item) {
      return Arrays.binarySearch(excludedIds[b], item) >= 0;
    }
  }

  @ParameterizedTest
  @MethodSource("everyBackend")
  void agreesWithSortingAllScores(Backend backend) {
    try (backend) {
      for (Size size : cuda(backend) ? CUDA_SIZES : SIZES) {
        if (backend.name().equals("reference") && size.histories * size.items > 20_000) {
          continue;
        }
        for (TopK.Options options : options(backend, size)) {
          for (int repeat : new int[] {size.items, 7}) {
            try (Subject subject = new Subject(backend, size.items)) {
              Case one = new Case(subject, size, repeat);
              one.run(backend, options);
              check(one, one.allScores(backend, options));
            }
          }
        }
      }
    }
  }

  private static void check(Case one, float[] all) {
    int items = one.size.items;
    int k = one.size.k;
    int[] ids = one.ids.download();
    float[] scores = one.scores.download();
    int[] counts = one.counts.download();
    for (int b = 0; b < one.size.histories; b++) {
      int history = b;
      float[] own = Arrays.copyOfRange(all, b * items, (b + 1) * items);
      List<Integer> left =
          IntStream.range(0, items)
              .filter(i -> !one.isExcluded(history, i) && !Float.isNaN(own[i]))
              .boxed()
              .sorted((i, j) -> own[i] == own[j] ? i - j : own[i] > own[j] ? -1 : 1)
              .toList();
      for (int i = 0; i < k; i++) {
        assertThat(ids[b * k + i]).isEqualTo(i < left.size() ? left.get(i) : -1);
        Float score = i < left.size() ? own[left.get(i)] : Float.NaN; // boxed: NaN is itself
        assertThat(Float.valueOf(scores[b * k + i])).isEqualTo(score);
      }
      float target = own[one.targets[b]];
      int[] expected = new int[3];
      for (int i = 0; i < items; i++) {
        if (i != one.targets[b] && !one.isExcluded(b, i)) {
          expected[0] += own[i] > target ? 1 : 0;
          expected[1] += own[i] == target ? 1 : 0;
          expected[2] += Float.isNaN(own[i]) || Float.isNaN(target) ? 1 : 0;
        }
      }
      assertThat(Arrays.copyOfRange(counts, 3 * b, 3 * b + 3)).containsExactly(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void scoresAgreeWithTheReference(Backend backend) {
    try (backend) {
      List<Size> sizes =
          cuda(backend) ? List.of(CUDA_SIZES.get(3)) : List.of(SIZES.get(1), SIZES.get(3));
      for (Size size : sizes) {
        for (TopK.Options options : options()) {
          Parity.check(
              "top_k %s %s".formatted(size, options),
              backend,
              size.items,
              subject -> {
                Case one = new Case(subject, size, size.items);
                subject.output("scores", one.scores);
                one.run(subject.backend(), options);
              });
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("everyBackend")
  void notANumberIsNeverNamedAndAlwaysCounted(Backend backend) {
    Size size = size(backend, new Size(20, 300, 8, 2, 3, 300));
    TopK.Options options = new TopK.Options(Attention.LEVEL, Readout.MAX);
    try (backend;
        Subject subject = new Subject(backend, 8)) {
      Case one = new Case(subject, size, size.items);
      float[] rows = one.table.download();
      for (int item : new int[] {0, 17, 299}) {
        rows[item * size.d + 3] = Float.NaN;
      }
      one.table.upload(rows);
      one.targets[2] = 17;
      one.targets[3] = 18;
      one.run(backend, options);
      check(one, one.allScores(backend, options));
      int[] counts = one.counts.download();
      assertThat(counts[3 * 3 + 2]).isEqualTo(3); // history 3 excludes nothing
      int others = size.items - one.excludedIds[2].length - (one.isExcluded(2, 17) ? 0 : 1);
      assertThat(Arrays.copyOfRange(counts, 6, 9)).containsExactly(0, 0, others);
    }
  }

  @ParameterizedTest
  @MethodSource("candidates")
  void bitsDependNeitherOnThreadsNorOnRecording(Backend backend) {
    try (backend) {
      List<Size> sizes =
          cuda(backend) ? CUDA_SIZES.subList(1, 4) : List.of(SIZES.get(1), SIZES.get(5));
      for (Size size : sizes) {
        TopK.Options options = new TopK.Options(Attention.LEVEL, Readout.SUM);
        try (Subject subject = new Subject(backend, 5)) {
          Case expected = new Case(subject, size, 100);
          expected.run(backend, options);
          for (int threads = 1; threads <= (cuda(backend) ? 1 : 3); threads++) {
            try (Backend other = Backends.open(backend.name(), new BackendOptions(threads));
                Subject again = new Subject(other, 5)) {
              Case came = new Case(again, size, 100);
              came.target.upload(came.targets);
              try (Sequence sequence =
                  other.record("top_k", () -> came.runRecorded(other, options))) {
                sequence.run();
                sequence.run(); // what the first run kept is gone
              }
              assertThat(came.ids.download()).isEqualTo(expected.ids.download());
              assertThat(came.scores.download()).isEqualTo(expected.scores.download());
              assertThat(came.counts.download()).isEqualTo(expected.counts.download());
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("everyBackend")
  void aPartlyFilledBatchAndAnEmptyOneAreServed(Backend backend) {
    TopK.Options options = new TopK.Options(Attention.JOINT, Readout.MAX);
    try (backend;
        Subject subject = new Subject(backend, 5)) {
      Case one = new Case(subject, size(backend, new Size(19, 40, 4, 2, 2, 3)), 40);
      one.run(backend, options);
      int[] full = one.ids.download();
      float[] q = one.q.download();
      for (int count : new int[] {1, 0}) {
        Histories all = one.batch.download();
        one.batch.upload(
            new Histories(
                Arrays.copyOf(all.samples(), count),
                Arrays.copyOf(all.users(), count),
                Arrays.copyOf(all.offsets(), count + 1),
                Arrays.copyOf(all.items(), all.offsets()[count]),
                Arrays.copyOf(all.candidates(), count * 40)));
        one.q.upload(Arrays.copyOf(q, one.q.size()));
        one.run(backend, options);
        assertThat(Arrays.copyOf(one.ids.download(), 3 * count))
            .isEqualTo(Arrays.copyOf(full, 3 * count));
        assertThat(one.scores.download()).hasSize(3 * count);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("everyBackend")
  void refusesOtherShapes(Backend backend) {
    TopK.Options options = new TopK.Options(Attention.LEVEL, Readout.MAX);
    try (backend;
        Subject subject = new Subject(backend, 5)) {
      Case one = new Case(subject, size(backend, new Size(2, 9, 4, 2, 2, 3)), 9);
      TopK topK = backend.topK(options);
      assertThatThrownBy(
              () -> topK.best(one.batch, one.q, one.table, one.excluded, 4, one.ids, one.scores))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("top_k.best: size of ids: expected 8, got 6");
      assertThatThrownBy(
              () -> topK.rank(one.batch, one.q, one.table, one.excluded, one.counts, one.counts))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("top_k.rank: size of targets: expected 2, got 6");
      one.targets[1] = 9;
      if (cuda(backend)) { // which sees targets on the device only
        one.run(backend, options);
        assertThat(one.counts.download()).endsWith(-1, -1, -1);
        assertThat(one.counts.download()[0]).isNotNegative();
      } else {
        assertThatThrownBy(() -> one.run(backend, options))
            .hasStackTraceContaining("Index 9 out of bounds for length 9");
      }
    }
  }
}
