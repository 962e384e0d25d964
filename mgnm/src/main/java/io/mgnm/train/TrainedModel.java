package io.mgnm.train;

import io.mgnm.config.Settings;
import io.mgnm.data.BadInputException;
import io.mgnm.data.Dataset;
import io.mgnm.model.ModelConfig;
import io.mgnm.model.Parameters;
import io.mgnm.model.ScoringStep;
import io.mgnm.ops.Backend;
import io.mgnm.ops.Scope;
import java.io.IOException;
import java.nio.file.Files;

/** The best model of a run in a backend's memory, ready to score. */
public final class TrainedModel implements AutoCloseable {
  private final Backend backend;
  private final Settings settings;
  private final Scope scope;
  private final Parameters parameters;
  private final UserRows userRows;
  private final TrainingProgress progress;

  private TrainedModel(
      Backend backend,
      Settings settings,
      Scope scope,
      Parameters parameters,
      UserRows userRows,
      TrainingProgress progress) {
    this.backend = backend;
    this.settings = settings;
    this.scope = scope;
    this.parameters = parameters;
    this.userRows = userRows;
    this.progress = progress;
  }

  /**
   * Reads the best checkpoint of a run.
   *
   * @throws BadInputException where the run has none yet
   */
  public static TrainedModel open(Backend backend, RunFolder run, Dataset data) throws IOException {
    if (!Files.exists(run.best())) {
      throw BadInputException.inFile(
          run.best(),
          "the model of a validated epoch",
          "none",
          "let the run train one epoch at least: mgnm train ... --resume");
    }
    Settings settings = run.settings();
    SafeTensors.Content content = Checkpoint.read(run.best());
    Scope scope = backend.scope("model");
    Parameters parameters =
        Parameters.allocate(scope, ModelConfig.of(settings), data.items(), data.users());
    Checkpoint.restore(run.best(), content, parameters);
    UserRows rows = new UserRows(data, settings);
    rows.refresh(parameters);
    return new TrainedModel(
        backend, settings, scope, parameters, rows, TrainingProgress.read(content.metadata()));
  }

  /** The backend that holds it. */
  public Backend backend() {
    return backend;
  }

  /** The settings of the run. */
  public Settings settings() {
    return settings;
  }

  /** The parameters. */
  public Parameters parameters() {
    return parameters;
  }

  /** Which row stands for which user. */
  public UserRows userRows() {
    return userRows;
  }

  /** Where the run stood when the model was saved. */
  public TrainingProgress progress() {
    return progress;
  }

  /** A scoring step with room for that many histories and candidates; the caller closes it. */
  public ScoringStep scoringStep(int histories, int candidates) {
    return new ScoringStep(backend, settings, parameters, histories, candidates);
  }

  @Override
  public void close() {
    scope.close();
  }
}
