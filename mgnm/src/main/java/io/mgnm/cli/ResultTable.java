package io.mgnm.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.mgnm.data.Dataset;
import io.mgnm.data.Manifest;
import io.mgnm.eval.CoOccurrenceScorer;
import io.mgnm.eval.Evaluation;
import io.mgnm.eval.EvaluationOptions;
import io.mgnm.eval.Evaluator;
import io.mgnm.eval.Metrics;
import io.mgnm.eval.ModelScorer;
import io.mgnm.eval.PopularityScorer;
import io.mgnm.eval.RandomScorer;
import io.mgnm.eval.Scorer;
import io.mgnm.train.TrainedModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** An evaluation of a model beside the simple scorers, as text or JSON. */
final class ResultTable {
  private static final long RANDOM_SEED = 1;

  private final Evaluation evaluation;
  private final EvaluationOptions options;
  private final Manifest.PartReport part;
  private final double historiesPerSecond;

  private ResultTable(
      Evaluation evaluation,
      EvaluationOptions options,
      Manifest.PartReport part,
      double historiesPerSecond) {
    this.evaluation = evaluation;
    this.options = options;
    this.part = part;
    this.historiesPerSecond = historiesPerSecond;
  }

  /** Evaluates, and writes the model's rank of every sample to {@code ranks}. */
  static ResultTable evaluate(
      Dataset data, TrainedModel model, EvaluationOptions options, Path ranks) throws IOException {
    int candidates = options.full() ? 0 : 1 + options.negatives();
    try (ModelScorer scorer =
            new ModelScorer(
                model.backend(),
                model.parameters(),
                model.scoringStep(Evaluator.BLOCK, candidates),
                model.userRows()::of);
        PrintWriter writer = new PrintWriter(Files.newBufferedWriter(ranks))) {
      writer.println("sample\tuser\titem\tgreater\tequal");
      List<Scorer> scorers =
          List.of(
              scorer,
              new RandomScorer(RANDOM_SEED),
              new PopularityScorer(data),
              new CoOccurrenceScorer(data));
      Evaluation evaluation =
          new Evaluator(data, options)
              .listening(
                  (from, sample, greater, equal) -> {
                    if (from == scorer) {
                      writer.printf(
                          "%d\t%s\t%s\t%d\t%d%n",
                          sample,
                          data.userId(data.sampleUser(sample)),
                          data.itemId(data.item(data.sampleEvent(sample))),
                          greater,
                          equal);
                    }
                  })
              .evaluate(scorers);
      Manifest.PartReport report =
          data.manifest().split().parts().stream()
              .filter(p -> p.part() == options.part())
              .findFirst()
              .orElseThrow();
      if (writer.checkError()) {
        throw new UncheckedIOException(new IOException(ranks + " could not be written"));
      }
      return new ResultTable(evaluation, options, report, scorer.historiesPerSecond());
    }
  }

  /** The model's metrics. */
  Metrics model() {
    return evaluation.metrics().get("model");
  }

  /** One JSON object. */
  Stream<String> json() {
    Map<String, Object> object = new LinkedHashMap<>();
    evaluation.metrics().forEach((name, metrics) -> object.put(name, metrics.means()));
    object.put("histories_per_second", historiesPerSecond);
    object.put("split", part.part().label());
    object.put("samples", evaluation.samples());
    object.put("candidates", options.full() ? "full" : options.negatives());
    object.put("cold_user_samples", part.coldUserSamples());
    object.put("cold_item_samples", part.coldItemSamples());
    try {
      return Stream.of(
          new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(object));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("numbers and names always have a JSON form", e);
    }
  }

  /** A table for people. */
  Stream<String> text() {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%s, %,d samples, %s, ties %s"
            .formatted(
                part.part().label(),
                evaluation.samples(),
                options.full()
                    ? "the whole catalogue"
                    : "the target among %,d negatives".formatted(options.negatives()),
                options.ties().name().toLowerCase(Locale.ROOT)));
    StringBuilder header = new StringBuilder("%-14s".formatted(""));
    model().means().keySet().forEach(name -> header.append("%9s".formatted(name)));
    lines.add(header.toString());
    evaluation
        .metrics()
        .forEach(
            (name, metrics) -> {
              StringBuilder line = new StringBuilder("%-14s".formatted(name));
              metrics.means().values().forEach(v -> line.append("%9.4f".formatted(v)));
              lines.add(line.toString());
            });
    lines.add("model: %,.0f histories/s scored".formatted(historiesPerSecond));
    if (part.coldUserSamples() > 0 || part.coldItemSamples() > 0) {
      lines.add(
          "%,d samples are of users without a training sample, %,d have a target not in training"
              .formatted(part.coldUserSamples(), part.coldItemSamples()));
    }
    if (evaluation.shortLists() > 0) {
      lines.add(
          "warning: %,d samples have fewer negatives than asked for: the catalogue is too small"
              .formatted(evaluation.shortLists()));
    }
    return lines.stream();
  }
}
