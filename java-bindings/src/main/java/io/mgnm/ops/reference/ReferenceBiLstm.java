package io.mgnm.ops.reference;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.BiLstm;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.SequenceEncoder;
import io.mgnm.ops.Tensor;

/**
 * Equation (10) by two LSTMs, sequence by sequence and step by step.
 *
 * <p>The tape of a direction holds i, f, g and o after their nonlinearity, then c and h.
 */
final class ReferenceBiLstm implements BiLstm {
  private static final int I = 0;
  private static final int F = 1;
  private static final int G = 2;
  private static final int O = 3;
  private static final int C = 4;
  private static final int H = 5;

  private final ReferenceBackend backend;
  private final Precision precision;
  private final Options options;
  private final int d;
  private final int h;

  ReferenceBiLstm(ReferenceBackend backend, Options options) {
    this.backend = backend;
    this.precision = backend.precision();
    this.options = options;
    this.d = options.d();
    this.h = options.hidden();
  }

  @Override
  public int weights() {
    return options.weights();
  }

  @Override
  public Tensor tape(Batch batch, Lifetime lifetime) {
    return batch.capsules(Axis.ITEMS, tapeWidth(), lifetime);
  }

  private int tapeWidth() {
    return 2 * 6 * h;
  }

  /** Where unit j of a gate or state stands in the tape. */
  private int at(int direction, int what, int j) {
    return (direction * 6 + what) * h + j;
  }

  @Override
  public void forward(Batch over, Tensor in, Tensor weights, Tensor out, Tensor states) {
    SequenceEncoder.check("bilstm.forward", d, weights(), weights, tapeWidth(), states, in, out);
    ReferenceBatch batch = ReferenceBatch.of(over);
    ReferenceTensor z = ReferenceTensor.of(in);
    ReferenceTensor w = ReferenceTensor.of(weights);
    ReferenceTensor y = ReferenceTensor.of(out);
    ReferenceTensor tape = ReferenceTensor.of(states);
    backend.run(
        () ->
            batch.eachSequence(
                (begin, end, level, interest) -> {
                  for (int direction = 0; direction < 2; direction++) {
                    for (int step = 0; step < end - begin; step++) {
                      int t = direction == 0 ? begin + step : end - 1 - step;
                      int before = step == 0 ? -1 : direction == 0 ? t - 1 : t + 1;
                      cell(direction, t, before, level, interest, z, w, tape);
                    }
                  }
                  for (int t = begin; t < end; t++) {
                    output(t, level, interest, z, w, y, tape);
                  }
                }));
  }

  /** One time step of one direction; {@code before} is −1 at its first. */
  private void cell(
      int direction,
      int t,
      int before,
      int level,
      int interest,
      ReferenceTensor z,
      ReferenceTensor w,
      ReferenceTensor tape) {
    for (int gate = 0; gate < 4 * h; gate++) { // z_t Wx + h_{t-1} Wh + b
      double sum = w.get(0, options.bias(direction) + gate);
      for (int k = 0; k < d; k++) {
        double weight = w.get(0, options.inputWeights(direction) + k * 4 * h + gate);
        sum = precision.store(sum + z.get(t, level, interest, k) * weight);
      }
      for (int j = 0; j < h && before >= 0; j++) {
        double weight = w.get(0, options.hiddenWeights(direction) + j * 4 * h + gate);
        sum =
            precision.store(sum + tape.get(before, level, interest, at(direction, H, j)) * weight);
      }
      double value = gate / h == G ? Math.tanh(sum) : 1 / (1 + Math.exp(-sum));
      tape.set(t, level, interest, at(direction, gate / h, gate % h), value);
    }
    for (int j = 0; j < h; j++) {
      double i = tape.get(t, level, interest, at(direction, I, j));
      double f = tape.get(t, level, interest, at(direction, F, j));
      double g = tape.get(t, level, interest, at(direction, G, j));
      double o = tape.get(t, level, interest, at(direction, O, j));
      double previous = before < 0 ? 0 : tape.get(before, level, interest, at(direction, C, j));
      double c = precision.store(f * previous + i * g);
      tape.set(t, level, interest, at(direction, C, j), c);
      tape.set(t, level, interest, at(direction, H, j), o * Math.tanh(c));
    }
  }

  /** y_t = z_t + [h→_t, h←_t], or with the projection R behind. */
  private void output(
      int t,
      int level,
      int interest,
      ReferenceTensor z,
      ReferenceTensor w,
      ReferenceTensor y,
      ReferenceTensor tape) {
    for (int k = 0; k < d; k++) {
      double sum = z.get(t, level, interest, k);
      if (options.projected()) {
        for (int j = 0; j < 2 * h; j++) {
          double weight = w.get(0, options.projection() + j * d + k);
          sum = precision.store(sum + tape.get(t, level, interest, at(j / h, H, j % h)) * weight);
        }
      } else {
        sum += tape.get(t, level, interest, at(k / h, H, k % h));
      }
      y.set(t, level, interest, k, sum);
    }
  }

  @Override
  public void backward(
      Batch over,
      Tensor in,
      Tensor weights,
      Tensor out,
      Tensor states,
      Tensor outGradients,
      Tensor inGradients,
      Tensor weightGradients) {
    SequenceEncoder.check(
        "bilstm.backward",
        d,
        weights(),
        weights,
        tapeWidth(),
        states,
        in,
        out,
        outGradients,
        inGradients);
    SequenceEncoder.check("bilstm.backward", d, weights(), weightGradients, tapeWidth(), states);
    ReferenceBatch batch = ReferenceBatch.of(over);
    ReferenceTensor z = ReferenceTensor.of(in);
    ReferenceTensor w = ReferenceTensor.of(weights);
    ReferenceTensor tape = ReferenceTensor.of(states);
    ReferenceTensor dY = ReferenceTensor.of(outGradients);
    ReferenceTensor dZ = ReferenceTensor.of(inGradients);
    ReferenceTensor dW = ReferenceTensor.of(weightGradients);
    backend.run(
        () -> {
          dW.fill(0);
          batch.eachSequence(
              (begin, end, level, interest) -> {
                double[][] dH = new double[end - begin][]; // by [h→, h←], from the output
                for (int t = begin; t < end; t++) {
                  dH[t - begin] = outputGradient(t, level, interest, w, tape, dY, dW);
                  for (int k = 0; k < d; k++) {
                    dZ.set(t, level, interest, k, dY.get(t, level, interest, k));
                  }
                }
                for (int direction = 0; direction < 2; direction++) {
                  double[] dHidden = new double[h]; // from the following time step
                  double[] dCell = new double[h];
                  for (int step = end - begin - 1; step >= 0; step--) {
                    int t = direction == 0 ? begin + step : end - 1 - step;
                    int before = step == 0 ? -1 : direction == 0 ? t - 1 : t + 1;
                    for (int j = 0; j < h; j++) {
                      dHidden[j] = precision.store(dHidden[j] + dH[t - begin][direction * h + j]);
                    }
                    double[] dGates =
                        cellGradient(direction, t, before, level, interest, tape, dHidden, dCell);
                    productGradients(
                        direction, t, before, level, interest, z, w, tape, dGates, dZ, dW);
                    dHidden = hiddenGradient(direction, w, dGates);
                  }
                }
              });
        });
  }

  /** The derivative by [h→_t, h←_t] that comes through y_t; adds Ṙ. */
  private double[] outputGradient(
      int t,
      int level,
      int interest,
      ReferenceTensor w,
      ReferenceTensor tape,
      ReferenceTensor dY,
      ReferenceTensor dW) {
    double[] dH = new double[2 * h];
    for (int j = 0; j < 2 * h; j++) {
      if (!options.projected()) {
        dH[j] = dY.get(t, level, interest, j);
        continue;
      }
      for (int k = 0; k < d; k++) {
        int place = options.projection() + j * d + k;
        double gradient = dY.get(t, level, interest, k);
        dH[j] = precision.store(dH[j] + gradient * w.get(0, place));
        dW.add(0, place, gradient * tape.get(t, level, interest, at(j / h, H, j % h)));
      }
    }
    return dH;
  }

  /**
   * ḣ_t and ċ_t to the derivatives by the gates before their nonlinearity.
   *
   * @param dCell in: what comes from the following time step; out: what goes to the one before
   */
  private double[] cellGradient(
      int direction,
      int t,
      int before,
      int level,
      int interest,
      ReferenceTensor tape,
      double[] dHidden,
      double[] dCell) {
    double[] dGates = new double[4 * h];
    for (int j = 0; j < h; j++) {
      double i = tape.get(t, level, interest, at(direction, I, j));
      double f = tape.get(t, level, interest, at(direction, F, j));
      double g = tape.get(t, level, interest, at(direction, G, j));
      double o = tape.get(t, level, interest, at(direction, O, j));
      double tanh = precision.store(Math.tanh(tape.get(t, level, interest, at(direction, C, j))));
      double previous = before < 0 ? 0 : tape.get(before, level, interest, at(direction, C, j));
      double dC = precision.store(dCell[j] + dHidden[j] * o * (1 - tanh * tanh));
      dGates[I * h + j] = precision.store(dC * g * i * (1 - i));
      dGates[F * h + j] = precision.store(dC * previous * f * (1 - f));
      dGates[G * h + j] = precision.store(dC * i * (1 - g * g));
      dGates[O * h + j] = precision.store(dHidden[j] * tanh * o * (1 - o));
      dCell[j] = precision.store(dC * f);
    }
    return dGates;
  }

  /** Adds to Ẇx, Ẇh, ḃ and ż. */
  private void productGradients(
      int direction,
      int t,
      int before,
      int level,
      int interest,
      ReferenceTensor z,
      ReferenceTensor w,
      ReferenceTensor tape,
      double[] dGates,
      ReferenceTensor dZ,
      ReferenceTensor dW) {
    for (int gate = 0; gate < 4 * h; gate++) {
      for (int k = 0; k < d; k++) {
        int place = options.inputWeights(direction) + k * 4 * h + gate;
        dW.add(0, place, z.get(t, level, interest, k) * dGates[gate]);
        dZ.add(t, level, interest, k, w.get(0, place) * dGates[gate]);
      }
      for (int j = 0; j < h && before >= 0; j++) {
        int place = options.hiddenWeights(direction) + j * 4 * h + gate;
        dW.add(0, place, tape.get(before, level, interest, at(direction, H, j)) * dGates[gate]);
      }
      dW.add(0, options.bias(direction) + gate, dGates[gate]);
    }
  }

  /** The derivative by h_{t-1}. */
  private double[] hiddenGradient(int direction, ReferenceTensor w, double[] dGates) {
    double[] result = new double[h];
    for (int j = 0; j < h; j++) {
      for (int gate = 0; gate < 4 * h; gate++) {
        double weight = w.get(0, options.hiddenWeights(direction) + j * 4 * h + gate);
        result[j] = precision.store(result[j] + weight * dGates[gate]);
      }
    }
    return result;
  }
}
