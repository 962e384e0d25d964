package io.mgnm.simulator.dnn;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Where matrices and biases lie in an LSTM's weight space. cuDNN promises no order, so this is a
 * shuffled one with gaps, drawn from a seed and the shape.
 */
final class WeightLayout {
  private static final int ALIGNMENT = 16;
  private static final int LARGEST_GAP = 5;

  /**
   * A matrix or a bias.
   *
   * @param part 0 to 3 for the input's gates, 4 to 7 for the recurrence's: i, f, g, o
   */
  private record Key(int pseudoLayer, int part, boolean bias) {}

  private final Map<Key, Long> offsets = new HashMap<>();
  private final long bytes;

  WeightLayout(RnnShape shape, long seed) {
    List<Key> keys = new ArrayList<>();
    for (int layer = 0; layer < shape.pseudoLayers(); layer++) {
      for (int part = 0; part < 2 * RnnShape.GATES; part++) {
        keys.add(new Key(layer, part, false));
        boolean recurrent = part >= RnnShape.GATES;
        if (recurrent ? shape.hasRecurrentBias() : shape.hasInputBias()) {
          keys.add(new Key(layer, part, true));
        }
      }
    }
    Random random =
        new Random(seed * 31 + shape.hiddenSize() * 7L + shape.inputSize() + shape.biases());
    Collections.shuffle(keys, random);
    long at = 0;
    for (Key key : keys) {
      at += (long) ALIGNMENT * random.nextInt(LARGEST_GAP);
      offsets.put(key, at);
      long floats = key.bias ? shape.hiddenSize() : (long) shape.hiddenSize() * columns(shape, key);
      at = (at + 4 * floats + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    bytes = at;
  }

  private static int columns(RnnShape shape, Key key) {
    return key.part < RnnShape.GATES
        ? shape.layerInput(key.pseudoLayer / shape.directions())
        : shape.hiddenSize();
  }

  long bytes() {
    return bytes;
  }

  /** Byte offset of the matrix {@code [hidden][columns]}, row-major. */
  long matrix(int pseudoLayer, int part) {
    return offsets.get(new Key(pseudoLayer, part, false));
  }

  /** Byte offset of the bias, or -1 where the mode has none. */
  long bias(int pseudoLayer, int part) {
    return offsets.getOrDefault(new Key(pseudoLayer, part, true), -1L);
  }
}
