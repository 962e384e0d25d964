package io.mgnm.bench.peer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Objects;
import java.util.stream.Stream;

/** A padded batch in libtorch's memory, before anything is timed. */
final class TorchBatch {
  private static final float NEVER = -1e30f; // as a logit: a coupling of 0

  final Padded padded;
  final NDArray rows;
  final NDArray userRows;
  final NDArray items;
  final NDArray users;
  final NDArray candidates;
  final NDArray labels;
  final NDArray logits;

  /** What makes padding invisible; null where there is none. */
  final NDArray pairs;

  final NDArray padding;
  final NDArray silence;
  final NDArray reversed;

  TorchBatch(NDManager manager, Padded padded, int capsules) {
    this.padded = padded;
    int b = padded.histories();
    int n = padded.length();
    rows = manager.create(padded.rows());
    userRows = manager.create(padded.userRows());
    items = manager.create(padded.items(), new Shape(b, n));
    users = manager.create(padded.users());
    candidates = manager.create(padded.positives(), new Shape(b, padded.candidates()));
    float[] first = new float[padded.candidates()];
    if (first.length > 0) {
      first[0] = 1;
    }
    labels = manager.create(first, new Shape(1, 1, padded.candidates()));
    logits = manager.create(padded.logits(), new Shape(n, (long) b * capsules));
    if (padded.full()) {
      pairs = null;
      padding = null;
      silence = null;
      reversed = null;
      return;
    }
    NDArray mask = manager.create(padded.mask(), new Shape(b, n, 1));
    pairs = mask.matMul(mask.transpose(0, 2, 1));
    padding = mask.neg().add(1);
    silence =
        padding
            .mul(NEVER)
            .reshape(b, n)
            .transpose()
            .expandDims(2)
            .broadcast(n, b, capsules)
            .reshape(n, (long) b * capsules);
    reversed = manager.create(padded.reversed(), new Shape((long) n * b * capsules, 1));
  }

  /** Leaves it to a step, so that what is made of it ends with the step. */
  void lend(NDManager step) {
    Stream.of(
            rows,
            userRows,
            items,
            users,
            candidates,
            labels,
            logits,
            pairs,
            padding,
            silence,
            reversed)
        .filter(Objects::nonNull)
        .forEach(array -> array.tempAttach(step));
  }
}
