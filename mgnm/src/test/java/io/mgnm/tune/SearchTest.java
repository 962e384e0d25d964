package io.mgnm.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mgnm.config.Key;
import io.mgnm.config.Preset;
import io.mgnm.config.Settings;
import io.mgnm.data.BadInputException;
import io.mgnm.data.Dataset;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.train.JsonLines;
import io.mgnm.train.RunFolder;
import io.mgnm.train.TestRuns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SearchTest {
  private static final int TRIALS = 4;

  @TempDir private Path folder;
  private Path data;
  private final Settings base =
      TestRuns.settings()
          .with(Key.BATCH, 16)
          .with(Key.LEARNING_RATE_SCHEDULE, "cosine"); // would differ if trials had other epochs

  @BeforeEach
  void prepare() throws IOException {
    data = TestRuns.data(folder);
  }

  /** Searches until done, stopped, or {@code stop}; goes on where the folder exists. */
  private boolean search(String name, int trials, BooleanSupplier stop) throws IOException {
    Path out = folder.resolve(name);
    Path space =
        Files.writeString(
            folder.resolve("space.yaml"),
            """
            model.d: [4, 8]
            adam.learning_rate: {from: 0.001, to: 0.03, scale: log}
            """);
    try (Dataset dataset = Dataset.open(data);
        Backend backend = Backends.open("cpu", new BackendOptions(1))) {
      SearchFolder made =
          Files.exists(out)
              ? SearchFolder.resume(out, dataset)
              : SearchFolder.create(out, dataset, base, SearchSpace.read(space));
      return new Search(backend, dataset, made, trials, new SearchListener() {}).run(stop);
    }
  }

  private List<JsonNode> log(String name) throws IOException {
    List<JsonNode> lines = new JsonLines(folder.resolve(name).resolve("trials.jsonl")).read();
    lines.forEach(line -> ((ObjectNode) line).remove("train_seconds"));
    return lines;
  }

  private Settings best(String name) {
    return Settings.of(Preset.PAPER).with(folder.resolve(name).resolve("best.yaml"));
  }

  private static List<Integer> trials(List<JsonNode> lines) {
    return lines.stream().map(line -> line.path("trial").asInt()).toList();
  }

  private static double ndcg(JsonNode line) {
    return line.at("/validation/ndcg@5").asDouble();
  }

  @Test
  void theBetterGoOnAndTheBestIsKept() throws IOException {
    assertThat(search("whole", TRIALS, () -> false)).isTrue();
    List<JsonNode> lines = log("whole");
    List<JsonNode> first = lines.subList(0, TRIALS);
    List<JsonNode> second = lines.subList(TRIALS, lines.size());
    assertThat(trials(first)).containsExactly(1, 2, 3, 4);
    assertThat(first).allMatch(line -> line.path("epochs").asInt() == 1);
    assertThat(second).hasSize(2).allMatch(line -> line.path("epochs").asInt() == 3);
    double least =
        first.stream()
            .filter(line -> trials(second).contains(line.path("trial").asInt()))
            .mapToDouble(SearchTest::ndcg)
            .min()
            .orElseThrow();
    assertThat(first)
        .filteredOn(line -> !trials(second).contains(line.path("trial").asInt()))
        .allMatch(line -> ndcg(line) <= least);

    JsonNode winner = ndcg(second.get(0)) >= ndcg(second.get(1)) ? second.get(0) : second.get(1);
    Path run =
        folder.resolve("whole").resolve("trial-%03d".formatted(winner.path("trial").asInt()));
    assertThat(best("whole")).isEqualTo(RunFolder.open(run).settings());
    // A trial is what training with its settings gives, to the bit.
    TestRuns.train(data, folder.resolve("alone"), best("whole"), "cpu", 2, () -> false);
    TestRuns.requireSameBits(
        folder.resolve("alone/last.safetensors"), run.resolve("last.safetensors"));
    TestRuns.requireSameBits(
        folder.resolve("alone/best.safetensors"), run.resolve("best.safetensors"));
    // Done is done.
    assertThat(search("whole", TRIALS, () -> true)).isTrue();
    assertThat(log("whole")).isEqualTo(lines);
  }

  @Test
  void aSearchThatIsStoppedOftenEndsTheSame() throws IOException {
    search("whole", TRIALS, () -> false);
    int sessions = 0;
    AtomicInteger looks = new AtomicInteger();
    while (!search("parts", TRIALS, () -> looks.incrementAndGet() % 5 == 0)) {
      sessions++;
      // what a process that dies leaves behind
      Files.writeString(
          folder.resolve("parts/trials.jsonl"),
          "{\"trial\":1,\"ru",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
      if (sessions == 1) {
        Files.createDirectories(folder.resolve("parts/trial-004"));
      }
    }
    assertThat(sessions).isGreaterThan(3);
    assertThat(log("parts")).isEqualTo(log("whole"));
    assertThat(Files.readString(folder.resolve("parts/best.yaml")))
        .isEqualTo(Files.readString(folder.resolve("whole/best.yaml")));
    for (int trial : trials(log("whole"))) {
      String last = "trial-%03d/last.safetensors".formatted(trial);
      TestRuns.requireSameBits(
          folder.resolve("whole").resolve(last), folder.resolve("parts").resolve(last));
    }
  }

  @Test
  void moreTrialsLaterEndWithTheSameBest() throws IOException {
    search("six", 6, () -> false);
    search("more", 3, () -> false);
    search("more", 6, () -> false);
    assertThat(log("more")).containsAll(log("six"));
    assertThat(best("more")).isEqualTo(best("six"));
  }

  @Test
  void aTrialWhoseLossIsNotFiniteIsLeftBehind() throws IOException {
    search("search", TRIALS, () -> logged("search") == TRIALS);
    int leader =
        log("search").stream()
            .max(Comparator.comparingDouble(SearchTest::ndcg))
            .orElseThrow()
            .path("trial")
            .asInt();
    TestRuns.poison(folder.resolve("search/trial-%03d/last.safetensors".formatted(leader)));
    assertThat(search("search", TRIALS, () -> false)).isTrue();
    List<JsonNode> second = log("search").subList(TRIALS, TRIALS + 2);
    assertThat(second.getFirst().path("trial").asInt()).isEqualTo(leader);
    assertThat(second.getFirst().path("failure").asText()).contains("is not finite");
    assertThat(second.getLast().has("failure")).isFalse();
  }

  private int logged(String name) {
    try {
      return log(name).size();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void changedTrialsAndOtherDataAreRefused() throws IOException {
    AtomicInteger looks = new AtomicInteger();
    assertThat(search("search", 1, () -> looks.incrementAndGet() == 3)).isFalse();
    Path run = folder.resolve("search/trial-001");
    Files.writeString(
        run.resolve("settings.yaml"), RunFolder.open(run).settings().with(Key.D, 2).toYaml());
    assertThatThrownBy(() -> search("search", 1, () -> false))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("expected the settings of trial 1, found others in [model.d]");
    data = TestRuns.otherData(Files.createDirectories(folder.resolve("other")));
    assertThatThrownBy(() -> search("search", 1, () -> false))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("content hash");
  }
}
