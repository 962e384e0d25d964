package io.mgnm.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.config.Key;
import io.mgnm.config.Preset;
import io.mgnm.config.Settings;
import io.mgnm.config.SettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SearchSpaceTest {
  @TempDir private Path folder;
  private final Settings base = Settings.of(Preset.DEFAULT);

  private SearchSpace space(String yaml) {
    try {
      return SearchSpace.read(Files.writeString(folder.resolve("space.yaml"), yaml));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private List<Object> values(String yaml, Key key, int count) {
    return space(yaml).trials(base, count).stream()
        .map(settings -> settings.differencesFrom(base).getOrDefault(key, key.initial()))
        .toList();
  }

  @Test
  void theCommittedSpaceGivesTrialsThatDifferOnlyInIt() {
    SearchSpace space = SearchSpace.committed();
    List<Settings> trials = space.trials(base, 200);
    assertThat(trials).doesNotHaveDuplicates().hasSize(200);
    for (Settings trial : trials) {
      assertThat(space.keys()).containsAll(trial.differencesFrom(base).keySet());
      assertThat(trial.real(Key.LEARNING_RATE)).isBetween(0.003, 0.02);
    }
    for (int d : new int[] {32, 64, 96}) {
      assertThat(trials.stream().filter(t -> t.integer(Key.D) == d).count()).isBetween(45L, 90L);
    }
  }

  @Test
  void aTrialDependsOnItsNumberAndTheSeedAlone() {
    SearchSpace space = SearchSpace.committed();
    assertThat(space.trials(base, 9).subList(0, 4)).isEqualTo(space.trials(base, 4));
    Settings other = base.with(Key.SEED, 2);
    assertThat(space.trials(other, 4)).isNotEqualTo(space.trials(base, 4));
    String rate = "adam.learning_rate: {from: 0.001, to: 0.1, scale: log}\n";
    assertThat(values(rate + "dropout: [0.1, 0.2]\n", Key.LEARNING_RATE, 9))
        .isEqualTo(values(rate, Key.LEARNING_RATE, 9));
  }

  @Test
  void rangesReachTheirEndsAndNoFurther() {
    assertThat(values("truncation: {from: 3, to: 9}\n", Key.TRUNCATION, 7))
        .containsExactlyInAnyOrder(3L, 4L, 5L, 6L, 7L, 8L, 9L);
    assertThat(values("model: {d: {from: 2, to: 512, scale: log}}\n", Key.D, 60))
        .allMatch(d -> (Long) d >= 2 && (Long) d <= 512 && (Long) d % 2 == 0) // bilstm: even
        .anyMatch(d -> (Long) d <= 8)
        .anyMatch(d -> (Long) d >= 200);
    assertThat(values("l2.weight: {from: 0.0001, to: 0.05, scale: log}\n", Key.L2_WEIGHT, 60))
        .allMatch(w -> (Double) w >= 0.0001 && (Double) w <= 0.05)
        .allMatch(w -> new java.math.BigDecimal(w.toString()).precision() <= 3)
        .anyMatch(w -> (Double) w < 0.001)
        .anyMatch(w -> (Double) w > 0.01);
  }

  @Test
  void namesMayBeNestedAndValuesSingle() {
    Settings trial =
        space("model: {d: 32, layers: [2]}\ngraph:\n  user: false\n").trials(base, 1).getFirst();
    assertThat(trial.differencesFrom(base))
        .isEqualTo(Map.of(Key.D, 32L, Key.LAYERS, 2L, Key.GRAPH_USER, false));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          model.dd: [16]                             | no setting is named 'model.dd'; the nearest is 'model.d'
          model.d: [16, 1000]                        | model.d: expected integer from 1 to 512, got '1000'
          model.d: []                                | model.d: expected values, got an empty list
          loss: {from: 1, to: 2}                     | loss: is no number and has no range; list its values
          dropout: {from: 0.3, to: 0.1}              | dropout: expected from below to, got 0.3 and 0.1
          dropout: {from: 0, to: 0.1, scale: log}    | dropout: expected from above 0 with scale log
          dropout: {from: 0, to: 0.1, scale: loga}   | dropout: expected scale linear or log, got 'loga'
          dropout: {from: 0, to: 0.1, step: 1}       | dropout: expected from, to and perhaps scale
          dropout: {from: 0}                         | dropout: expected number from 0.0 to 0.99, got 'null'
          training.epochs: [3, 9]                    | training.epochs: trials that differ in it do not compare
          validation.candidates: [99]                | validation.candidates: trials that differ
          '# nothing'                                | expected settings with values, got none
          '[model.d]'                                | expected keys with values
          'model.d: [1'                              | not YAML
          """)
  void refusesWhatCannotBeSearched(String yaml, String message) {
    assertThatThrownBy(() -> space(yaml))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("space.yaml")
        .hasMessageContaining(message);
  }

  @Test
  void refusesASpaceThatIsTooSmallOrNeverFits() {
    assertThat(space("model.d: [16, 32]\n").trials(base, 2)).hasSize(2);
    assertThatThrownBy(() -> space("model.d: [16, 32]\n").trials(base, 3))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("expected 3 trials that differ, got 2; take fewer --trials");
    assertThatThrownBy(() -> space("model.d: [15, 33]\n").trials(base, 1))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("must be even with encoder bilstm");
  }
}
