package io.mgnm.simulator.dnn;

import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.mgnm.simulator.driver.DeviceFloats;
import io.mgnm.simulator.driver.Finding;
import io.mgnm.simulator.driver.Finding.Kind;
import io.mgnm.simulator.driver.Gpu;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnRNNDataDescriptor;
import jcuda.jcudnn.cudnnRNNDescriptor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** cuDNN's LSTM through JCudnn against a plain one, gradients against finite differences. */
@SimulatedCuda
class CuDnnLstmTest {
  private static final int[] LENGTHS = {5, 3, 3, 1};
  private static final int TRAINING = 1;
  private final Random random = new Random(5);

  private float[] random(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (0.6 * random.nextGaussian());
    }
    return values;
  }

  private static void copy(CUdeviceptr to, float[] values) {
    Gpu.check(cuMemcpyHtoD(to, Pointer.to(values), 4L * values.length));
  }

  /** A trained step's worth of values: parameters by pseudo-layer, and all that goes in. */
  private final class Problem {
    final Lstm lstm;
    final PlainLstm[] plain;
    final float[] x;
    final float[] h;
    final float[] c;

    Problem(Lstm lstm) {
      this.lstm = lstm;
      plain = new PlainLstm[lstm.layers * lstm.directions];
      for (int p = 0; p < plain.length; p++) {
        int input = columns(p);
        plain[p] = new PlainLstm(lstm.hidden, input);
        for (int part = 0; part < 8; part++) {
          int columns = part < 4 ? input : lstm.hidden;
          float[] matrix = random(lstm.hidden * columns);
          float[] bias = random(lstm.hidden);
          copy(lstm.part(lstm.weights, p, part, false), matrix);
          copy(lstm.part(lstm.weights, p, part, true), bias);
          double[][] to = part < 4 ? plain[p].w[part] : plain[p].r[part - 4];
          for (int j = 0; j < lstm.hidden; j++) {
            plain[p].b[part % 4][j] += bias[j];
            for (int k = 0; k < columns; k++) {
              to[j][k] = matrix[j * columns + k];
            }
          }
        }
      }
      x = random(lstm.vectors() * lstm.input);
      int states = plain.length * lstm.lengths.length * lstm.hidden;
      h = random(states);
      c = random(states);
    }

    int columns(int p) {
      return p < lstm.directions ? lstm.input : lstm.hidden * lstm.directions;
    }

    /** Outputs of the last layer by sequence, and the last states by pseudo-layer and sequence. */
    double[][][] run(double[][] lastH, double[][] lastC) {
      double[][][] all = new double[lstm.lengths.length][][];
      for (int n = 0; n < all.length; n++) {
        double[][] level = new double[lstm.lengths[n]][lstm.input];
        for (int t = 0; t < level.length; t++) {
          for (int k = 0; k < lstm.input; k++) {
            level[t][k] = x[lstm.vector(t, n) * lstm.input + k];
          }
        }
        for (int layer = 0; layer < lstm.layers; layer++) {
          level = layer(layer, n, level, lastH, lastC);
        }
        all[n] = level;
      }
      return all;
    }

    private double[][] layer(int layer, int n, double[][] x, double[][] lastH, double[][] lastC) {
      double[][] result = new double[x.length][lstm.hidden * lstm.directions];
      for (int direction = 0; direction < lstm.directions; direction++) {
        int p = layer * lstm.directions + direction;
        int row = p * lstm.lengths.length + n;
        lastH[row] = new double[lstm.hidden];
        lastC[row] = new double[lstm.hidden];
        for (int j = 0; j < lstm.hidden; j++) {
          lastH[row][j] = h[row * lstm.hidden + j];
          lastC[row][j] = c[row * lstm.hidden + j];
        }
        double[][] ordered = x.clone();
        if (direction == 1) {
          java.util.Collections.reverse(java.util.Arrays.asList(ordered));
        }
        double[][] out = plain[p].run(ordered, lastH[row], lastC[row]);
        for (int t = 0; t < x.length; t++) {
          double[] from = out[direction == 0 ? t : x.length - 1 - t];
          System.arraycopy(from, 0, result[t], direction * lstm.hidden, lstm.hidden);
        }
      }
      return result;
    }

    /** A loss that weighs every output and last state differently. */
    double loss(float[] dy, float[] dh, float[] dc) {
      double[][] lastH = new double[plain.length * lstm.lengths.length][];
      double[][] lastC = new double[lastH.length][];
      double[][][] out = run(lastH, lastC);
      double loss = 0;
      int width = lstm.hidden * lstm.directions;
      for (int n = 0; n < out.length; n++) {
        for (int t = 0; t < out[n].length; t++) {
          for (int k = 0; k < width; k++) {
            loss += dy[lstm.vector(t, n) * width + k] * out[n][t][k];
          }
        }
      }
      for (int row = 0; row < lastH.length; row++) {
        for (int j = 0; j < lstm.hidden; j++) {
          loss += dh[row * lstm.hidden + j] * lastH[row][j];
          loss += dc[row * lstm.hidden + j] * lastC[row][j];
        }
      }
      return loss;
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1,0", "1,1,1", "1,2,2", "2,2,0", "2,2,1", "2,1,2"})
  void forwardAndGradients(int layers, int directions, int layout) {
    try (Gpu gpu = new Gpu(0);
        Lstm lstm = new Lstm(3, 4, layers, directions, layout, LENGTHS)) {
      Problem problem = new Problem(lstm);
      int width = lstm.hidden * lstm.directions;
      int states = problem.h.length;
      lstm.hx = lstm.memory.of(problem.h);
      lstm.cx = lstm.memory.of(problem.c);
      CUdeviceptr x = lstm.memory.of(problem.x);
      CUdeviceptr y = lstm.memory.bytes(4L * lstm.vectors() * width);
      CUdeviceptr hy = lstm.memory.bytes(4L * states);
      CUdeviceptr cy = lstm.memory.bytes(4L * states);
      Gpu.check(lstm.forward(TRAINING, x, y, hy, cy));
      checkForward(problem, DeviceFloats.read(y, lstm.vectors() * width), hy, cy);

      float[] dy = random(lstm.vectors() * width);
      float[] dh = random(states);
      float[] dc = random(states);
      CUdeviceptr dx = lstm.memory.bytes(4L * problem.x.length);
      CUdeviceptr dhx = lstm.memory.bytes(4L * states);
      CUdeviceptr dcx = lstm.memory.bytes(4L * states);
      Gpu.check(
          lstm.backwardData(
              y, lstm.memory.of(dy), dx, lstm.memory.of(dh), dhx, lstm.memory.of(dc), dcx));
      Gpu.check(lstm.backwardWeights(x, y));
      Difference difference = new Difference(problem, dy, dh, dc);
      difference.check("dhx", problem.h, DeviceFloats.read(dhx, states), all(states));
      difference.check("dcx", problem.c, DeviceFloats.read(dcx, states), all(states));
      difference.check("dx", problem.x, DeviceFloats.read(dx, problem.x.length), real(lstm));
      for (int p = 0; p < problem.plain.length; p++) {
        for (int part = 0; part < 8; part++) {
          checkParameters(difference, problem, p, part);
        }
      }
    }
  }

  private static void checkForward(Problem problem, float[] y, CUdeviceptr hy, CUdeviceptr cy) {
    Lstm lstm = problem.lstm;
    int width = lstm.hidden * lstm.directions;
    double[][] lastH = new double[problem.plain.length * LENGTHS.length][];
    double[][] lastC = new double[lastH.length][];
    double[][][] expected = problem.run(lastH, lastC);
    for (int n = 0; n < LENGTHS.length; n++) {
      for (int t = 0; t < LENGTHS[n]; t++) {
        for (int k = 0; k < width; k++) {
          assertThat((double) y[lstm.vector(t, n) * width + k])
              .isCloseTo(expected[n][t][k], within(1e-7));
        }
      }
    }
    float[] h = DeviceFloats.read(hy, lastH.length * lstm.hidden);
    float[] c = DeviceFloats.read(cy, lastH.length * lstm.hidden);
    for (int i = 0; i < h.length; i++) {
      int row = i / lstm.hidden;
      assertThat((double) h[i]).isCloseTo(lastH[row][i % lstm.hidden], within(1e-7));
      assertThat((double) c[i]).isCloseTo(lastC[row][i % lstm.hidden], within(3e-7));
    }
  }

  private static void checkParameters(Difference difference, Problem problem, int p, int part) {
    Lstm lstm = problem.lstm;
    PlainLstm plain = problem.plain[p];
    int columns = part < 4 ? problem.columns(p) : lstm.hidden;
    float[] matrix =
        DeviceFloats.read(lstm.part(lstm.gradients, p, part, false), lstm.hidden * columns);
    float[] bias = DeviceFloats.read(lstm.part(lstm.gradients, p, part, true), lstm.hidden);
    double[][] values = part < 4 ? plain.w[part] : plain.r[part - 4];
    for (int j = 0; j < lstm.hidden; j++) {
      for (int k = 0; k < columns; k++) {
        difference.check("matrix", values[j], k, matrix[j * columns + k]);
      }
      difference.check("bias", plain.b[part % 4], j, bias[j]);
    }
  }

  private static List<Integer> all(int count) {
    return java.util.stream.IntStream.range(0, count).boxed().toList();
  }

  /** Indices of components that are no padding. */
  private static List<Integer> real(Lstm lstm) {
    List<Integer> indices = new ArrayList<>();
    for (int n = 0; n < LENGTHS.length; n++) {
      for (int t = 0; t < LENGTHS[n]; t++) {
        for (int k = 0; k < lstm.input; k++) {
          indices.add(lstm.vector(t, n) * lstm.input + k);
        }
      }
    }
    return indices;
  }

  /** Central differences of the plain LSTM's loss. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Difference(Problem problem, float[] dy, float[] dh, float[] dc) {
    private static final double STEP = 1e-4;

    void check(String what, double[] values, int i, float gradient) {
      double value = values[i];
      values[i] = value + STEP;
      double above = problem.loss(dy, dh, dc);
      values[i] = value - STEP;
      double below = problem.loss(dy, dh, dc);
      values[i] = value;
      double expected = (above - below) / (2 * STEP);
      assertThat((double) gradient).as(what).isCloseTo(expected, within(2e-6));
    }

    /** Inputs are floats, so the step is what the float makes of it. */
    void check(String what, float[] values, float[] gradients, List<Integer> indices) {
      for (int i : indices) {
        float value = values[i];
        values[i] = value + 1e-3f;
        double above = problem.loss(dy, dh, dc);
        double high = values[i];
        values[i] = value - 1e-3f;
        double below = problem.loss(dy, dh, dc);
        double expected = (above - below) / (high - values[i]);
        values[i] = value;
        assertThat((double) gradients[i]).as("%s[%d]", what, i).isCloseTo(expected, within(1e-5));
      }
    }
  }

  @Test
  void paddingBecomesTheFill() {
    try (Gpu gpu = new Gpu(0);
        Lstm lstm = new Lstm(3, 4, 1, 1, Lstm.BATCH_MAJOR_PADDED, LENGTHS)) {
      Problem problem = new Problem(lstm);
      lstm.hx = lstm.memory.of(problem.h);
      lstm.cx = lstm.memory.of(problem.c);
      CUdeviceptr y = lstm.memory.bytes(4L * lstm.vectors() * lstm.hidden);
      Gpu.check(lstm.forward(0, lstm.memory.of(problem.x), y, null, null));
      float[] values = DeviceFloats.read(y, lstm.vectors() * lstm.hidden);
      assertThat(values[lstm.vector(4, 3) * lstm.hidden]).isZero();
      assertThat(values[lstm.vector(0, 3) * lstm.hidden]).isNotZero();
    }
  }

  @Test
  void theWeightSpaceIsShuffledWithGaps() {
    try (Gpu gpu = new Gpu(0);
        Lstm lstm = new Lstm(3, 4, 1, 2, Lstm.BATCH_MAJOR_PADDED, LENGTHS)) {
      long parameters = 4L * 2 * 4 * 4 * (3 + 4 + 2);
      assertThat(lstm.weightBytes).isGreaterThan(parameters);
      List<Long> offsets = new ArrayList<>();
      for (int part = 0; part < 8; part++) {
        offsets.add(offset(lstm, part));
      }
      assertThat(offsets).isNotEqualTo(offsets.stream().sorted().toList());
    }
  }

  /** From the base of the space, through a copy of one byte at a time that must stay inside. */
  private static long offset(Lstm lstm, int part) {
    String text = lstm.part(lstm.weights, 0, part, false).toString();
    String base = lstm.weights.toString();
    return address(text) - address(base);
  }

  private static long address(String pointer) {
    return Long.decode(pointer.replaceAll(".*nativePointer=(0x[0-9a-fA-F]+).*", "$1"));
  }

  @Test
  void wrongDescriptorsAreRefused(Machine machine) {
    try (Gpu gpu = new Gpu(0);
        Lstm lstm = new Lstm(3, 4, 1, 1, Lstm.BATCH_MAJOR_PADDED, LENGTHS)) {
      CUdeviceptr x = lstm.memory.of(random(lstm.vectors() * 3));
      CUdeviceptr y = lstm.memory.bytes(4L * lstm.vectors() * 4);
      int bad = DnnStatus.CUDNN_STATUS_BAD_PARAM.code();
      cudnnRNNDescriptor rnn = new cudnnRNNDescriptor();
      assertThat(lstm.describe(rnn, Lstm.FMA_MATH, 1)).as("never created").isEqualTo(bad);
      assertThat(lstm.describe(lstm.rnn, 1, 1))
          .as("tensor-op math with floats")
          .isEqualTo(DnnStatus.CUDNN_STATUS_NOT_SUPPORTED.code());
      Gpu.check(lstm.describe(lstm.rnn, Lstm.FMA_MATH, 0));
      assertThat(lstm.forward(0, x, y, null, null)).as("padded IO is off").isEqualTo(bad);
      Gpu.check(lstm.describe(lstm.rnn, Lstm.FMA_MATH, 1));
      assertThat(lengths(lstm.xData, Lstm.PACKED, 3, 1, 4)).as("not sorted").isEqualTo(bad);
      assertThat(lengths(lstm.xData, Lstm.PACKED, 3, 6, 4)).as("too long").isEqualTo(bad);
      Gpu.check(lengths(lstm.xData, Lstm.BATCH_MAJOR_PADDED, 3, 5, 3, 2, 1));
      assertThat(lstm.forward(0, x, y, null, null)).as("x and y differ").isEqualTo(bad);
      Gpu.check(lengths(lstm.xData, Lstm.BATCH_MAJOR_PADDED, 2, LENGTHS));
      assertThat(lstm.forward(0, x, y, null, null)).as("vector size").isEqualTo(bad);
      Gpu.check(lengths(lstm.xData, Lstm.BATCH_MAJOR_PADDED, 3, LENGTHS));
      assertThat(
              JCudnn.cudnnRNNForward(
                  lstm.handle,
                  lstm.rnn,
                  0,
                  null,
                  lstm.xData,
                  x,
                  lstm.yData,
                  y,
                  lstm.state,
                  null,
                  null,
                  lstm.state,
                  null,
                  null,
                  lstm.weightBytes - 1,
                  lstm.weights,
                  lstm.workBytes,
                  lstm.work,
                  lstm.reserveBytes,
                  lstm.reserve))
          .as("weight space too small")
          .isEqualTo(DnnStatus.CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT.code());
      assertThat(JCudnn.cudnnGetErrorString(bad)).isEqualTo("CUDNN_STATUS_BAD_PARAM");
    }
    assertThat(machine.findings().isEmpty()).isTrue();
  }

  private static int lengths(
      cudnnRNNDataDescriptor descriptor, int layout, int vectorSize, int... lengths) {
    return JCudnn.cudnnSetRNNDataDescriptor(
        descriptor, 0, layout, 5, lengths.length, vectorSize, lengths, null);
  }

  @Test
  void backwardWithoutForwardFaults(Machine machine) {
    try (Gpu gpu = new Gpu(0)) {
      Lstm lstm = new Lstm(3, 4, 1, 1, Lstm.PACKED, LENGTHS);
      Problem problem = new Problem(lstm);
      CUdeviceptr x = lstm.memory.of(problem.x);
      CUdeviceptr y = lstm.memory.bytes(4L * lstm.vectors() * 4);
      Gpu.check(lstm.forward(TRAINING, x, y, null, null));
      Gpu.check(lstm.backwardWeights(x, y)); // before cudnnRNNBackwardData_v8
      assertThat(cuCtxSynchronize()).isNotZero();
    }
    assertThat(machine.findings().take())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.kind()).isEqualTo(Kind.MISUSE);
              assertThat(finding.message()).contains("cudnnRNNBackwardData_v8");
            });
    machine.close();
    assertThat(machine.findings().take()).extracting(Finding::kind).containsExactly(Kind.LEAK);
  }
}
