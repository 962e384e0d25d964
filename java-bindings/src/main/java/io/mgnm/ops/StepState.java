package io.mgnm.ops;

/**
 * What changes from step to step, kept by the backend so that a recorded step needs no argument:
 * the number of the step, sums of the loss, and whether a step went wrong.
 *
 * <p>{@link BatchSampling#draw} begins a step and counts it; {@link RankingLoss#total} adds its
 * loss. From the first step whose loss is not finite on, {@link Adam} changes nothing.
 */
public interface StepState {

  /**
   * Says where the run stands; clears sums and failures.
   *
   * @param stepsDone steps done so far
   * @param learningRate Adam's rate for the steps to come
   */
  void set(long stepsDone, double learningRate);

  /** What has happened since the last {@code read}; clears the sums. */
  Progress read();

  /**
   * Progress since the last reading.
   *
   * @param stepsDone steps done since the run began
   * @param failedStep the first step (from 1) with a loss that was not finite, or -1
   * @param loss sum of the ranking loss, without the penalties
   * @param l1 sum of |A| over histories, unweighted
   * @param histories how many histories the sums are over
   * @param candidates how many candidates the sums are over
   */
  record Progress(
      long stepsDone, long failedStep, double loss, double l1, long histories, long candidates) {}
}
