package io.mgnm.simulator.dnn;

import io.mgnm.simulator.driver.MemoryRange;
import io.mgnm.simulator.memory.Access;
import io.mgnm.simulator.memory.DeviceMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * The parameters of an LSTM, or their gradients: for each pseudo-layer and part (0 to 3 the input's
 * gates i, f, g, o, 4 to 7 the recurrence's) a matrix {@code [hidden][columns]} and a bias.
 */
final class LstmWeights {
  private static final int PARTS = 2 * RnnShape.GATES;
  private final RnnShape shape;
  private final double[][] matrices;
  private final double[][] biases;

  /** All zero. */
  LstmWeights(RnnShape shape) {
    this.shape = shape;
    matrices = new double[shape.pseudoLayers() * PARTS][];
    biases = new double[shape.pseudoLayers() * PARTS][];
    for (int i = 0; i < matrices.length; i++) {
      matrices[i] = new double[shape.hiddenSize() * columns(shape, i / PARTS, i % PARTS)];
      biases[i] = new double[shape.hiddenSize()];
    }
  }

  static int columns(RnnShape shape, int pseudoLayer, int part) {
    return part < RnnShape.GATES
        ? shape.layerInput(pseudoLayer / shape.directions())
        : shape.hiddenSize();
  }

  double[] matrix(int pseudoLayer, int part) {
    return matrices[pseudoLayer * PARTS + part];
  }

  double[] bias(int pseudoLayer, int part) {
    return biases[pseudoLayer * PARTS + part];
  }

  static LstmWeights read(DeviceMemory memory, RnnShape shape, WeightLayout layout, long space) {
    LstmWeights weights = new LstmWeights(shape);
    for (int p = 0; p < shape.pseudoLayers(); p++) {
      for (int part = 0; part < PARTS; part++) {
        int i = p * PARTS + part;
        int count = weights.matrices[i].length;
        weights.matrices[i] = FloatVector.read(memory, space + layout.matrix(p, part), count);
        if (layout.bias(p, part) >= 0) {
          long bias = space + layout.bias(p, part);
          weights.biases[i] = FloatVector.read(memory, bias, shape.hiddenSize());
        }
      }
    }
    return weights;
  }

  /** Adds these to what the space holds: the only mode that cuDNN has for gradients. */
  void addTo(DeviceMemory memory, WeightLayout layout, long space) {
    LstmWeights sum = read(memory, shape, layout, space);
    for (int p = 0; p < shape.pseudoLayers(); p++) {
      for (int part = 0; part < PARTS; part++) {
        int i = p * PARTS + part;
        add(sum.matrices[i], matrices[i]);
        FloatVector.write(memory, space + layout.matrix(p, part), sum.matrices[i]);
        if (layout.bias(p, part) >= 0) {
          add(sum.biases[i], biases[i]);
          FloatVector.write(memory, space + layout.bias(p, part), sum.biases[i]);
        }
      }
    }
  }

  private static void add(double[] to, double[] values) {
    for (int i = 0; i < to.length; i++) {
      to[i] += values[i];
    }
  }

  /** Where the parameters lie, without the gaps. */
  static List<MemoryRange> ranges(RnnShape shape, WeightLayout layout, long space, Access access) {
    List<MemoryRange> ranges = new ArrayList<>();
    for (int p = 0; p < shape.pseudoLayers(); p++) {
      for (int part = 0; part < PARTS; part++) {
        long bytes = 4L * shape.hiddenSize() * columns(shape, p, part);
        ranges.add(new MemoryRange(space + layout.matrix(p, part), bytes, access));
        if (layout.bias(p, part) >= 0) {
          long bias = space + layout.bias(p, part);
          ranges.add(new MemoryRange(bias, 4L * shape.hiddenSize(), access));
        }
      }
    }
    return ranges;
  }
}
