package io.mgnm.ops.cpu;

import io.mgnm.ops.StepState;

/** The state of a run as plain fields. */
final class CpuStepState implements StepState {
  final CpuScope scope;

  /** Steps begun so far: the running step's number, from 1. */
  long step;

  double learningRate;
  long failedStep = -1;
  double loss;
  double l1;
  long histories;
  long candidates;

  CpuStepState(CpuScope scope) {
    this.scope = scope;
  }

  @Override
  public void set(long stepsDone, double rate) {
    step = stepsDone;
    learningRate = rate;
    failedStep = -1;
    clearSums();
  }

  @Override
  public Progress read() {
    Progress progress = new Progress(step, failedStep, loss, l1, histories, candidates);
    clearSums();
    return progress;
  }

  private void clearSums() {
    loss = 0;
    l1 = 0;
    histories = 0;
    candidates = 0;
  }
}
