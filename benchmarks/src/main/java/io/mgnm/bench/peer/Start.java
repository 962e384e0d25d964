package io.mgnm.bench.peer;

/**
 * Parameters to start from, as both sides get them.
 *
 * @param items V, M × d
 * @param users U, N × d
 * @param weights all weights, in the order of {@link io.mgnm.model.WeightLayout}
 */
public record Start(float[] items, float[] users, float[] weights) {}
