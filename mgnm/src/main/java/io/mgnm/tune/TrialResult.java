package io.mgnm.tune;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Map;

/**
 * What a trial has reached at the end of a rung: a line of {@code trials.jsonl}.
 *
 * @param trial from 1
 * @param rung from 1
 * @param epochs validated since its beginning
 * @param bestEpoch the one with the best validation NDCG@5; 0 where none was validated
 * @param settings that differ from the base's, by name
 * @param validation metrics of the best epoch, by name
 * @param trainSeconds of all epochs, as {@code metrics.jsonl} has them
 * @param failure why it goes no further, or null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TrialResult(
    int trial,
    int rung,
    int epochs,
    @JsonProperty("best_epoch") int bestEpoch,
    Map<String, Object> settings,
    Map<String, Double> validation,
    @JsonProperty("train_seconds") double trainSeconds,
    String failure) {

  /** What trials are compared by; 0 where none was validated. */
  @JsonIgnore
  public double ndcg5() {
    return validation.getOrDefault("ndcg@5", 0.0);
  }
}
