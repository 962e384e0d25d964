package io.mgnm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** cuDNN's LSTM against the equations in plain Java, weights found by cuDNN's word only. */
@SimulatedCuda
class CudnnLstmTest {
  private static final int INPUT = 3;
  private static final int HIDDEN = 2;
  private static final int[] LENGTHS = {4, 4, 2, 1};
  private static final int POSITIONS = 11;
  private static final double STEP = 1e-3;

  private final Random random = new Random(5);
  private final float[] weights = random(2 * 4 * HIDDEN * (INPUT + HIDDEN + 1));
  private final float[] x = random(POSITIONS * INPUT);
  private final float[] dH = random(POSITIONS * 2 * HIDDEN);

  private float[] random(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static int weight(int direction, int gate, int unit, int source) {
    return ((direction * 4 + gate) * HIDDEN + unit) * (INPUT + HIDDEN + 1) + source;
  }

  private static int packed(int t, int sequence) {
    int before = 0;
    for (int s = 0; s < t; s++) {
      for (int length : LENGTHS) {
        before += length > s ? 1 : 0;
      }
    }
    return before + sequence;
  }

  private static double sigmoid(double value) {
    return 1 / (1 + Math.exp(-value));
  }

  /** Packed outputs of the equations in {@code BiLstm}'s contract. */
  private static double[] expected(double[] w, double[] x) {
    double[] h = new double[POSITIONS * 2 * HIDDEN];
    for (int sequence = 0; sequence < LENGTHS.length; sequence++) {
      for (int direction = 0; direction < 2; direction++) {
        double[] last = new double[HIDDEN];
        double[] cell = new double[HIDDEN];
        for (int step = 0; step < LENGTHS[sequence]; step++) {
          int t = direction == 0 ? step : LENGTHS[sequence] - 1 - step;
          int place = packed(t, sequence);
          double[] next = new double[HIDDEN];
          for (int unit = 0; unit < HIDDEN; unit++) {
            double[] gates = new double[4];
            for (int gate = 0; gate < 4; gate++) {
              gates[gate] = w[weight(direction, gate, unit, INPUT + HIDDEN)];
              for (int k = 0; k < INPUT; k++) {
                gates[gate] += w[weight(direction, gate, unit, k)] * x[place * INPUT + k];
              }
              for (int k = 0; k < HIDDEN; k++) {
                gates[gate] += w[weight(direction, gate, unit, INPUT + k)] * last[k];
              }
            }
            cell[unit] = sigmoid(gates[1]) * cell[unit] + sigmoid(gates[0]) * Math.tanh(gates[2]);
            next[unit] = sigmoid(gates[3]) * Math.tanh(cell[unit]);
            h[place * 2 * HIDDEN + direction * HIDDEN + unit] = next[unit];
          }
          last = next;
        }
      }
    }
    return h;
  }

  private static double[] wide(float[] values) {
    double[] result = new double[values.length];
    Arrays.setAll(result, i -> values[i]);
    return result;
  }

  /** Σ dH · h, whose derivatives backward gives. */
  private double loss(double[] w, double[] x) {
    double[] h = expected(w, x);
    double sum = 0;
    for (int i = 0; i < h.length; i++) {
      sum += dH[i] * h[i];
    }
    return sum;
  }

  @Test
  void agreesWithTheEquationsAndTheirDerivatives() {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test");
        CudnnLstm lstm = new CudnnLstm(context.stream(), INPUT, HIDDEN)) {
      CudaStream stream = context.stream();
      DeviceBuffer space = scope.floats(lstm.weightSpace(), "weights");
      DeviceBuffer dSpace = scope.floats(lstm.weightSpace(), "gradients");
      int[] places = new int[weights.length];
      Arrays.fill(places, -1);
      lstm.eachWeight(
          space,
          (direction, gate, unit, source, place) ->
              places[weight(direction, gate, unit, source)] = place);
      assertThat(places).doesNotContain(-1).doesNotHaveDuplicates();
      float[] image = new float[lstm.weightSpace()];
      for (int i = 0; i < weights.length; i++) {
        image[places[i]] = weights[i];
      }
      stream.upload(space, image);
      DeviceBuffer input = upload(scope, x);
      DeviceBuffer dOutput = upload(scope, dH);
      DeviceBuffer output = scope.floats(dH.length, "h");
      DeviceBuffer dInput = scope.floats(x.length, "dX");
      lstm.describe(LENGTHS);
      lstm.forward(space, input, output);
      lstm.backward(space, input, output, dOutput, dInput, dSpace);

      close(download(output), expected(wide(weights), wide(x)), 1e-6);
      close(download(dInput), numeric(wide(x), moved -> loss(wide(weights), moved)), 1e-4);
      float[] dImage = download(dSpace);
      float[] dWeights = new float[weights.length];
      for (int i = 0; i < weights.length; i++) {
        dWeights[i] = dImage[places[i]];
      }
      close(dWeights, numeric(wide(weights), moved -> loss(moved, wide(x))), 1e-4);
    }
  }

  private interface Loss {
    double of(double[] values);
  }

  private static double[] numeric(double[] at, Loss loss) {
    double[] result = new double[at.length];
    for (int i = 0; i < at.length; i++) {
      double value = at[i];
      at[i] = value + STEP;
      double above = loss.of(at);
      at[i] = value - STEP;
      result[i] = (above - loss.of(at)) / (2 * STEP);
      at[i] = value;
    }
    return result;
  }

  private static void close(float[] came, double[] expected, double bound) {
    assertThat(came).hasSameSizeAs(expected);
    for (int i = 0; i < came.length; i++) {
      assertThat((double) came[i])
          .as("value %d", i)
          .isCloseTo(expected[i], org.assertj.core.data.Offset.offset(bound));
    }
  }

  private static DeviceBuffer upload(MemoryScope scope, float[] values) {
    DeviceBuffer buffer = scope.floats(values.length, "values");
    scope.context().stream().upload(buffer, values);
    return buffer;
  }

  private static float[] download(DeviceBuffer buffer) {
    float[] values = new float[(int) buffer.count()];
    buffer.scope().context().stream().download(buffer, values);
    return values;
  }

  @Test
  void refusesLengthsThatAreNotSortedAndBuffersThatAreTooSmall() {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test");
        CudnnLstm lstm = new CudnnLstm(context.stream(), INPUT, HIDDEN)) {
      assertThatThrownBy(() -> lstm.describe(new int[] {1, 2}))
          .hasMessage("lengths: expected at least 1, descending; got 2 at 1");
      DeviceBuffer small = scope.floats(8, "small");
      assertThatThrownBy(() -> lstm.forward(small, small, small))
          .hasMessage("x: expected 0 positions of 3 values, got small (8 FLOAT32)");
      lstm.describe(LENGTHS);
      assertThatThrownBy(() -> lstm.forward(small, small, small))
          .hasMessage("x: expected 11 positions of 3 values, got small (8 FLOAT32)");
    }
  }

  /** One call after another fails; each time the exception names it and nothing is left. */
  @Test
  void aFailureAnywhereReleasesEverything(Machine machine) {
    for (String call :
        new String[] {
          "cudnnCreate",
          "cudnnSetStream",
          "cudnnCreateRNNDescriptor",
          "cudnnSetRNNDescriptor_v8",
          "cudnnCreateRNNDataDescriptor",
          "cudnnCreateTensorDescriptor",
          "cudnnGetRNNWeightSpaceSize"
        }) {
      try (CudaContext context = Axpy.open()) {
        machine.faults().fail(call, 1, 2);
        assertThatThrownBy(() -> new CudnnLstm(context.stream(), INPUT, HIDDEN))
            .as(call)
            .isInstanceOf(CudaException.class)
            .hasMessageContaining(call + " returned ");
      }
    }
  }
}
