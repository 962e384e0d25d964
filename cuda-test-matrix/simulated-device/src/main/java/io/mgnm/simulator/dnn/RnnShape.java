package io.mgnm.simulator.dnn;

/**
 * An RNN descriptor: an LSTM of floats.
 *
 * @param directions 1 or 2
 * @param biases 0 none, 1 on the input, 2 on both, 3 on the recurrence
 * @param roundsToTf32 whether products round their operands to TF32
 * @param padded whether unpacked layouts are allowed
 */
record RnnShape(
    int inputSize,
    int hiddenSize,
    int layers,
    int directions,
    int biases,
    int mathType,
    boolean roundsToTf32,
    boolean padded,
    float dropout,
    int algorithm) {
  static final int GATES = 4;

  /** Layers times directions: how cuDNN counts them. */
  int pseudoLayers() {
    return layers * directions;
  }

  int layerInput(int layer) {
    return layer == 0 ? inputSize : hiddenSize * directions;
  }

  int outputSize() {
    return hiddenSize * directions;
  }

  boolean hasInputBias() {
    return biases == 1 || biases == 2;
  }

  boolean hasRecurrentBias() {
    return biases == 2 || biases == 3;
  }
}
