package io.mgnm.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.mgnm.config.Key;
import io.mgnm.config.Preset;
import io.mgnm.config.Settings;
import io.mgnm.data.Dataset;
import io.mgnm.data.DatasetPreparation;
import io.mgnm.data.PrepareOptions;
import io.mgnm.data.SyntheticInteractions;
import io.mgnm.data.SyntheticTable;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Small data sets and trainings for tests. */
public final class TestRuns {
  private TestRuns() {}

  /** A prepared data set with planted interests: 80 users, 60 items. */
  public static Path data(Path folder) throws IOException {
    return data(folder, 3);
  }

  /** Another set of the same size. */
  public static Path otherData(Path folder) throws IOException {
    return data(folder, 4);
  }

  private static Path data(Path folder, long seed) throws IOException {
    Path table = folder.resolve("table.tsv");
    SyntheticTable.write(
        new SyntheticInteractions(
            new SyntheticInteractions.Options(80, 60, 1000, 6, 2, 0.05, 0.1, 0.5, seed)),
        table,
        null);
    Path out = folder.resolve("data");
    new DatasetPreparation(PrepareOptions.defaults()).prepare(List.of(table), out);
    return out;
  }

  /** Settings of a model that trains in a moment. */
  public static Settings settings() {
    return Settings.of(Preset.DEFAULT)
        .with(Key.D, 8)
        .with(Key.INTERESTS, 3)
        .with(Key.LAYERS, 2)
        .with(Key.TRUNCATION, 20)
        .with(Key.BATCH, 64)
        .with(Key.EPOCHS, 3)
        .with(Key.LEARNING_RATE, 0.01)
        .with(Key.INIT_ITEM_STD, 0.3)
        .with(Key.VALIDATION_CANDIDATES, 20);
  }

  /** These with assignments {@code key=value} on top, spaces between them. */
  public static Settings settings(String assignments) {
    Settings settings = settings();
    for (String assignment : assignments.split(" ", -1)) {
      settings = settings.with(assignment);
    }
    return settings;
  }

  /** Trains in {@code run}, which goes on where it exists. */
  public static Trainer.Outcome train(
      Path data, Path run, Settings settings, String backend, int threads, BooleanSupplier stop)
      throws IOException {
    try (Dataset dataset = Dataset.open(data);
        Backend opened = Backends.open(backend, new BackendOptions(threads))) {
      assertThat(opened.name()).isEqualTo(backend);
      RunFolder folder =
          Files.exists(run)
              ? RunFolder.resume(run, dataset, old -> old)
              : RunFolder.create(run, dataset, settings, backend);
      try (Trainer trainer =
          new Trainer(opened, dataset, folder.settings(), folder, new TrainingListener() {})) {
        return trainer.train(stop);
      }
    }
  }

  /** The lines of a run's metrics, an epoch each. */
  public static List<JsonNode> metrics(Path run) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      lines.add(mapper.readTree(line));
    }
    return lines;
  }

  /** Fails unless two checkpoints have the same tensors to the bit. */
  public static void requireSameBits(Path expected, Path came) throws IOException {
    SafeTensors.Content first = SafeTensors.read(expected);
    SafeTensors.Content second = SafeTensors.read(came);
    assertThat(second.tensors().keySet()).isEqualTo(first.tensors().keySet());
    for (Map.Entry<String, SafeTensors.Entry> tensor : first.tensors().entrySet()) {
      SafeTensors.Entry other = second.tensors().get(tensor.getKey());
      if (tensor.getValue().floats() != null) {
        // Arrays.equals compares bits: 0 and -0 differ, NaN equals NaN.
        assertThat(Arrays.equals(tensor.getValue().floats(), other.floats()))
            .as(tensor.getKey())
            .isTrue();
      } else {
        assertThat(other.ints()).as(tensor.getKey()).isEqualTo(tensor.getValue().ints());
      }
    }
    assertThat(second.metadata()).isEqualTo(first.metadata());
  }

  /** Fills the item rows of a checkpoint with NaN, so that the next step's loss is not finite. */
  public static void poison(Path checkpoint) throws IOException {
    SafeTensors.Content content = SafeTensors.read(checkpoint);
    Arrays.fill(content.tensors().get("item_embedding").floats(), Float.NaN);
    SafeTensors.write(checkpoint, content);
  }

  /** A process that runs the command line with extra options for its JVM. */
  public static ProcessBuilder mgnm(List<String> jvmOptions, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(jvmOptions);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("io.mgnm.cli.MgnmCommand");
    command.addAll(Arrays.asList(arguments));
    return new ProcessBuilder(command).redirectErrorStream(true);
  }
}
