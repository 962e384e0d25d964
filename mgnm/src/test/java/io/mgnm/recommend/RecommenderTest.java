package io.mgnm.recommend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.data.BadInputException;
import io.mgnm.data.Dataset;
import io.mgnm.ops.BackendOptions;
import io.mgnm.recommend.Recommendation.Item;
import io.mgnm.train.TestRuns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecommenderTest {
  @TempDir private Path folder;
  private Path data;
  private Path run;

  @BeforeEach
  void train() throws IOException {
    data = TestRuns.data(folder);
    run = train("run", TestRuns.settings());
  }

  private Path train(String name, Settings settings) throws IOException {
    Path out = folder.resolve(name);
    TestRuns.train(data, out, settings, "cpu", 2, () -> false);
    return out;
  }

  @Test
  void itemsAreRankedAndNotOfTheHistory() throws IOException {
    try (Recommender recommender = Recommender.open(run)) {
      List<String> history = history(recommender.data(), 5);
      Recommendation answer = recommender.recommend(history, 10);
      assertThat(answer.items()).hasSize(10);
      assertThat(answer.items()).extracting(Item::id).doesNotHaveDuplicates();
      assertThat(answer.items()).extracting(Item::id).doesNotContainAnyElementsOf(history);
      for (int i = 1; i < 10; i++) {
        assertThat(answer.items().get(i).score())
            .isLessThanOrEqualTo(answer.items().get(i - 1).score());
      }
      Recommendation all = recommender.recommend(history, 1000, true);
      assertThat(all.items()).hasSize(recommender.data().items());
    }
  }

  @Test
  void interestsAndItemVectorsGiveTheScore() throws IOException {
    for (String readout : List.of("max", "sum", "joint")) {
      Path own = train(readout, TestRuns.settings().with("readout=" + readout));
      try (Recommender recommender = Recommender.open(own)) {
        List<String> history = history(recommender.data(), 7);
        float[][] interests = recommender.interests(history);
        assertThat(interests.length).isEqualTo(9);
        for (Item item : recommender.recommend(history, 5).items()) {
          double score = score(interests, recommender.itemVector(item.id()), readout);
          assertThat((double) item.score()).as(readout).isCloseTo(score, within(1e-4));
          assertThat(item.level()).isBetween(0, 2);
          assertThat(item.interest()).isBetween(0, 2);
        }
      }
    }
  }

  private static double score(float[][] interests, float[] item, String readout) {
    if (readout.equals("joint")) {
      return attended(interests, 0, interests.length, item);
    }
    double max = Double.NEGATIVE_INFINITY;
    double sum = 0;
    for (int level = 0; level < 3; level++) {
      double y = attended(interests, 3 * level, 3 * level + 3, item);
      max = Math.max(max, y);
      sum += y;
    }
    return readout.equals("max") ? max : sum;
  }

  private static double attended(float[][] interests, int from, int to, float[] item) {
    double weights = 0;
    double weighted = 0;
    for (int i = from; i < to; i++) {
      double s = 0;
      for (int k = 0; k < item.length; k++) {
        s += (double) interests[i][k] * item[k];
      }
      weights += Math.exp(s);
      weighted += Math.exp(s) * s;
    }
    return weighted / weights;
  }

  /** They are part of the model: what is trained with them is scored with them. */
  @Test
  void recentItemsJoinEveryInterest() throws IOException {
    double w = 1.5;
    Settings plain = TestRuns.settings().with("interest.projection=none").with(Key.EPOCHS, 0);
    Path without = train("without", plain);
    Path with = train("with", plain.with(Key.RECENT_WEIGHT, w));
    try (Recommender one = Recommender.open(without);
        Recommender other = Recommender.open(with)) {
      List<String> history = history(one.data(), 5);
      int n = history.size();
      double harmonic = 1 + 1.0 / 2 + 1.0 / 3 + 1.0 / 4 + 1.0 / 5;
      float[][] before = one.interests(history);
      float[][] after = other.interests(history);
      for (int s = 0; s < before.length; s++) {
        for (int k = 0; k < before[s].length; k++) {
          double expected = before[s][k];
          for (int t = 0; t < n; t++) {
            expected += w / ((n - t) * harmonic) * one.itemVector(history.get(t))[k];
          }
          assertThat((double) after[s][k]).isCloseTo(expected, within(1e-6));
        }
      }
    }
  }

  @Test
  void unknownItemsAreLeftOutAndNamed() throws IOException {
    try (Recommender recommender = Recommender.open(run)) {
      List<String> history = history(recommender.data(), 3);
      List<String> more = new ArrayList<>(history);
      more.add(1, "no such item");
      Recommendation answer = recommender.recommend(more, 5);
      assertThat(answer.unknown()).containsExactly("no such item");
      assertThat(answer.items()).isEqualTo(recommender.recommend(history, 5).items());
      assertThatThrownBy(() -> recommender.recommend(List.of("x", "y"), 5))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("only unknown ones: x, y");
      assertThatThrownBy(() -> recommender.recommend(List.of(), 5))
          .isInstanceOf(BadInputException.class);
      assertThatThrownBy(() -> recommender.recommend(history, 0))
          .isInstanceOf(BadInputException.class);
      assertThatThrownBy(() -> recommender.recommendForUser("nobody", 5, false))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("--history");
      assertThatThrownBy(() -> recommender.itemVector("none"))
          .isInstanceOf(BadInputException.class);
    }
  }

  @Test
  void usersHaveTheirOwnVector() throws IOException {
    try (Recommender recommender = Recommender.open(run)) {
      Dataset own = recommender.data();
      String user = own.userId(0);
      List<String> history =
          IntStream.range(own.userBegin(0), own.userEnd(0))
              .mapToObj(event -> own.itemId(own.item(event)))
              .toList();
      Recommendation known = recommender.recommendForUser(user, 10, false);
      Recommendation anyone = recommender.recommend(history, 10);
      assertThat(known.items()).extracting(Item::id).doesNotContainAnyElementsOf(history);
      assertThat(known.items()).isNotEqualTo(anyone.items());
    }
  }

  @Test
  void severalThreadsGetTheSameAnswers() throws IOException {
    try (Recommender recommender = Recommender.open(run)) {
      List<String> history = history(recommender.data(), 5);
      Recommendation expected = recommender.recommend(history, 10);
      List<CompletableFuture<Recommendation>> answers =
          IntStream.range(0, 50)
              .mapToObj(
                  i -> CompletableFuture.supplyAsync(() -> recommender.recommend(history, 10)))
              .toList();
      answers.forEach(answer -> assertThat(answer.join()).isEqualTo(expected));
    }
  }

  @Test
  void aMovedDataSetIsNamedAndFound() throws IOException {
    Path moved = folder.resolve("moved");
    Files.move(data, moved);
    assertThatThrownBy(() -> Recommender.open(run))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("--data DIR");
    try (Recommender recommender = Recommender.open(run, moved, "cpu", BackendOptions.defaults())) {
      assertThat(recommender.recommend(history(recommender.data(), 2), 3).items()).hasSize(3);
    }
  }

  private static List<String> history(Dataset data, int items) {
    return IntStream.range(0, items).mapToObj(i -> data.itemId(2 * i)).toList();
  }
}
