package io.mgnm.simulator.dnn;

/**
 * The forward pass of cuDNN's LSTM: {@code i, f, o = sigmoid(W x + R h + b)}, {@code g =
 * tanh(...)}, {@code c' = f c + i g}, {@code h' = o tanh(c')}; directions side by side, layers upon
 * each other.
 */
final class LstmForward {
  private final RnnShape shape;
  private final SequenceShape sequences;
  private final LstmWeights weights;
  private final LstmTape tape;
  private final int hidden;
  private final int batch;

  /** State after the last step, {@code [pseudo-layer][sequence][hidden]}. */
  final double[] lastOutputs;

  final double[] lastCells;

  LstmForward(RnnShape shape, SequenceShape sequences, LstmWeights weights, LstmTape tape) {
    this.shape = shape;
    this.sequences = sequences;
    this.weights = weights;
    this.tape = tape;
    this.hidden = shape.hiddenSize();
    this.batch = sequences.batch();
    lastOutputs = new double[shape.pseudoLayers() * batch * hidden];
    lastCells = new double[lastOutputs.length];
  }

  /**
   * Runs all layers.
   *
   * @param input {@code [time][sequence][component]}
   * @param outputs first state, {@code [pseudo-layer][sequence][hidden]}
   * @param cells first cells, likewise
   * @return the last layer's output, {@code [time][sequence][direction * hidden]}
   */
  double[] run(double[] input, double[] outputs, double[] cells) {
    double[] x = input;
    for (int layer = 0; layer < shape.layers(); layer++) {
      for (int direction = 0; direction < shape.directions(); direction++) {
        int p = layer * shape.directions() + direction;
        for (int n = 0; n < batch; n++) {
          sequence(p, n, x, outputs, cells);
        }
      }
      x = layerOutput(shape, sequences, tape, layer);
    }
    return x;
  }

  private void sequence(int p, int n, double[] x, double[] outputs, double[] cells) {
    int first = (p * batch + n) * hidden;
    double[] h = java.util.Arrays.copyOfRange(outputs, first, first + hidden);
    double[] c = java.util.Arrays.copyOfRange(cells, first, first + hidden);
    int columns = LstmWeights.columns(shape, p, 0);
    int length = sequences.lengths()[n];
    for (int step = 0; step < length; step++) {
      int t = time(shape, p, step, length);
      int at = tape.at(p, t, n);
      int from = (t * batch + n) * columns;
      for (int gate = 0; gate < RnnShape.GATES; gate++) {
        activate(p, gate, x, from, columns, h, at);
      }
      for (int j = 0; j < hidden; j++) {
        int k = at + j;
        c[j] = tape.gates[1][k] * c[j] + tape.gates[0][k] * tape.gates[2][k];
        tape.cells[k] = c[j];
        tape.outputs[k] = tape.gates[3][k] * Math.tanh(c[j]);
      }
      System.arraycopy(tape.outputs, at, h, 0, hidden);
    }
    System.arraycopy(h, 0, lastOutputs, first, hidden);
    System.arraycopy(c, 0, lastCells, first, hidden);
  }

  private void activate(int p, int gate, double[] x, int from, int columns, double[] h, int at) {
    double[] w = weights.matrix(p, gate);
    double[] r = weights.matrix(p, gate + RnnShape.GATES);
    boolean round = shape.roundsToTf32();
    for (int j = 0; j < hidden; j++) {
      double sum = weights.bias(p, gate)[j] + weights.bias(p, gate + RnnShape.GATES)[j];
      for (int k = 0; k < columns; k++) {
        sum += operand(w[j * columns + k], round) * operand(x[from + k], round);
      }
      for (int k = 0; k < hidden; k++) {
        sum += operand(r[j * hidden + k], round) * operand(h[k], round);
      }
      tape.gates[gate][at + j] = gate == 2 ? Math.tanh(sum) : 1 / (1 + Math.exp(-sum));
    }
  }

  /** TF32 keeps 10 bits of the fraction. */
  static double operand(double value, boolean round) {
    if (!round) {
      return value;
    }
    int bits = Float.floatToRawIntBits((float) value);
    return Float.intBitsToFloat((bits + (1 << 12)) & ~0x1fff);
  }

  /** The second direction goes from the sequence's end. */
  static int time(RnnShape shape, int pseudoLayer, int step, int length) {
    return pseudoLayer % shape.directions() == 0 ? step : length - 1 - step;
  }

  /** What a layer gives the next: its directions side by side. */
  static double[] layerOutput(RnnShape shape, SequenceShape sequences, LstmTape tape, int layer) {
    int hidden = shape.hiddenSize();
    int width = shape.outputSize();
    double[] result = new double[sequences.maxLength() * sequences.batch() * width];
    for (int n = 0; n < sequences.batch(); n++) {
      for (int t = 0; t < sequences.lengths()[n]; t++) {
        for (int direction = 0; direction < shape.directions(); direction++) {
          int from = tape.at(layer * shape.directions() + direction, t, n);
          int to = (t * sequences.batch() + n) * width + direction * hidden;
          System.arraycopy(tape.outputs, from, result, to, hidden);
        }
      }
    }
    return result;
  }
}
