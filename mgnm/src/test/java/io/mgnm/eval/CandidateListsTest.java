package io.mgnm.eval;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.data.Dataset;
import io.mgnm.data.Part;
import io.mgnm.train.TestRuns;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CandidateListsTest {
  @TempDir private Path folder;

  @Test
  void negativesAreDistinctUnseenAndForEver() throws IOException {
    try (Dataset data = Dataset.open(TestRuns.data(folder))) {
      CandidateLists lists = new CandidateLists(data, 15, 7);
      int[] drawn = new int[16];
      int[] again = new int[16];
      for (int sample = data.partBegin(Part.TEST); sample < data.partEnd(Part.TEST); sample++) {
        int count = lists.draw(sample, drawn, 0);
        assertThat(drawn[0]).isEqualTo(data.item(data.sampleEvent(sample)));
        Set<Integer> allowed = unseen(data, sample);
        assertThat(count).isEqualTo(1 + Math.min(15, allowed.size()));
        Set<Integer> negatives = new HashSet<>();
        for (int c = 1; c < count; c++) {
          assertThat(allowed).contains(drawn[c]);
          assertThat(negatives.add(drawn[c])).isTrue();
        }
        new CandidateLists(data, 15, 7).draw(sample, again, 0);
        assertThat(again).isEqualTo(drawn);
      }
    }
  }

  @Test
  void aSmallCatalogueIsDrawnWhole() throws IOException {
    try (Dataset data = Dataset.open(TestRuns.data(folder))) {
      CandidateLists lists = new CandidateLists(data, 500, 7);
      int[] drawn = new int[501];
      int sample = data.partBegin(Part.TEST);
      int count = lists.draw(sample, drawn, 0);
      assertThat(count).isEqualTo(1 + unseen(data, sample).size());
      assertThat(Arrays.stream(drawn, count, 501)).containsOnly(drawn[0]);
    }
  }

  @Test
  void everyUnseenItemIsEquallyLikely() throws IOException {
    try (Dataset data = Dataset.open(TestRuns.data(folder))) {
      int sample = data.partBegin(Part.TEST);
      Set<Integer> allowed = unseen(data, sample);
      int[] counts = new int[data.items()];
      int draws = 20_000;
      int[] drawn = new int[6];
      for (int seed = 0; seed < draws; seed++) {
        new CandidateLists(data, 5, seed).draw(sample, drawn, 0);
        for (int c = 1; c < 6; c++) {
          counts[drawn[c]]++;
        }
      }
      double expected = 5.0 * draws / allowed.size();
      double chiSquare = 0;
      for (int item : allowed) {
        chiSquare += (counts[item] - expected) * (counts[item] - expected) / expected;
      }
      double freedom = allowed.size() - 1;
      assertThat(chiSquare).isLessThan(freedom + 4 * Math.sqrt(2 * freedom));
    }
  }

  private static Set<Integer> unseen(Dataset data, int sample) {
    Set<Integer> items = new HashSet<>();
    for (int item = 0; item < data.items(); item++) {
      items.add(item);
    }
    int user = data.sampleUser(sample);
    for (int event = data.userBegin(user); event <= data.sampleEvent(sample); event++) {
      items.remove(data.item(event));
    }
    return items;
  }
}
