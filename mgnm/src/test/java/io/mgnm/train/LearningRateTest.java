package io.mgnm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.mgnm.config.Key;
import io.mgnm.config.Preset;
import io.mgnm.config.Settings;
import org.junit.jupiter.api.Test;

class LearningRateTest {
  private final Settings settings =
      Settings.of(Preset.DEFAULT).with(Key.LEARNING_RATE, 0.02).with(Key.EPOCHS, 5);

  @Test
  void isConstantUnlessAsked() {
    LearningRate rate = LearningRate.of(settings, 40);
    assertThat(rate.constant()).isTrue();
    assertThat(rate.of(0)).isEqualTo(0.02);
    assertThat(rate.of(199)).isEqualTo(0.02);
  }

  @Test
  void fallsAlongHalfACosine() {
    LearningRate rate = LearningRate.of(settings.with(Key.LEARNING_RATE_SCHEDULE, "cosine"), 40);
    assertThat(rate.of(0)).isEqualTo(0.02);
    assertThat(rate.of(50)).isCloseTo(0.01 * (1 + Math.sqrt(0.5)), within(1e-15));
    assertThat(rate.of(100)).isCloseTo(0.01, within(1e-15));
    assertThat(rate.of(200)).isCloseTo(0, within(1e-15));
  }
}
