package io.mgnm.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Scope;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a batch is cut into micro-batches, and whether each has room. */
class CpuBatchTest {
  private static final int LONGEST = 100;

  @ParameterizedTest
  @CsvSource({
    "1, 1, 16, 16",
    "2, 1, 16, 8",
    "4, 1, 16, 4",
    "4, 2, 16, 2",
    "4, 3, 16, 1",
    "4, 4, 16, 1",
    "4, 5, 16, 1",
    "2, 2, 64, 4"
  })
  void longHistoriesFillLanes(int interests, int levels, int d, int expected) {
    try (Backend backend = Backends.open("cpu", new BackendOptions(1));
        Scope scope = backend.scope("test")) {
      CpuBatch batch = batch(scope, interests, levels, d, lengths(3 * expected, LONGEST));
      assertThat(batch.microBatches()).isEqualTo(3);
    }
  }

  @Test
  void fewHistoriesHaveManyCandidates() {
    try (Backend backend = Backends.open("cpu", new BackendOptions(1));
        Scope scope = backend.scope("test")) {
      CpuBatch batch = batch(scope, 1, 1, 16, 1001, lengths(16, LONGEST));
      assertThat(batch.microBatches()).isEqualTo(4); // 16 would fill the lanes
    }
  }

  @Test
  void aLongHistoryMayFillTheLanesOfShortOnes() {
    int[] lengths = lengths(20, 5);
    lengths[19] = LONGEST;
    try (Backend backend = Backends.open("cpu", new BackendOptions(1));
        Scope scope = backend.scope("test")) {
      CpuBatch batch = batch(scope, 4, 3, 16, lengths);
      assertThat(batch.microBatches()).isEqualTo(1);
      checkRoom(batch);
    }
  }

  @Test
  void everyMicroBatchHasRoom() {
    Random random = new Random(1);
    try (Backend backend = Backends.open("cpu", new BackendOptions(1));
        Scope scope = backend.scope("test")) {
      for (int levels = 1; levels <= 4; levels++) {
        for (int interests = 1; interests <= 8; interests++) {
          int[] lengths = random.ints(60, 1, LONGEST + 1).toArray();
          checkRoom(batch(scope, interests, levels, 8 << random.nextInt(4), lengths));
        }
      }
    }
  }

  private static void checkRoom(CpuBatch batch) {
    MicroBatch micro = new MicroBatch(0);
    int groups = 0;
    int positions = 0;
    for (int number = 0; number < batch.microBatches(); number++) {
      micro.load(batch, number);
      groups += micro.groups();
      positions += micro.positions();
      assertThat(micro.histories()).isLessThanOrEqualTo(batch.microHistories());
      assertThat(micro.items()).isLessThanOrEqualTo(batch.microItems());
      assertThat(micro.groups() * Lanes.LANES)
          .isLessThanOrEqualTo(batch.capacity(Axis.HISTORIES, 1, true, true));
      assertThat(micro.positions() * Lanes.LANES)
          .isLessThanOrEqualTo(batch.capacity(Axis.ITEMS, 1, true, true));
    }
    assertThat(groups * Lanes.LANES)
        .isLessThanOrEqualTo(batch.capacity(Axis.HISTORIES, 1, true, false));
    assertThat(positions * Lanes.LANES)
        .isLessThanOrEqualTo(batch.capacity(Axis.ITEMS, 1, true, false));
  }

  private static int[] lengths(int histories, int length) {
    int[] lengths = new int[histories];
    Arrays.fill(lengths, length);
    return lengths;
  }

  private static CpuBatch batch(Scope scope, int interests, int levels, int d, int[] lengths) {
    return batch(scope, interests, levels, d, 0, lengths);
  }

  private static CpuBatch batch(
      Scope scope, int interests, int levels, int d, int candidates, int[] lengths) {
    int[] offsets = new int[lengths.length + 1];
    for (int b = 0; b < lengths.length; b++) {
      offsets[b + 1] = offsets[b] + lengths[b];
    }
    int items = offsets[lengths.length];
    BatchShape shape =
        new BatchShape(lengths.length, items, LONGEST, candidates, d, levels, interests);
    CpuBatch batch = (CpuBatch) scope.batch(shape);
    batch.upload(
        new Histories(
            new int[lengths.length],
            new int[lengths.length],
            offsets,
            new int[items],
            new int[lengths.length * candidates]));
    return batch;
  }
}
