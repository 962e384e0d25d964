package io.mgnm.matrix.rows;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.parity.Bounds;
import io.mgnm.ops.parity.Subject;
import java.util.Arrays;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;

/**
 * All that decides a case of a row: its size and what is constant in a run.
 *
 * @param size of the batch, or rows
 * @param d embedding size
 * @param levels L + 1
 * @param interests K
 * @param variant which of the row's options
 */
public record Shape(Size size, int d, int levels, int interests, int variant) {
  private static final int CANDIDATES = 6;
  private static final int FEW = 3;
  private static final int MOST = 1000;

  /** A batch of the size's histories. */
  public Batch batch(Subject subject) {
    return subject.batch(size.lengths(), CANDIDATES, d, levels, interests);
  }

  /** Likewise, with ids from elsewhere. */
  Batch batch(Subject subject, IntSupplier ids) {
    Batch batch = batch(subject);
    Histories old = batch.download();
    batch.upload(
        new Histories(
            old.samples(),
            drawn(ids, old.users().length),
            old.offsets(),
            drawn(ids, old.items().length),
            drawn(ids, old.candidates().length)));
    return batch;
  }

  /** How many ids a batch has: items and candidates. */
  int ids() {
    int[] lengths = size.lengths();
    return Arrays.stream(lengths).sum() + lengths.length * CANDIDATES;
  }

  private static int[] drawn(IntSupplier ids, int count) {
    return IntStream.generate(ids).limit(count).toArray();
  }

  /**
   * A batch for operations that look at candidates only: as many histories as the size says with
   * few candidates, or with an odd variant the other way round.
   */
  Batch candidates(Subject subject) {
    int n = Math.min(size.n(), MOST);
    boolean wide = variant % 2 == 1 && n > 0;
    int[] lengths = new int[wide ? FEW : n];
    Arrays.fill(lengths, 1);
    return subject.batch(lengths, wide ? n : CANDIDATES, d, levels, interests);
  }

  /** Values that were computed already, as an output. */
  static void results(Subject subject, String name, float... values) {
    subject.output(name, 1, values.length).upload(values);
  }

  /** Integers as floats, which are exact below 2²⁴. */
  static float[] floats(int[] integers) {
    float[] floats = new float[integers.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = integers[i];
    }
    return floats;
  }

  /** A tensor of the batch with random numbers. */
  static Tensor input(Subject subject, Batch batch, Axis axis, int width, double scale) {
    return subject.input(batch.tensor(axis, width, Lifetime.KEPT), scale);
  }

  /** A poisoned tensor of the batch that is compared. */
  static Tensor output(Subject subject, Batch batch, String name, Axis axis, int width) {
    return subject.output(name, batch.tensor(axis, width, Lifetime.KEPT));
  }

  /** Likewise, of capsules. */
  static Tensor inputCapsules(Subject subject, Batch batch, Axis axis, int width, double scale) {
    return subject.input(batch.capsules(axis, width, Lifetime.KEPT), scale);
  }

  /** Likewise, of capsules. */
  static Tensor outputCapsules(Subject subject, Batch batch, String name, Axis axis, int width) {
    return subject.output(name, batch.capsules(axis, width, Lifetime.KEPT));
  }

  /** For what is computed from logits that grow with the inputs, where those are large. */
  Bounds boundsOfLogits() {
    double scale = size.scale();
    return scale > 1 ? Bounds.ofLogits(10 * scale) : Bounds.DEFAULT;
  }

  /** For random inputs, the same in every run. */
  public long seed(String stem) {
    return (stem + this).hashCode();
  }

  @Override
  public String toString() {
    return "%s/d%d/%dx%d/v%d".formatted(size, d, levels, interests, variant);
  }
}
