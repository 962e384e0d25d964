package io.mgnm.train;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;

/**
 * Adam's rate over a training. It changes where the trainer looks at the loss, every few steps, and
 * is a function of the step's number, so a resumed run has the same rates.
 *
 * @param initial rate of the first step
 * @param steps of the whole training; 0 where the rate is constant
 */
record LearningRate(double initial, long steps) {

  static LearningRate of(Settings settings, long stepsAnEpoch) {
    boolean constant = settings.is(Key.LEARNING_RATE_SCHEDULE, "constant");
    return new LearningRate(
        settings.real(Key.LEARNING_RATE),
        constant ? 0 : stepsAnEpoch * settings.integer(Key.EPOCHS));
  }

  boolean constant() {
    return steps == 0;
  }

  /** The rate of the steps after {@code done} steps. */
  double of(long done) {
    // StrictMath: the same bits on every machine
    return constant() ? initial : initial / 2 * (1 + StrictMath.cos(Math.PI * done / steps));
  }
}
