package io.mgnm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SyntheticInteractionsTest {
  @TempDir Path folder;

  private static SyntheticInteractions.Options options(
      int users, int items, long interactions, double drift, double noise, long seed) {
    return new SyntheticInteractions.Options(
        users, items, interactions, 20, 3, drift, noise, 0.9, seed);
  }

  private static List<long[]> events(SyntheticInteractions synthetic) throws IOException {
    List<long[]> events = new ArrayList<>();
    synthetic.generate((user, item, time) -> events.add(new long[] {user, item, time}));
    return events;
  }

  @Test
  void countsAreExactAndTimesRise() throws IOException {
    for (long interactions : new long[] {800, 1000, 20_000}) {
      List<long[]> events =
          events(new SyntheticInteractions(options(300, 800, interactions, .02, .1, 4)));
      assertThat(events).hasSize((int) interactions);
      assertThat(events.stream().mapToLong(e -> e[0]).distinct().count()).isEqualTo(300);
      assertThat(events.stream().mapToLong(e -> e[1]).distinct().count()).isEqualTo(800);
      int[] lengths = new int[300];
      for (int i = 0; i < events.size(); i++) {
        lengths[(int) events.get(i)[0]]++;
        if (i > 0 && events.get(i)[0] == events.get(i - 1)[0]) {
          assertThat(events.get(i)[2]).isGreaterThan(events.get(i - 1)[2]);
        }
      }
      assertThat(Arrays.stream(lengths).min().getAsInt()).isGreaterThanOrEqualTo(2);
    }
  }

  @Test
  void eventsFollowThePlantedInterests() throws IOException {
    SyntheticInteractions synthetic =
        new SyntheticInteractions(options(200, 400, 40_000, 0, 0.1, 5));
    int[] interests = synthetic.interestOfItems();
    int[][] counts = new int[200][20];
    int[] popularity = new int[400];
    for (long[] event : events(synthetic)) {
      counts[(int) event[0]][interests[(int) event[1]]]++;
      popularity[(int) event[1]]++;
    }
    long inThree = 0;
    for (int[] user : counts) {
      Arrays.sort(user);
      inThree += user[19] + user[18] + user[17];
    }
    // 90 % follow a user's three interests, and some of the noise falls on them too.
    assertThat(inThree / 40_000.0).isBetween(0.88, 0.97);
    Arrays.sort(popularity);
    long top = Arrays.stream(popularity, 360, 400).sum();
    assertThat(top / 40_000.0).as("share of the top tenth").isGreaterThan(0.35);
  }

  @Test
  void driftSpreadsAUserOverMoreInterests() throws IOException {
    double[] mean = new double[2];
    for (int d = 0; d < 2; d++) {
      SyntheticInteractions synthetic =
          new SyntheticInteractions(options(100, 400, 20_000, d * 0.1, 0, 6));
      int[] interests = synthetic.interestOfItems();
      boolean[][] seen = new boolean[100][20];
      for (long[] event : events(synthetic)) {
        boolean[] user = seen[(int) event[0]];
        mean[d] += user[interests[(int) event[1]]] ? 0 : 0.01;
        user[interests[(int) event[1]]] = true;
      }
    }
    // Without drift and noise only the rare items that had to occur lie outside the three.
    assertThat(mean[0]).isBetween(2.0, 4.0);
    assertThat(mean[1]).isGreaterThan(8);
  }

  @Test
  void sameSeedGivesTheSameFileAndAnotherSeedAnother() throws IOException {
    Path[] files = {folder.resolve("1.tsv"), folder.resolve("2.tsv"), folder.resolve("3.tsv")};
    for (int i = 0; i < 3; i++) {
      SyntheticInteractions synthetic =
          new SyntheticInteractions(options(50, 100, 1000, .02, .1, i < 2 ? 7 : 8));
      SyntheticTable.write(synthetic, files[i], null);
    }
    assertThat(files[1]).hasSameBinaryContentAs(files[0]);
    assertThat(Files.mismatch(files[0], files[2])).isNotNegative();
  }

  @Test
  void everyKindOfTablePreparesToTheSame() throws IOException {
    SyntheticInteractions synthetic = new SyntheticInteractions(options(60, 100, 3000, .02, .1, 9));
    String hash = null;
    for (String name : List.of("s.tsv", "s.tsv.gz", "s.parquet")) {
      Path names = folder.resolve(name + ".names.tsv");
      SyntheticTable.write(synthetic, folder.resolve(name), names);
      PrepareOptions options = PrepareOptions.defaults().withItemNames(names);
      Path out = folder.resolve("out-" + name);
      try (Dataset data = Tables.prepare(options, out, folder.resolve(name))) {
        assertThat(data.users()).isEqualTo(60);
        assertThat(data.items()).isEqualTo(100);
        assertThat(data.interactions()).isEqualTo(3000);
        int item = data.findItem("42").orElseThrow();
        assertThat(data.itemName(item))
            .isEqualTo("item 42 of interest " + synthetic.interestOfItems()[42]);
        hash = hash == null ? data.manifest().contentHash() : hash;
        assertThat(data.manifest().contentHash()).isEqualTo(hash);
      }
    }
  }

  @Test
  void impossibleOptionsAreRefused() {
    assertThatThrownBy(() -> options(300, 800, 799, 0, 0, 1))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("at least 800");
    assertThatThrownBy(() -> options(300, 800, 8000, 0, 1.5, 1))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("--noise from 0 to 1");
  }
}
