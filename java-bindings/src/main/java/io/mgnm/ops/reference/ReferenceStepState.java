package io.mgnm.ops.reference;

import io.mgnm.ops.StepState;
import java.util.ArrayDeque;
import java.util.Queue;

/** The state of a run as plain fields. */
final class ReferenceStepState implements StepState {
  /** Steps begun so far: the running step's number, from 1. */
  long step;

  double learningRate;
  long failedStep = -1;
  double loss;
  double l1;
  long histories;
  long candidates;

  private final Queue<Progress> answers = new ArrayDeque<>(QUESTIONS);

  static ReferenceStepState of(StepState state) {
    if (state instanceof ReferenceStepState reference) {
      return reference;
    }
    throw new IllegalArgumentException("a step state of another backend given to 'reference'");
  }

  @Override
  public void set(long stepsDone, double rate) {
    step = stepsDone;
    learningRate = rate;
    failedStep = -1;
    answers.clear();
    clearSums();
  }

  @Override
  public void ask() {
    StepState.checkAsk(answers.size());
    answers.add(new Progress(step, failedStep, loss, l1, histories, candidates));
    clearSums();
  }

  @Override
  public Progress answer() {
    StepState.checkAnswer(answers.size());
    return answers.remove();
  }

  private void clearSums() {
    loss = 0;
    l1 = 0;
    histories = 0;
    candidates = 0;
  }
}
