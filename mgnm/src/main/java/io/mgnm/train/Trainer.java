package io.mgnm.train;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.data.Dataset;
import io.mgnm.data.Part;
import io.mgnm.eval.EvaluationOptions;
import io.mgnm.eval.Evaluator;
import io.mgnm.eval.Metrics;
import io.mgnm.eval.ModelScorer;
import io.mgnm.model.ModelConfig;
import io.mgnm.model.Optimizer;
import io.mgnm.model.Parameters;
import io.mgnm.model.TrainingStep;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.Scope;
import io.mgnm.ops.StepState;
import io.mgnm.train.TrainingListener.EpochReport;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Trains a model: steps, epochs, validation, early stopping, checkpoints. A run that was stopped,
 * or killed, goes on from its last checkpoint to the same bits, since a step depends on nothing but
 * the parameters and its number.
 */
public final class Trainer implements AutoCloseable {
  /** Steps between two looks at the loss. */
  private static final int READ_EVERY = 16;

  private final Backend backend;
  private final Dataset data;
  private final Settings settings;
  private final RunFolder run;
  private final TrainingListener listener;
  private final Scope scope;
  private final Parameters parameters;
  private final Optimizer optimizer;
  private final StepState state;
  private final TrainingStep step;
  private final UserRows userRows;
  private final long stepsAnEpoch;
  private final int parts; // of a batch
  private final LearningRate rate;
  private TrainingProgress progress;
  private long begun; // steps that the backend was told to do
  private long looked; // steps whose loss was looked at: progress is theirs
  private long since; // nanoseconds, up to which training was timed
  private double seconds; // of this session in the running epoch
  private long timedHistories; // trained in them

  /** How a training ended. */
  public enum Outcome {
    /** All epochs were done. */
    FINISHED,
    /** Validation had not improved for too long. */
    STOPPED_EARLY,
    /** Stopped from outside, with everything saved. */
    INTERRUPTED
  }

  /** The loss was not finite; the message names the step. */
  public static final class NonFiniteLossException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NonFiniteLossException(long step) {
      super(
          ("the loss of step %d is not finite; the parameters are those before it, and the last"
                  + " checkpoint is whole. A smaller adam.learning_rate often helps.")
              .formatted(step));
    }
  }

  /**
   * A trainer at the start of a run, or where its last checkpoint stands.
   *
   * @param run a folder just made, or one whose training goes on
   * @throws io.mgnm.data.BadInputException where it does not fit the memory of the backend's device
   */
  public Trainer(
      Backend backend, Dataset data, Settings settings, RunFolder run, TrainingListener listener)
      throws IOException {
    this.backend = backend;
    this.data = data;
    this.settings = settings;
    this.run = run;
    this.listener = listener;
    parts = DeviceRoom.parts(backend, data, settings);
    ModelConfig config = ModelConfig.of(settings);
    scope = backend.scope("model");
    try {
      parameters = Parameters.allocate(scope, config, data.items(), data.users());
      optimizer = Optimizer.allocate(scope, parameters);
      state = scope.stepState();
      BatchSampling.Samples samples = TrainingSamples.upload(scope, data, settings);
      step = new TrainingStep(backend, settings, parameters, optimizer, samples, state, parts);
      userRows = new UserRows(data, settings);
      stepsAnEpoch = Math.ceilDiv(samples.count(), settings.integer(Key.BATCH));
      rate = LearningRate.of(settings, stepsAnEpoch);
      progress = Files.exists(run.last()) ? restore() : begin();
      begun = progress.step();
      looked = begun;
      state.set(begun, rate.of(begun));
    } catch (IOException | RuntimeException | Error e) {
      try (scope) {
        throw e;
      }
    }
  }

  private TrainingProgress begin() {
    new InitialValues(settings).fill(parameters);
    return TrainingProgress.START;
  }

  private TrainingProgress restore() throws IOException {
    SafeTensors.Content content = Checkpoint.read(run.last());
    Checkpoint.restore(run.last(), content, parameters);
    Checkpoint.restore(run.last(), content, parameters, optimizer);
    TrainingProgress restored = TrainingProgress.read(content.metadata());
    run.dropMetricsAfter(restored.step());
    return restored;
  }

  /** In how many parts a batch goes through the network: 1 unless the device's memory is short. */
  public int parts() {
    return parts;
  }

  /** Where the run stands. */
  public TrainingProgress progress() {
    return progress;
  }

  /**
   * Trains until the epochs are done, validation stops improving, or {@code stop} says so.
   *
   * @throws NonFiniteLossException naming the step
   */
  public Outcome train(BooleanSupplier stop) throws IOException {
    long last = stepsAnEpoch * settings.integer(Key.EPOCHS);
    long saved = System.nanoTime();
    while (progress.step() < last || validationIsDue()) {
      if (patienceIsOver()) {
        return Outcome.STOPPED_EARLY;
      }
      if (!validationIsDue()) {
        runSome();
      }
      if (validationIsDue()) {
        validate();
        saved = System.nanoTime();
      } else if (System.nanoTime() - saved > settings.integer(Key.SAVE_SECONDS) * 1_000_000_000L) {
        save();
        saved = System.nanoTime();
      }
      if (stop.getAsBoolean()) {
        save();
        return Outcome.INTERRUPTED;
      }
    }
    if (progress.step() == 0) {
      save(); // no epochs asked for: the initial model is the result
      Checkpoint.save(run.best(), parameters, optimizer, progress, settings.toYaml());
    }
    return patienceIsOver() ? Outcome.STOPPED_EARLY : Outcome.FINISHED;
  }

  private boolean patienceIsOver() {
    return progress.validatedEpochs() - progress.bestEpoch() >= settings.integer(Key.PATIENCE);
  }

  /** Whether an epoch's last step is done and its validation not. */
  private boolean validationIsDue() {
    return progress.step() / stepsAnEpoch > progress.validatedEpochs();
  }

  /**
   * Runs steps up to the next look at the loss, or the end of the epoch. Then it looks at those of
   * the last time: a device has these to do meanwhile, and waits for nobody.
   */
  private void runSome() {
    since = System.nanoTime();
    long count = Math.min(READ_EVERY, stepsAnEpoch - begun % stepsAnEpoch);
    for (long i = 0; i < count; i++) {
      step.run();
    }
    begun += count;
    state.ask();
    if (looked < begun - count) {
      look();
    }
    if (begun % stepsAnEpoch == 0) {
      lookAtAll();
    }
    if (!rate.constant()) {
      lookAtAll(); // the rate is of the next step
      state.set(begun, rate.of(begun));
    }
    time();
  }

  /** Until progress is that of every step that was begun. */
  private void lookAtAll() {
    while (looked < begun) {
      look();
    }
  }

  private void look() {
    StepState.Progress read = state.answer();
    time();
    if (read.failedStep() >= 0) {
      throw new NonFiniteLossException(read.failedStep());
    }
    looked = read.stepsDone();
    timedHistories += read.histories();
    TrainingProgress.Sums before = progress.sums();
    TrainingProgress.Sums sums =
        new TrainingProgress.Sums(
            before.loss() + read.loss(),
            before.l1() + read.l1(),
            before.histories() + read.histories(),
            before.candidates() + read.candidates());
    progress =
        new TrainingProgress(
            read.stepsDone(),
            progress.bestNdcg(),
            progress.bestEpoch(),
            progress.validatedEpochs(),
            sums);
    listener.steps(
        progress.validatedEpochs() + 1,
        looked - progress.validatedEpochs() * stepsAnEpoch,
        stepsAnEpoch,
        sums.lossPerCandidate(),
        timedHistories / seconds);
  }

  private void time() {
    long now = System.nanoTime();
    seconds += (now - since) * 1e-9;
    since = now;
  }

  private void validate() throws IOException {
    int epoch = progress.validatedEpochs() + 1;
    Metrics metrics = evaluateValidation();
    boolean best = epoch == 1 || metrics.ndcg5() > progress.bestNdcg();
    TrainingProgress.Sums sums = progress.sums();
    progress =
        new TrainingProgress(
            progress.step(),
            best ? metrics.ndcg5() : progress.bestNdcg(),
            best ? epoch : progress.bestEpoch(),
            epoch,
            TrainingProgress.Sums.ZERO);
    EpochReport report =
        new EpochReport(
            epoch,
            sums.lossPerCandidate(),
            sums.l1PerHistory(),
            metrics,
            best,
            seconds,
            timedHistories / seconds);
    run.appendMetrics(line(report));
    if (best) {
      Checkpoint.save(run.best(), parameters, optimizer, progress, settings.toYaml());
    }
    save();
    listener.epoch(report);
    seconds = 0;
    timedHistories = 0;
  }

  private Metrics evaluateValidation() {
    userRows.refresh(parameters);
    int negatives = settings.integer(Key.VALIDATION_CANDIDATES);
    try (ModelScorer scorer =
        new ModelScorer(
            backend,
            parameters,
            DeviceRoom.validation(backend, settings, parameters),
            userRows::of)) {
      return new Evaluator(data, EvaluationOptions.sampled(Part.VALIDATION, negatives))
          .evaluate(List.of(scorer))
          .metrics()
          .get(scorer.name());
    }
  }

  private Map<String, Object> line(EpochReport report) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("epoch", report.epoch());
    line.put("step", progress.step());
    line.put("loss", report.loss());
    line.put("l1", report.l1());
    line.put("validation", report.validation().means());
    line.put("best", report.best());
    line.put("train_seconds", report.trainSeconds());
    line.put("histories_per_second", report.historiesPerSecond());
    return line;
  }

  private void save() throws IOException {
    since = System.nanoTime();
    lookAtAll();
    Checkpoint.save(run.last(), parameters, optimizer, progress, settings.toYaml());
  }

  @Override
  public void close() {
    try (scope) {
      step.close();
    }
  }
}
