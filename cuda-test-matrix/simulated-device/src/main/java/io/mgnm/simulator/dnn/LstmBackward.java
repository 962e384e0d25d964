package io.mgnm.simulator.dnn;

import java.util.Arrays;

/** The backward passes: first with respect to the data, then to the parameters. */
final class LstmBackward {
  private final RnnShape shape;
  private final SequenceShape sequences;
  private final LstmTape tape;
  private final int hidden;
  private final int batch;

  LstmBackward(RnnShape shape, SequenceShape sequences, LstmTape tape) {
    this.shape = shape;
    this.sequences = sequences;
    this.tape = tape;
    this.hidden = shape.hiddenSize();
    this.batch = sequences.batch();
  }

  /**
   * Gradients with respect to the data; those of the gates go onto the tape.
   *
   * @param output gradient of the output, {@code [time][sequence][direction * hidden]}
   * @param firstCells cells before the first step, {@code [pseudo-layer][sequence][hidden]}
   * @param states gradient of the last outputs; becomes that of the first
   * @param cells gradient of the last cells; becomes that of the first
   * @return gradient of the input
   */
  double[] data(
      LstmWeights weights, double[] output, double[] firstCells, double[] states, double[] cells) {
    double[] upper = output;
    for (int layer = shape.layers() - 1; layer >= 0; layer--) {
      int columns = shape.layerInput(layer);
      double[] lower = new double[sequences.maxLength() * batch * columns];
      for (int direction = 0; direction < shape.directions(); direction++) {
        int p = layer * shape.directions() + direction;
        for (int n = 0; n < batch; n++) {
          sequence(p, n, weights, upper, firstCells, states, cells, lower);
        }
      }
      upper = lower;
    }
    return upper;
  }

  private void sequence(
      int p,
      int n,
      LstmWeights weights,
      double[] upper,
      double[] firstCells,
      double[] states,
      double[] cells,
      double[] lower) {
    int first = (p * batch + n) * hidden;
    int length = sequences.lengths()[n];
    int direction = p % shape.directions();
    int columns = LstmWeights.columns(shape, p, 0);
    double[] dh = Arrays.copyOfRange(states, first, first + hidden);
    double[] dc = Arrays.copyOfRange(cells, first, first + hidden);
    for (int step = length - 1; step >= 0; step--) {
      int t = LstmForward.time(shape, p, step, length);
      int at = tape.at(p, t, n);
      int above = (t * batch + n) * shape.outputSize() + direction * hidden;
      for (int j = 0; j < hidden; j++) {
        double before =
            step == 0
                ? firstCells[first + j]
                : tape.cells[tape.at(p, LstmForward.time(shape, p, step - 1, length), n) + j];
        dc[j] = gate(at + j, dh[j] + upper[above + j], dc[j], before);
      }
      Arrays.fill(dh, 0);
      for (int gate = 0; gate < RnnShape.GATES; gate++) {
        transposed(weights.matrix(p, gate), gate, at, columns, lower, (t * batch + n) * columns);
        transposed(weights.matrix(p, gate + RnnShape.GATES), gate, at, hidden, dh, 0);
      }
    }
    System.arraycopy(dh, 0, states, first, hidden);
    System.arraycopy(dc, 0, cells, first, hidden);
  }

  /** One unit of one step; returns the gradient of its cell before the step. */
  private double gate(int k, double dh, double dcLater, double before) {
    double i = tape.gates[0][k];
    double f = tape.gates[1][k];
    double g = tape.gates[2][k];
    double o = tape.gates[3][k];
    double tanh = Math.tanh(tape.cells[k]);
    double dc = dcLater + dh * o * (1 - tanh * tanh);
    tape.gradients[0][k] = dc * g * i * (1 - i);
    tape.gradients[1][k] = dc * before * f * (1 - f);
    tape.gradients[2][k] = dc * i * (1 - g * g);
    tape.gradients[3][k] = dh * tanh * o * (1 - o);
    return dc * f;
  }

  private void transposed(double[] m, int gate, int at, int columns, double[] to, int offset) {
    boolean round = shape.roundsToTf32();
    for (int j = 0; j < hidden; j++) {
      double gradient = LstmForward.operand(tape.gradients[gate][at + j], round);
      for (int k = 0; k < columns; k++) {
        to[offset + k] += LstmForward.operand(m[j * columns + k], round) * gradient;
      }
    }
  }

  /**
   * Gradients with respect to the parameters, from the gates' gradients on the tape.
   *
   * @param input {@code [time][sequence][component]}
   * @param firstOutputs outputs before the first step, {@code [pseudo-layer][sequence][hidden]}
   */
  LstmWeights parameters(double[] input, double[] firstOutputs) {
    LstmWeights result = new LstmWeights(shape);
    double[] x = input;
    for (int layer = 0; layer < shape.layers(); layer++) {
      for (int direction = 0; direction < shape.directions(); direction++) {
        int p = layer * shape.directions() + direction;
        for (int n = 0; n < batch; n++) {
          accumulate(p, n, x, firstOutputs, result);
        }
      }
      x = LstmForward.layerOutput(shape, sequences, tape, layer);
    }
    return result;
  }

  private void accumulate(int p, int n, double[] x, double[] firstOutputs, LstmWeights to) {
    int length = sequences.lengths()[n];
    int columns = LstmWeights.columns(shape, p, 0);
    for (int step = 0; step < length; step++) {
      int t = LstmForward.time(shape, p, step, length);
      int at = tape.at(p, t, n);
      double[] states = step == 0 ? firstOutputs : tape.outputs;
      int state =
          step == 0
              ? (p * batch + n) * hidden
              : tape.at(p, LstmForward.time(shape, p, step - 1, length), n);
      for (int gate = 0; gate < RnnShape.GATES; gate++) {
        outer(to.matrix(p, gate), gate, at, x, (t * batch + n) * columns, columns);
        outer(to.matrix(p, gate + RnnShape.GATES), gate, at, states, state, hidden);
        for (int j = 0; j < hidden; j++) {
          to.bias(p, gate)[j] += tape.gradients[gate][at + j];
          to.bias(p, gate + RnnShape.GATES)[j] += tape.gradients[gate][at + j];
        }
      }
    }
  }

  private void outer(double[] to, int gate, int at, double[] x, int from, int columns) {
    boolean round = shape.roundsToTf32();
    for (int j = 0; j < hidden; j++) {
      double gradient = LstmForward.operand(tape.gradients[gate][at + j], round);
      for (int k = 0; k < columns; k++) {
        to[j * columns + k] += gradient * LstmForward.operand(x[from + k], round);
      }
    }
  }
}
