package io.mgnm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.data.BadInputException;
import io.mgnm.data.Dataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
  @TempDir private Path folder;
  private Path data;
  private final Settings settings = TestRuns.settings();

  @BeforeEach
  void prepare() throws IOException {
    data = TestRuns.data(folder);
  }

  @Test
  void learnsThePlantedInterests() throws IOException {
    Trainer.Outcome outcome = train("run", settings.with(Key.EPOCHS, 12), 2);
    assertThat(outcome).isIn(Trainer.Outcome.FINISHED, Trainer.Outcome.STOPPED_EARLY);
    List<JsonNode> lines = metrics("run");
    double first = lines.getFirst().path("loss").asDouble();
    double last = lines.getLast().path("loss").asDouble();
    assertThat(last).isLessThan(first);
    double best =
        lines.stream()
            .mapToDouble(l -> l.path("validation").path("hit@5").asDouble())
            .max()
            .orElseThrow();
    assertThat(best).isGreaterThan(0.4); // chance: 5 of 21
  }

  @Test
  void threadsDoNotChangeABit() throws IOException {
    train("one", settings, 1);
    for (int threads = 2; threads <= 3; threads++) {
      String run = "threads" + threads;
      train(run, settings, threads);
      TestRuns.requireSameBits(last("one"), last(run));
    }
  }

  @Test
  void aStoppedRunGoesOnToTheSameBits() throws IOException {
    // The rate falls with the step's number, whichever session does the step.
    Settings small = settings.with(Key.BATCH, 8).with(Key.LEARNING_RATE_SCHEDULE, "cosine");
    AtomicInteger looks = new AtomicInteger();
    Trainer.Outcome stopped =
        TestRuns.train(
            data, folder.resolve("parts"), small, "cpu", 2, () -> looks.incrementAndGet() == 2);
    assertThat(stopped).isEqualTo(Trainer.Outcome.INTERRUPTED);
    TestRuns.train(data, folder.resolve("parts"), settings, "cpu", 1, () -> false);
    train("small batches", small, 2);
    TestRuns.requireSameBits(last("small batches"), last("parts"));
    assertThat(losses("parts")).isEqualTo(losses("small batches"));
  }

  @Test
  void moreEpochsGoOnWhereTheRunEnded() throws IOException {
    train("six", settings.with(Key.EPOCHS, 6), 2);
    train("three", settings, 2);
    try (Dataset opened = Dataset.open(data)) {
      RunFolder.resume(folder.resolve("three"), opened, old -> old.with(Key.EPOCHS, 6));
    }
    train("three", settings, 2);
    TestRuns.requireSameBits(last("six"), last("three"));
  }

  @Test
  void stopsWhenValidationNoLongerImproves() throws IOException {
    Settings hasty =
        settings.with(Key.EPOCHS, 200).with(Key.PATIENCE, 2).with(Key.LEARNING_RATE, 0.05);
    assertThat(train("run", hasty, 2)).isEqualTo(Trainer.Outcome.STOPPED_EARLY);
    List<JsonNode> lines = metrics("run");
    assertThat(lines.size()).isLessThan(200);
    assertThat(lines.subList(lines.size() - 2, lines.size()))
        .noneMatch(line -> line.path("best").asBoolean());
    // A stopped run that is resumed stays stopped.
    byte[] before = Files.readAllBytes(last("run"));
    assertThat(train("run", hasty, 2)).isEqualTo(Trainer.Outcome.STOPPED_EARLY);
    assertThat(Files.readAllBytes(last("run"))).isEqualTo(before);
  }

  @Test
  void aLossThatIsNotFiniteNamesTheStep() throws IOException {
    train("run", settings.with(Key.EPOCHS, 1), 2);
    TestRuns.poison(last("run"));
    byte[] before = Files.readAllBytes(last("run"));
    try (Dataset opened = Dataset.open(data)) {
      RunFolder.resume(folder.resolve("run"), opened, old -> old.with(Key.EPOCHS, 2));
    }
    long next = Long.parseLong(SafeTensors.read(last("run")).metadata().get("step")) + 1;
    assertThatThrownBy(() -> train("run", settings, 2))
        .isInstanceOf(Trainer.NonFiniteLossException.class)
        .hasMessageContaining("the loss of step " + next + " is not finite");
    assertThat(Files.readAllBytes(last("run"))).isEqualTo(before);
  }

  @Test
  void noEpochsLeaveTheInitialModel() throws IOException {
    assertThat(train("run", settings.with(Key.EPOCHS, 0), 1)).isEqualTo(Trainer.Outcome.FINISHED);
    assertThat(RunFolder.open(folder.resolve("run")).best()).exists();
  }

  @Test
  void aRunIsNeverOverwrittenNorMixedUp() throws IOException {
    train("run", settings.with(Key.EPOCHS, 1), 1);
    try (Dataset opened = Dataset.open(data)) {
      assertThatThrownBy(() -> RunFolder.create(folder.resolve("run"), opened, settings, "cpu"))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("--resume");
      assertThatThrownBy(() -> RunFolder.resume(data, opened, old -> old))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("run.json");
    }
    Files.createDirectories(folder.resolve("other"));
    Path other = TestRuns.otherData(folder.resolve("other"));
    assertThatThrownBy(() -> RunFolder.open(folder.resolve("run")).openData(other))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("content hash");
  }

  @Test
  void aDamagedCheckpointIsRefused() throws IOException {
    train("run", settings.with(Key.EPOCHS, 1), 1);
    byte[] bytes = Files.readAllBytes(last("run"));
    Files.write(last("run"), Arrays.copyOf(bytes, bytes.length / 2));
    assertThatThrownBy(() -> train("run", settings, 1))
        .isInstanceOf(SafeTensors.FormatException.class);
  }

  private Trainer.Outcome train(String run, Settings chosen, int threads) throws IOException {
    return TestRuns.train(data, folder.resolve(run), chosen, "cpu", threads, () -> false);
  }

  private Path last(String run) {
    return folder.resolve(run).resolve("last.safetensors");
  }

  private List<String> losses(String run) throws IOException {
    return metrics(run).stream().map(line -> line.path("loss").asText()).toList();
  }

  private List<JsonNode> metrics(String run) throws IOException {
    return TestRuns.metrics(folder.resolve(run));
  }
}
