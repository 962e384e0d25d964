package io.mgnm.tune;

import io.mgnm.config.Key;
import io.mgnm.train.TrainingListener;
import java.util.Map;

/** Told how a search goes on, and how the training of each trial does. */
public interface SearchListener extends TrainingListener {

  /**
   * A trial begins, or goes on from the rung before.
   *
   * @param place of all that train to this rung, from 1
   * @param epochs that it will have at the end
   * @param settings of the trial that differ from the base's
   */
  default void begins(
      int trial, int rung, int rungs, int place, int of, int epochs, Map<Key, Object> settings) {}

  /** A trial is at the end of a rung. */
  default void ended(TrialResult result) {}

  /** All trials of a rung are at its end. */
  default void rungEnded(int rung, int rungs) {}
}
