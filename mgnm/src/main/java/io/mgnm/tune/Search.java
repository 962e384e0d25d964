package io.mgnm.tune;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.data.BadInputException;
import io.mgnm.data.Dataset;
import io.mgnm.ops.Backend;
import io.mgnm.train.JsonLines;
import io.mgnm.train.RunFolder;
import io.mgnm.train.Trainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * Random search with successive halving. What comes next is a function of the results so far and
 * nothing else, so a search that was stopped, or killed, ends like one that was not. Trials are
 * compared by the validation part alone.
 */
public final class Search {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Backend backend;
  private final Dataset data;
  private final SearchFolder folder;
  private final SearchListener listener;
  private final Settings base;
  private final List<Settings> trials;
  private final List<TrialResult> results;

  /**
   * A search at its beginning, or where its folder stands.
   *
   * @param trials may be more, or fewer, than when the folder was made
   * @throws io.mgnm.config.SettingsException where the space does not have so many
   */
  public Search(
      Backend backend, Dataset data, SearchFolder folder, int trials, SearchListener listener)
      throws IOException {
    this.backend = backend;
    this.data = data;
    this.folder = folder;
    this.listener = listener;
    base = folder.base();
    this.trials = folder.space().trials(base, trials);
    results = new ArrayList<>(folder.results());
    results.removeIf(result -> result.trial() > trials);
    writeBest(); // the process may have died before it did
  }

  /**
   * Works until all is done or {@code stop} says so; a trial that is training then saves itself.
   *
   * @return whether all is done
   */
  public boolean run(BooleanSupplier stop) throws IOException {
    List<Integer> contenders = IntStream.rangeClosed(1, trials.size()).boxed().toList();
    List<Integer> rungs = Halving.rungs(base.integer(Key.EPOCHS));
    for (int rung = 1; rung <= rungs.size(); rung++) {
      List<TrialResult> ended = new ArrayList<>();
      for (int trial : contenders) {
        Optional<TrialResult> result = result(trial, rung);
        if (result.isEmpty()) {
          if (stop.getAsBoolean()) {
            return false;
          }
          listener.begins(
              trial,
              rung,
              rungs.size(),
              ended.size() + 1,
              contenders.size(),
              rungs.get(rung - 1),
              settings(trial).differencesFrom(base));
          result = train(trial, rung, rungs.get(rung - 1), stop);
          if (result.isEmpty()) {
            return false;
          }
          keep(result.get());
        }
        ended.add(result.get());
      }
      listener.rungEnded(rung, rungs.size());
      contenders = Halving.better(ended);
    }
    return true;
  }

  /** The best result of each trial that has one, the best first; failures are left out. */
  public List<TrialResult> best() {
    Map<Integer, TrialResult> latest = new LinkedHashMap<>();
    results.stream()
        .sorted(Comparator.comparingInt(TrialResult::rung))
        .filter(result -> result.failure() == null)
        .forEach(result -> latest.put(result.trial(), result));
    return latest.values().stream().sorted(Halving.BETTER).toList();
  }

  /** Why trials failed, by trial. */
  public Map<Integer, String> failures() {
    Map<Integer, String> failures = new TreeMap<>();
    results.stream()
        .filter(result -> result.failure() != null)
        .forEach(result -> failures.put(result.trial(), result.failure()));
    return failures;
  }

  private Settings settings(int trial) {
    return trials.get(trial - 1);
  }

  private Optional<TrialResult> result(int trial, int rung) {
    return results.stream().filter(r -> r.trial() == trial && r.rung() == rung).findFirst();
  }

  private void keep(TrialResult result) throws IOException {
    folder.append(result);
    results.add(result);
    writeBest();
    listener.ended(result);
  }

  private void writeBest() throws IOException {
    List<TrialResult> best = best();
    if (!best.isEmpty()) {
      folder.writeBest(best.getFirst(), settings(best.getFirst().trial()));
    }
  }

  /** Trains a trial to the end of a rung; empty where it was stopped before. */
  private Optional<TrialResult> train(int trial, int rung, int epochs, BooleanSupplier stop)
      throws IOException {
    RunFolder run = folder.run(trial, data, settings(trial), backend.name());
    String failure = null;
    try (Trainer trainer = new Trainer(backend, data, run.settings(), run, listener)) {
      BooleanSupplier enough = () -> trainer.progress().validatedEpochs() >= epochs;
      if (!enough.getAsBoolean()) {
        Trainer.Outcome outcome = trainer.train(() -> enough.getAsBoolean() || stop.getAsBoolean());
        if (outcome == Trainer.Outcome.INTERRUPTED && !enough.getAsBoolean()) {
          return Optional.empty();
        }
      }
    } catch (Trainer.NonFiniteLossException | BadInputException e) {
      failure = e.getMessage(); // a rate that is too large, a model that has no room on the device
    }
    return Optional.of(result(trial, rung, epochs, run, failure));
  }

  private TrialResult result(int trial, int rung, int epochs, RunFolder run, String failure)
      throws IOException {
    List<JsonNode> lines = new JsonLines(run.metrics()).read();
    List<JsonNode> validated = lines.subList(0, Math.min(epochs, lines.size()));
    int best = 0;
    Map<String, Double> validation = Map.of();
    double seconds = 0;
    for (JsonNode line : validated) {
      seconds += line.path("train_seconds").asDouble();
      if (line.path("best").asBoolean()) {
        best = line.path("epoch").asInt();
        validation = JSON.convertValue(line.path("validation"), new TypeReference<>() {});
      }
    }
    Map<String, Object> settings = new LinkedHashMap<>();
    settings(trial).differencesFrom(base).forEach((key, value) -> settings.put(key.key(), value));
    return new TrialResult(
        trial, rung, validated.size(), best, settings, validation, seconds, failure);
  }
}
