package io.mgnm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.mgnm.config.Key;
import io.mgnm.config.Preset;
import io.mgnm.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each preset trains, and each of its differences from the default is there and does something. */
class PresetTrainingTest {
  /** What the base has already, or what changes scoring or a longer training only. */
  private static final Set<Key> OTHERWISE =
      Set.of(
          Key.LEARNING_RATE, Key.LEARNING_RATE_SCHEDULE, Key.READOUT, Key.EPOCHS, Key.TRUNCATION);

  private static final String CORRECTION = "negatives.correction=logq";

  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void prepare() throws IOException {
    data = TestRuns.data(folder);
  }

  @ParameterizedTest
  @EnumSource(Preset.class)
  void everyPresetLearns(Preset preset) throws IOException {
    Path run = train(preset.key(), with(TestRuns.settings(), preset).with(Key.EPOCHS, 8));
    List<Double> losses = losses(run);
    assertThat(losses.getLast()).isLessThan(0.97 * losses.getFirst());
  }

  private static Settings with(Settings settings, Preset preset) {
    Settings result = settings;
    for (Map.Entry<Key, Object> override : preset.overrides().entrySet()) {
      result = result.with(override.getKey(), override.getValue());
    }
    return result;
  }

  static Stream<Arguments> differences() {
    return Arrays.stream(Preset.values())
        .flatMap(
            preset ->
                preset.overrides().entrySet().stream()
                    .filter(e -> !OTHERWISE.contains(e.getKey()))
                    .map(e -> Arguments.of(preset, e.getKey(), e.getValue())));
  }

  /** Alone, it leads to other parameters after one epoch; and the document names it. */
  @ParameterizedTest
  @MethodSource("differences")
  void everyDifferenceDoesSomethingAndIsDocumented(Preset preset, Key key, Object value)
      throws IOException {
    // A weight that is felt in single precision after a few steps.
    Settings base = TestRuns.settings().with(Key.EPOCHS, 1);
    if (key == Key.L1_PER) {
      base = base.with(Key.L1_WEIGHT, 0.01);
    }
    Path without = train("without", base);
    Path with = train("with", base.with(key, value));
    assertThat(bits(with)).as("%s: %s = %s", preset, key.key(), value).isNotEqualTo(bits(without));
    assertThat(Files.readString(Path.of("..", "docs", "model.md"))).contains("`" + key.key());
  }

  @Test
  void popularNegativesAreOtherOnesAndTrainToo() throws IOException {
    Settings settings = TestRuns.settings().with(Key.NEGATIVES_DISTRIBUTION, "popularity");
    List<Double> losses = losses(train("popular", settings.with(Key.EPOCHS, 8)));
    assertThat(losses.getLast()).isLessThan(0.97 * losses.getFirst());
    assertThat(losses.getFirst())
        .isNotEqualTo(losses(train("uniform", TestRuns.settings())).getFirst());
    Path flat = train("flat", settings.with(Key.NEGATIVES_EXPONENT, 0.0));
    assertThat(losses(flat).getFirst()).isNotEqualTo(losses.getFirst());
  }

  /** Of popular negatives; from the others it takes what is the same for all candidates. */
  @Test
  void correctedNegativesTrainAnotherModelWhereTheyArePopular() throws IOException {
    Settings uniform = TestRuns.settings("loss=softmax training.epochs=1");
    double expected = losses(train("uniform", uniform)).getFirst();
    double same = losses(train("same", uniform.with(CORRECTION))).getFirst();
    assertThat(same).isCloseTo(expected, withinPercentage(1e-3));
    Settings popular = uniform.with(Key.NEGATIVES_DISTRIBUTION, "popularity");
    assertThat(losses(train("corrected", popular.with(CORRECTION))).getFirst())
        .isNotCloseTo(losses(train("popular", popular)).getFirst(), withinPercentage(1));
  }

  /** The table is made again when a run is resumed: nothing of it is stored. */
  @Test
  void correctedRunsGoOnToTheSameBits() throws IOException {
    Settings settings =
        TestRuns.settings("loss=softmax negatives.distribution=popularity batch=8")
            .with(CORRECTION);
    Path whole = train("whole", settings);
    AtomicInteger looks = new AtomicInteger();
    Path parts = folder.resolve("parts");
    Trainer.Outcome stopped =
        TestRuns.train(data, parts, settings, "cpu", 2, () -> looks.incrementAndGet() == 2);
    assertThat(stopped).isEqualTo(Trainer.Outcome.INTERRUPTED);
    train("parts", settings);
    TestRuns.requireSameBits(RunFolder.open(whole).last(), RunFolder.open(parts).last());
    assertThat(losses(parts)).isEqualTo(losses(whole));
    assertThat(losses(whole).getLast()).isLessThan(losses(whole).getFirst());
  }

  private Path train(String name, Settings settings) throws IOException {
    Path run = folder.resolve(name);
    TestRuns.train(data, run, settings, "cpu", 2, () -> false);
    return run;
  }

  /** The item table after training, as bits. */
  private static int[] bits(Path run) throws IOException {
    float[] items =
        SafeTensors.read(RunFolder.open(run).last()).tensors().get("item_embedding").floats();
    int[] bits = new int[items.length];
    for (int i = 0; i < items.length; i++) {
      bits[i] = Float.floatToIntBits(items[i]);
    }
    return bits;
  }

  private static List<Double> losses(Path run) throws IOException {
    return TestRuns.metrics(run).stream().map(line -> line.path("loss").asDouble()).toList();
  }
}
