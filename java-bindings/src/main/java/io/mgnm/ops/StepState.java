package io.mgnm.ops;

/**
 * What changes from step to step, kept by the backend so that a recorded step needs no argument:
 * the number of the step, sums of the loss, and whether a step went wrong.
 *
 * <p>{@link BatchSampling#draw} begins a step and counts it; {@link RankingLoss#total} adds its
 * loss. From the first step whose loss is not finite on, {@link Adam} changes nothing.
 */
public interface StepState {

  /** How often {@link #ask} may go without its answer. */
  int QUESTIONS = 2;

  /**
   * Says where the run stands; clears sums, failures and questions.
   *
   * @param stepsDone steps done so far
   * @param learningRate Adam's rate for the steps to come
   */
  void set(long stepsDone, double learningRate);

  /**
   * Asks for what has happened up to here since the last question, and clears the sums. A device
   * answers when it has come so far; the steps that it is given meanwhile need not wait.
   *
   * @throws IllegalStateException after {@link #QUESTIONS} without an answer
   */
  void ask();

  /**
   * Waits for the answer to the oldest question that has none.
   *
   * @throws IllegalStateException where there is no question
   */
  Progress answer();

  /** What has happened since the last question, now; there is none without an answer. */
  default Progress read() {
    ask();
    return answer();
  }

  /**
   * Refuses one more question where there are too many.
   *
   * @param open questions without an answer
   */
  static void checkAsk(int open) {
    if (open >= QUESTIONS) {
      throw new IllegalStateException(
          "step state: expected an answer to be taken, got question " + (open + 1));
    }
  }

  /**
   * Refuses to answer where nobody has asked.
   *
   * @param open questions without an answer
   */
  static void checkAnswer(int open) {
    if (open == 0) {
      throw new IllegalStateException("step state: expected a question before its answer");
    }
  }

  /**
   * Progress since the last question.
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
