package io.mgnm.ops.reference;

import io.mgnm.ops.TransformerEncoder;

/** The transformer block over one sequence: forward, and from what that kept, backward. */
final class ReferenceTransformerBlock {
  private final Precision precision;
  private final TransformerEncoder.Options options;
  private final ReferenceTensor w;
  private final int d;
  private final int headSize;

  private double[][] x;
  private final double[][][] qkv = new double[3][][];
  private double[][][] weights; // softmax, [head][t][u]
  private double[][] context;
  private Normed first;
  private double[][] before; // the feed-forward's hidden values before and after GELU
  private double[][] after;
  private Normed second;

  /** Layer normalisation: the normalised values, 1/σ, and gain · normalised + bias. */
  private record Normed(double[][] normal, double[] scale, double[][] result) {}

  ReferenceTransformerBlock(
      Precision precision, TransformerEncoder.Options options, ReferenceTensor w) {
    this.precision = precision;
    this.options = options;
    this.w = w;
    this.d = options.d();
    this.headSize = d / TransformerEncoder.HEADS;
  }

  /** Where the weights of q, k, v or o (0 to 3) begin. */
  private int attention(int which) {
    return options.attention() + which * (d * d + d);
  }

  private int secondLayer() {
    return options.feedForward() + 2 * d * d + 2 * d;
  }

  /** f, without the residual z. */
  double[][] forward(double[][] z) {
    int n = z.length;
    x = new double[n][d];
    for (int t = 0; t < n; t++) {
      for (int k = 0; k < d; k++) {
        x[t][k] = precision.store(z[t][k] + w.get(0, (n - 1 - t) * d + k));
      }
    }
    for (int which = 0; which < 3; which++) {
      qkv[which] = layer(x, attention(which), d, d);
    }
    attend(n);
    first = norm(sum(x, layer(context, attention(3), d, d)), options.firstNorm());
    before = layer(first.result, options.feedForward(), d, 2 * d);
    after = new double[n][2 * d];
    for (int t = 0; t < n; t++) {
      for (int k = 0; k < 2 * d; k++) {
        after[t][k] = precision.store(before[t][k] * phi(before[t][k]));
      }
    }
    second = norm(sum(first.result, layer(after, secondLayer(), 2 * d, d)), options.secondNorm());
    return second.result;
  }

  /** The derivative by x, which is that by z without the residual; adds to dW. */
  double[][] backward(double[][] dF, ReferenceTensor dW) {
    double[][] dSum = normGradient(dF, second, options.secondNorm(), dW);
    double[][] dHidden = layerGradient(dSum, after, secondLayer(), 2 * d, d, dW);
    for (int t = 0; t < dHidden.length; t++) {
      for (int k = 0; k < 2 * d; k++) {
        double value = before[t][k];
        double density = Math.exp(-value * value / 2) / Math.sqrt(2 * Math.PI);
        dHidden[t][k] = precision.store(dHidden[t][k] * (phi(value) + value * density));
      }
    }
    double[][] dFirst =
        sum(dSum, layerGradient(dHidden, first.result, options.feedForward(), d, 2 * d, dW));
    double[][] dX = normGradient(dFirst, first, options.firstNorm(), dW);
    double[][][] dQkv = attentionGradient(layerGradient(dX, context, attention(3), d, d, dW));
    for (int which = 0; which < 3; which++) {
      dX = sum(dX, layerGradient(dQkv[which], x, attention(which), d, d, dW));
    }
    int n = dX.length;
    for (int t = 0; t < n; t++) {
      for (int k = 0; k < d; k++) {
        dW.add(0, (n - 1 - t) * d + k, dX[t][k]);
      }
    }
    return dX;
  }

  private void attend(int n) {
    weights = new double[TransformerEncoder.HEADS][n][n];
    context = new double[n][d];
    for (int head = 0; head < TransformerEncoder.HEADS; head++) {
      for (int t = 0; t < n; t++) {
        double[] row = weights[head][t];
        double largest = Double.NEGATIVE_INFINITY;
        for (int u = 0; u < n; u++) {
          row[u] = precision.store(dot(qkv[0][t], qkv[1][u], head) / Math.sqrt(headSize));
          largest = Math.max(largest, row[u]);
        }
        double total = 0;
        for (int u = 0; u < n; u++) {
          row[u] = precision.store(Math.exp(row[u] - largest));
          total = precision.store(total + row[u]);
        }
        for (int u = 0; u < n; u++) {
          row[u] = precision.store(row[u] / total);
          for (int k = head * headSize; k < (head + 1) * headSize; k++) {
            context[t][k] = precision.store(context[t][k] + row[u] * qkv[2][u][k]);
          }
        }
      }
    }
  }

  private double[][][] attentionGradient(double[][] dContext) {
    int n = dContext.length;
    double[][][] dQkv = new double[3][n][d];
    for (int head = 0; head < TransformerEncoder.HEADS; head++) {
      for (int t = 0; t < n; t++) {
        double[] row = weights[head][t];
        double[] dRow = new double[n];
        double along = 0;
        for (int u = 0; u < n; u++) {
          dRow[u] = dot(dContext[t], qkv[2][u], head);
          along = precision.store(along + row[u] * dRow[u]);
        }
        for (int u = 0; u < n; u++) {
          double dScore = precision.store(row[u] * (dRow[u] - along) / Math.sqrt(headSize));
          for (int k = head * headSize; k < (head + 1) * headSize; k++) {
            dQkv[0][t][k] = precision.store(dQkv[0][t][k] + dScore * qkv[1][u][k]);
            dQkv[1][u][k] = precision.store(dQkv[1][u][k] + dScore * qkv[0][t][k]);
            dQkv[2][u][k] = precision.store(dQkv[2][u][k] + row[u] * dContext[t][k]);
          }
        }
      }
    }
    return dQkv;
  }

  private double dot(double[] a, double[] b, int head) {
    double sum = 0;
    for (int k = head * headSize; k < (head + 1) * headSize; k++) {
      sum = precision.store(sum + a[k] * b[k]);
    }
    return sum;
  }

  private double[][] sum(double[][] a, double[][] b) {
    double[][] result = new double[a.length][d];
    for (int t = 0; t < a.length; t++) {
      for (int k = 0; k < d; k++) {
        result[t][k] = precision.store(a[t][k] + b[t][k]);
      }
    }
    return result;
  }

  /** {@code input · W + b}, with W[in][out] from {@code at} and b[out] behind it. */
  private double[][] layer(double[][] input, int at, int in, int out) {
    double[][] result = new double[input.length][out];
    for (int t = 0; t < input.length; t++) {
      for (int m = 0; m < out; m++) {
        double value = w.get(0, at + in * out + m);
        for (int k = 0; k < in; k++) {
          value = precision.store(value + input[t][k] * w.get(0, at + k * out + m));
        }
        result[t][m] = value;
      }
    }
    return result;
  }

  private double[][] layerGradient(
      double[][] dOut, double[][] input, int at, int in, int out, ReferenceTensor dW) {
    double[][] dInput = new double[dOut.length][in];
    for (int t = 0; t < dOut.length; t++) {
      for (int m = 0; m < out; m++) {
        dW.add(0, at + in * out + m, dOut[t][m]);
        for (int k = 0; k < in; k++) {
          dW.add(0, at + k * out + m, input[t][k] * dOut[t][m]);
          dInput[t][k] = precision.store(dInput[t][k] + dOut[t][m] * w.get(0, at + k * out + m));
        }
      }
    }
    return dInput;
  }

  /** Layer normalisation with gain[d] from {@code at} and bias[d] behind it. */
  private Normed norm(double[][] input, int at) {
    int n = input.length;
    Normed result = new Normed(new double[n][d], new double[n], new double[n][d]);
    for (int t = 0; t < n; t++) {
      double mean = 0;
      for (int k = 0; k < d; k++) {
        mean = precision.store(mean + input[t][k]);
      }
      mean = precision.store(mean / d);
      double variance = 0;
      for (int k = 0; k < d; k++) {
        variance = precision.store(variance + (input[t][k] - mean) * (input[t][k] - mean));
      }
      variance = precision.store(variance / d);
      result.scale[t] = precision.store(1 / Math.sqrt(variance + TransformerEncoder.EPSILON));
      for (int k = 0; k < d; k++) {
        double normal = precision.store((input[t][k] - mean) * result.scale[t]);
        result.normal[t][k] = normal;
        result.result[t][k] = precision.store(normal * w.get(0, at + k) + w.get(0, at + d + k));
      }
    }
    return result;
  }

  private double[][] normGradient(double[][] dResult, Normed normed, int at, ReferenceTensor dW) {
    double[][] dInput = new double[dResult.length][d];
    for (int t = 0; t < dResult.length; t++) {
      double mean = 0; // of the derivatives by the normalised values
      double along = 0; // and of their products with them
      for (int k = 0; k < d; k++) {
        double dNormal = dResult[t][k] * w.get(0, at + k);
        mean = precision.store(mean + dNormal / d);
        along = precision.store(along + dNormal * normed.normal[t][k] / d);
        dW.add(0, at + k, dResult[t][k] * normed.normal[t][k]);
        dW.add(0, at + d + k, dResult[t][k]);
      }
      for (int k = 0; k < d; k++) {
        double dNormal = dResult[t][k] * w.get(0, at + k);
        dInput[t][k] =
            precision.store(normed.scale[t] * (dNormal - mean - normed.normal[t][k] * along));
      }
    }
    return dInput;
  }

  /**
   * Φ(x) = ½ (1 + erf(x/√2)) by the series φ(x) Σ x^(2i+1) / (1·3·5 … (2i+1)), whose terms have one
   * sign, so that nothing cancels; beyond 9 the tail is below a double's rounding of 1.
   */
  static double phi(double x) {
    if (Math.abs(x) > 9) {
      return x > 0 ? 1 : 0;
    }
    double term = x;
    double sum = x;
    for (int i = 3; Math.abs(term) > 1e-18 * Math.abs(sum); i += 2) {
      term *= x * x / i;
      sum += term;
    }
    return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }
}
