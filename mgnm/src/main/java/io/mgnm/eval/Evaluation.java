package io.mgnm.eval;

import java.util.Map;

/**
 * What an evaluation found.
 *
 * @param metrics by scorer, in the order the scorers were given
 * @param samples samples evaluated
 * @param shortLists samples with fewer negatives than asked for
 */
public record Evaluation(Map<String, Metrics> metrics, int samples, int shortLists) {}
