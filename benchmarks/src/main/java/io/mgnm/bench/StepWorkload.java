package io.mgnm.bench;

import io.mgnm.config.Key;
import io.mgnm.model.Optimizer;
import io.mgnm.model.Parameters;
import io.mgnm.model.TrainingStep;
import io.mgnm.ops.Backend;
import io.mgnm.ops.Scope;
import io.mgnm.ops.StepState;

/**
 * Whole training steps: draw, forward, loss, backward, reduce, update. As in training, the loss is
 * looked at now and then: a device goes on by itself in between.
 */
final class StepWorkload implements Workload {
  private static final int READ_EVERY = 16;

  private final Scope scope;
  private final StepState state;
  private final TrainingStep step;
  private final int histories;
  private int runs;
  private double loss;

  StepWorkload(Backend backend, Case what) {
    scope = backend.scope("benchmark");
    Parameters parameters = Values.parameters(scope, what);
    state = scope.stepState();
    state.set(0, what.settings().real(Key.LEARNING_RATE));
    histories = Math.min(what.settings().integer(Key.BATCH), what.events().users());
    step =
        new TrainingStep(
            backend,
            what.settings(),
            parameters,
            Optimizer.allocate(scope, parameters),
            what.events().upload(scope),
            state);
  }

  @Override
  public void run() {
    step.run();
    if (++runs % READ_EVERY == 0) {
      await();
    }
  }

  /** A step and nothing else: the loss stays where it is. */
  void once() {
    step.run();
  }

  @Override
  public void await() {
    loss += state.read().loss();
  }

  @Override
  public long histories() {
    return histories;
  }

  @Override
  public double result() {
    await();
    return loss;
  }

  @Override
  public void close() {
    step.close();
    scope.close();
  }
}
