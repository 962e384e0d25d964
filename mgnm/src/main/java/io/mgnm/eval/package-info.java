/**
 * Evaluation by the protocol of docs/evaluation.md: candidates drawn once for ever ({@link
 * io.mgnm.eval.CandidateLists}), scorers ({@link io.mgnm.eval.Scorer}: the model, random,
 * popularity, co-occurrence), and metrics of ranks ({@link io.mgnm.eval.Metrics}).
 *
 * <p>Depends on {@code io.mgnm.model}, {@code data} and {@code io.mgnm.ops}.
 */
package io.mgnm.eval;
