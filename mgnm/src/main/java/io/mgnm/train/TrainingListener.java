package io.mgnm.train;

import io.mgnm.eval.Metrics;

/** Told how a training goes on; does nothing unless overridden. */
public interface TrainingListener {

  /** Some steps of an epoch (from 1) are done. */
  default void steps(int epoch, long done, long ofEpoch, double lossPerCandidate, double rate) {}

  /** An epoch was validated. */
  default void epoch(EpochReport report) {}

  /**
   * An epoch.
   *
   * @param epoch from 1
   * @param loss mean over candidates
   * @param l1 mean |A| sum of a history
   * @param validation metrics of the validation part
   * @param best whether it is the best so far
   * @param trainSeconds in this session
   * @param historiesPerSecond in training
   */
  record EpochReport(
      int epoch,
      double loss,
      double l1,
      Metrics validation,
      boolean best,
      double trainSeconds,
      double historiesPerSecond) {}
}
