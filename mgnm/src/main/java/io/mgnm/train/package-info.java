/**
 * Training: the loop over steps and epochs with early stopping ({@link io.mgnm.train.Trainer}), the
 * folder that a run writes ({@link io.mgnm.train.RunFolder}), checkpoints in the safetensors
 * format, and initial values.
 *
 * <p>Depends on {@code io.mgnm.model}, {@code data} and {@code eval}; nothing here knows which
 * backend runs.
 */
package io.mgnm.train;
