package io.mgnm.simulator.dnn;

/**
 * One direction of an LSTM layer in plain Java, written for reading and apart from the device's.
 */
final class PlainLstm {
  /** {@code [gate][hidden][input]}, gates in cuDNN's order i, f, g, o. */
  final double[][][] w;

  final double[][][] r;
  final double[][] b;

  PlainLstm(int hidden, int input) {
    w = new double[4][hidden][input];
    r = new double[4][hidden][hidden];
    b = new double[4][hidden];
  }

  /**
   * The states after each step; the last entry of each state array is left in {@code h}, {@code c}.
   */
  double[][] run(double[][] x, double[] h, double[] c) {
    double[][] outputs = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] next = new double[h.length];
      for (int j = 0; j < h.length; j++) {
        double i = sigmoid(sum(0, j, x[t], h));
        double f = sigmoid(sum(1, j, x[t], h));
        double g = Math.tanh(sum(2, j, x[t], h));
        double o = sigmoid(sum(3, j, x[t], h));
        c[j] = f * c[j] + i * g;
        next[j] = o * Math.tanh(c[j]);
      }
      System.arraycopy(next, 0, h, 0, h.length);
      outputs[t] = next;
    }
    return outputs;
  }

  private double sum(int gate, int j, double[] x, double[] h) {
    double sum = b[gate][j];
    for (int k = 0; k < x.length; k++) {
      sum += w[gate][j][k] * x[k];
    }
    for (int k = 0; k < h.length; k++) {
      sum += r[gate][j][k] * h[k];
    }
    return sum;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
