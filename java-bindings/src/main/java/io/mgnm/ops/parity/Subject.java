package io.mgnm.ops.parity;

import io.mgnm.ops.Backend;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.Histories;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * One backend under test, with tensors whose contents depend on a seed and the order in which they
 * are made only: the same test code run on two subjects gives both the same inputs.
 */
public final class Subject implements AutoCloseable {
  private final Backend backend;
  private final Scope scope;
  private final RandomGenerator random;
  private final Map<String, Tensor> outputs = new LinkedHashMap<>();
  private final List<Guard> guards = new ArrayList<>();

  private record Guard(String name, Tensor around, int size) {}

  private static final int GUARD_CELLS = 16;
  private static final float GUARD = 12345.678f;

  /** A subject that draws its inputs from {@code seed}. */
  public Subject(Backend backend, long seed) {
    this.backend = backend;
    this.scope = backend.scope("test");
    this.random = new SplittableRandom(seed);
  }

  public Backend backend() {
    return backend;
  }

  public Scope scope() {
    return scope;
  }

  public RandomGenerator random() {
    return random;
  }

  /** A batch of histories of the given lengths with random ids. */
  public Batch batch(int[] lengths, int candidates, int d, int levels, int interests) {
    int items = Arrays.stream(lengths).sum();
    int longest = Arrays.stream(lengths).max().orElse(1);
    Batch batch =
        scope.batch(
            new BatchShape(lengths.length, items, longest, candidates, d, levels, interests));
    int[] offsets = new int[lengths.length + 1];
    for (int b = 0; b < lengths.length; b++) {
      offsets[b + 1] = offsets[b] + lengths[b];
    }
    batch.upload(
        new Histories(
            random.ints(lengths.length, 0, 1000).toArray(),
            random.ints(lengths.length, 0, 20).toArray(),
            offsets,
            random.ints(items, 0, 50).toArray(),
            random.ints((long) lengths.length * candidates, 0, 50).toArray()));
    return batch;
  }

  /** Fills a tensor with normal numbers times {@code scale}, of both signs. */
  public Tensor input(Tensor tensor, double scale) {
    float[] values = new float[tensor.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * scale);
    }
    tensor.upload(values);
    return tensor;
  }

  /** Fills a tensor with given values. */
  public Tensor input(Tensor tensor, float[] values) {
    tensor.upload(values);
    return tensor;
  }

  /** Names a tensor whose values are compared; poisons it, so that a cell not written shows. */
  public Tensor output(String name, Tensor tensor) {
    float[] poison = new float[tensor.size()];
    Arrays.fill(poison, Float.NaN);
    tensor.upload(poison);
    outputs.put(name, tensor);
    return tensor;
  }

  /** A poisoned output of fixed rows, with guard cells before and behind it. */
  public Tensor output(String name, int rows, int width) {
    int size = rows * width;
    Tensor around = scope.floats(1, size + 2 * GUARD_CELLS);
    float[] guard = new float[around.size()];
    Arrays.fill(guard, GUARD);
    around.upload(guard);
    guards.add(new Guard(name, around, size));
    return output(name, around.slice(GUARD_CELLS, rows, width));
  }

  /** The compared tensors by name. */
  public Map<String, Tensor> outputs() {
    return outputs;
  }

  /** Fails where an operation wrote beside an output. */
  public void checkGuards() {
    for (Guard guard : guards) {
      float[] cells = guard.around().download();
      for (int i = 0; i < cells.length; i++) {
        boolean inside = i >= GUARD_CELLS && i < GUARD_CELLS + guard.size();
        if (!inside && cells[i] != GUARD) {
          throw new AssertionError(
              "%s on %s: guard cell %d was overwritten with %s"
                  .formatted(guard.name(), backend.name(), i - GUARD_CELLS, cells[i]));
        }
      }
    }
  }

  @Override
  public void close() {
    scope.close();
  }
}
