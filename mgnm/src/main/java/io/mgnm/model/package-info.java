/**
 * The model as a straight line of operations, the same for every backend: its sizes and options
 * ({@link io.mgnm.model.ModelConfig}), its parameters ({@link io.mgnm.model.Parameters}), one
 * forward and backward pass ({@link io.mgnm.model.Network}), and the two sequences made of them, a
 * {@link io.mgnm.model.TrainingStep} and a {@link io.mgnm.model.ScoringStep}.
 *
 * <p>Depends on {@code io.mgnm.ops} and {@code io.mgnm.config}, never on a particular backend.
 */
package io.mgnm.model;
