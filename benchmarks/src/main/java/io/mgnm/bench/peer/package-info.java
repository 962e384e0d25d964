/**
 * What a user would pick instead of this library: the same model on libtorch, through DJL. Written
 * as one who knows PyTorch well would: one LSTM call for all capsules and levels, batched products,
 * a history encoded once for all its candidates, rows of the tables gathered and updated once.
 *
 * <p>It is compiled against DJL's API alone; the engine and libtorch are on the class path only
 * where the Maven profile {@code peers} put them there, as {@code bin/mgnm bench peers} does.
 */
package io.mgnm.bench.peer;
