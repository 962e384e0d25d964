package io.mgnm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
  private final Settings defaults = Settings.of(Preset.DEFAULT);

  @Test
  void everyDefaultIsOfItsKind() {
    for (Key key : Key.values()) {
      assertThat(key.kind().parse(key.initial())).as(key.key()).isEqualTo(key.initial());
    }
    for (Preset preset : Preset.values()) {
      preset
          .overrides()
          .forEach((key, value) -> assertThat(key.kind().parse(value)).isEqualTo(value));
      assertThat(Settings.of(preset).check()).isNotNull();
    }
  }

  @Test
  void yamlGoesRound() {
    Settings changed = defaults.with("model.d=20").with("readout=joint").with("seed=12");
    assertThat(defaults.withYaml(changed.toYaml(), "text")).isEqualTo(changed);
  }

  @Test
  void nestedAndDottedKeysAreTheSame(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("settings.yaml");
    Files.writeString(file, "model:\n  d: 32\n  interests: 2\nadam.learning_rate: 0.01\n");
    Settings read = defaults.with(file);
    assertThat(read.integer(Key.D)).isEqualTo(32);
    assertThat(read.integer(Key.INTERESTS)).isEqualTo(2);
    assertThat(read.real(Key.LEARNING_RATE)).isEqualTo(0.01);
  }

  @Test
  void anUnknownKeyNamesTheNearest() {
    assertThatThrownBy(() -> defaults.with("model.interest=2"))
        .isInstanceOf(SettingsException.class)
        .hasMessage(
            "--set: no setting is named 'model.interest'; the nearest is 'model.interests'");
    assertThatThrownBy(() -> defaults.with("interests=2"))
        .hasMessageContaining("the nearest is 'model.interests'");
    assertThatThrownBy(() -> defaults.withYaml("lr: 1", "f.yaml"))
        .hasMessageStartingWith("f.yaml: no setting is named 'lr'");
  }

  @Test
  void aValueOutOfRangeSaysWhatWasExpected() {
    assertThatThrownBy(() -> defaults.with("model.d=0"))
        .hasMessage("--set: model.d: expected integer from 1 to 512, got '0'");
    assertThatThrownBy(() -> defaults.with("model.d=16.5")).hasMessageContaining("got '16.5'");
    assertThatThrownBy(() -> defaults.with("adam.learning_rate=NaN"))
        .hasMessageContaining("number from 0.0 to 10.0, got 'NaN'");
    assertThatThrownBy(() -> defaults.with("readout=mean"))
        .hasMessageContaining("one of max, sum, joint, got 'mean'");
    assertThatThrownBy(() -> defaults.with("graph.user=yes"))
        .hasMessageContaining("true or false, got 'yes'");
    assertThatThrownBy(() -> defaults.withYaml("model.d:", "f.yaml"))
        .hasMessageContaining("got ''");
  }

  @Test
  void textThatIsNoSettingsIsRefused(@TempDir Path folder) {
    assertThatThrownBy(() -> defaults.with("model.d"))
        .hasMessage("--set expects key=value, got 'model.d'");
    assertThatThrownBy(() -> defaults.withYaml("a: [", "f.yaml")).hasMessageContaining("f.yaml:");
    assertThat(defaults.withYaml("# nothing\n", "f.yaml")).isEqualTo(defaults);
    assertThatThrownBy(() -> defaults.withYaml("- 1", "f.yaml"))
        .hasMessageContaining("expected keys with values");
    assertThatThrownBy(() -> defaults.with(folder.resolve("none.yaml")))
        .hasMessageContaining("cannot be read");
    assertThatThrownBy(() -> Preset.named("best"))
        .hasMessage(
            "no preset is named 'best'; expected one of default, paper, released-like, tuned");
  }

  @Test
  void combinationsThatCannotBeAreRefused() {
    assertThatThrownBy(() -> defaults.with("model.d=15").check())
        .hasMessageContaining("must be even with encoder bilstm");
    assertThat(defaults.with("model.d=15").with("encoder=bilstm-projected").check()).isNotNull();
    assertThatThrownBy(() -> defaults.with("routing.iterations=1").check())
        .hasMessageContaining("at least 2; or set encoder: none");
    assertThat(defaults.with("routing.iterations=1").with("encoder=none").check()).isNotNull();
    assertThatThrownBy(
            () -> defaults.with("encoder=none").with("routing.encoded=agreement").check())
        .hasMessageContaining("needs an encoder");
    Settings corrected = defaults.with("negatives.correction=logq");
    assertThatThrownBy(corrected::check)
        .isInstanceOf(SettingsException.class)
        .hasMessage(
            "negatives.correction = logq: needs loss softmax, not logistic; set loss: softmax or"
                + " negatives.correction: none");
    assertThat(corrected.with("loss=softmax").check()).isNotNull();
  }
}
