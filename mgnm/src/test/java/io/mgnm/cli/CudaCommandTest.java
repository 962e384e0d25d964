package io.mgnm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.ops.BackendOptions;
import io.mgnm.recommend.Recommendation;
import io.mgnm.recommend.Recommendation.Item;
import io.mgnm.recommend.Recommender;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.junit.SimulatedCuda;
import io.mgnm.train.TestRuns;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands with {@code --backend cuda}, on a simulated device and beside the CPU. */
@SimulatedCuda
class CudaCommandTest {
  /** Sums in another order, over an epoch of steps that build on one another. */
  private static final double LOSS = 1e-4;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path data;
  private Path config;

  @BeforeEach
  void prepare() throws IOException {
    data = TestRuns.data(folder);
    Settings settings =
        TestRuns.settings()
            .with(Key.TRUNCATION, 8)
            .with(Key.BATCH, 128)
            .with(Key.EPOCHS, 2)
            .with(Key.EPSILON, 1e-3);
    config = Files.writeString(folder.resolve("settings.yaml"), settings.toYaml());
  }

  private int run(String... arguments) {
    return MgnmCommand.commandLine()
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(arguments);
  }

  private Path train(String name, String backend, String... more) {
    Path run = folder.resolve(name);
    List<String> arguments = new ArrayList<>(List.of("train", data.toString(), "--out"));
    arguments.addAll(List.of(run.toString(), "--backend", backend));
    arguments.addAll(
        Files.exists(run) ? List.of("--resume") : List.of("--config", config.toString()));
    arguments.addAll(List.of(more));
    assertThat(run(arguments.toArray(String[]::new))).as(err.toString()).isZero();
    return run;
  }

  @Test
  void trainsEvaluatesAndRecommends(Machine machine) throws IOException {
    Path cuda = train("cuda", "cuda");
    assertThat(err.toString()).contains("train: cuda: ", "train: done");
    assertThat(machine.trace().count("cuGraphLaunch")).isPositive();
    Path cpu = train("cpu", "cpu");
    requireClose(cpu, cuda);

    for (String candidates : List.of("20", "full")) {
      String[] arguments = {
        "evaluate", cuda.toString(), "--candidates", candidates, "--backend", ""
      };
      List<List<String>> ranks = new ArrayList<>();
      for (String backend : List.of("cpu", "cuda")) {
        arguments[5] = backend;
        assertThat(run(arguments)).as(err.toString()).isZero();
        Path file = cuda.resolve("ranks-test-" + candidates + ".tsv");
        ranks.add(Files.readAllLines(file));
        Files.delete(file);
      }
      long same =
          IntStream.range(0, ranks.get(0).size())
              .filter(i -> ranks.get(0).get(i).equals(ranks.get(1).get(i)))
              .count();
      assertThat(ranks.get(1)).hasSameSizeAs(ranks.get(0));
      assertThat(same).as(candidates).isGreaterThan(ranks.get(0).size() * 97L / 100);
    }

    try (Recommender one = Recommender.open(cuda, null, "cpu", new BackendOptions(1));
        Recommender other = Recommender.open(cuda, null, "cuda", new BackendOptions(1))) {
      List<String> history = IntStream.range(0, 5).mapToObj(i -> one.data().itemId(7 * i)).toList();
      Recommendation expected = one.recommend(history, 10);
      Recommendation came = other.recommend(history, 10);
      assertThat(came.items())
          .extracting(Item::id)
          .isEqualTo(expected.items().stream().map(Item::id).toList());
      for (int i = 0; i < 10; i++) {
        assertThat(came.items().get(i).score())
            .isCloseTo(expected.items().get(i).score(), within(1e-5f));
      }
    }
  }

  @Test
  void aCheckpointOfOneBackendGoesOnOnAnother() throws IOException {
    Path whole = train("cpu", "cpu");
    train("first", "cuda", "--epochs", "1");
    requireClose(whole, train("first", "cpu", "--epochs", "2"));
    train("second", "cpu", "--epochs", "1");
    requireClose(whole, train("second", "cuda", "--epochs", "2"));
  }

  @Test
  @SimulatedCuda(memoryBytes = 3 << 20)
  void whatDoesNotFitIsRefusedBeforeItStarts(Machine machine) {
    assertThat(refusal(machine))
        .containsPattern(
            "expected a training that fits the \\d MiB of device memory that are free, found one that"
                + " needs \\d+ MiB\\.\\s+Remedy: lower batch from 128 to \\d+, or set memory\\.fit: true\\.")
        .doesNotContain("\tat ");
  }

  /** What a training says that is refused as bad input, before the device has done anything. */
  private String refusal(Machine machine, String... more) {
    String[] start = {
      "train",
      data.toString(),
      "--out",
      folder.resolve("run").toString(),
      "--backend",
      "cuda",
      "--config",
      config.toString()
    };
    int code = run(Stream.of(start, more).flatMap(Arrays::stream).toArray(String[]::new));
    assertThat(code).as(err.toString()).isEqualTo(2);
    assertThat(machine.launches()).isEmpty();
    return err.toString();
  }

  @Test
  @SimulatedCuda(memoryBytes = 3 << 20)
  void whatDoesNotFitTrainsInPartsOnRequest() throws IOException {
    Path cuda = train("cuda", "cuda", "--set", "memory.fit=true");
    assertThat(err.toString())
        .containsPattern("a batch of 128 goes through the device in (2|4|8|16|32) parts");
    requireClose(train("cpu", "cpu", "--set", "memory.fit=true"), cuda);
  }

  @Test
  @SimulatedCuda(memoryBytes = 1 << 20)
  void whatDoesNotFitInPartsEitherIsRefused(Machine machine) {
    assertThat(refusal(machine, "--set", "memory.fit=true"))
        .containsPattern("Remedy: lower model\\.d \\(8\\) or truncation \\(8\\)")
        .doesNotContain("\tat ");
  }

  private static void requireClose(Path expected, Path came) throws IOException {
    List<JsonNode> first = TestRuns.metrics(expected);
    List<JsonNode> second = TestRuns.metrics(came);
    assertThat(second).hasSameSizeAs(first);
    for (int epoch = 0; epoch < first.size(); epoch++) {
      double loss = first.get(epoch).path("loss").asDouble();
      assertThat(second.get(epoch).path("loss").asDouble())
          .as("epoch %d", epoch + 1)
          .isCloseTo(loss, within(LOSS * loss));
    }
  }
}
