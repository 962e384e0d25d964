package io.mgnm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.cuda.Cublas.Matrix;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@SimulatedCuda
class CublasTest {
  private final Random random = new Random(3);

  @ParameterizedTest
  @CsvSource({
    "5, 7, 3, false, false, 1",
    "1, 17, 16, true, false, 2",
    "33, 2, 9, false, true, 3",
    "8, 8, 31, true, true, 2",
    "0, 4, 3, false, false, 2"
  })
  void multipliesRowMajor(int m, int n, int k, boolean aT, boolean bT, int batch) {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test");
        Cublas blas = new Cublas(context.stream())) {
      float[] a = random(m * k * batch);
      float[] b = random(k * n * batch);
      float[] c = random(m * n * batch);
      Matrix left = matrix(scope, a, aT ? k : m, aT ? m : k);
      Matrix right = matrix(scope, b, bT ? n : k, bT ? k : n);
      Matrix out = matrix(scope, c, m, n);
      for (boolean add : new boolean[] {true, false}) {
        blas.multiply(
            aT ? left.transpose() : left, bT ? right.transpose() : right, out, batch, add);
        float[] came = new float[c.length];
        context.stream().download(out.buffer(), came);
        for (int i = 0; i < c.length; i++) {
          int p = i / (m * n);
          int row = i / n % m;
          int column = i % n;
          double sum = add ? c[i] : 0;
          for (int l = 0; l < k; l++) {
            float x = a[p * m * k + (aT ? l * m + row : row * k + l)];
            float y = b[p * k * n + (bT ? column * k + l : l * n + column)];
            sum += (double) x * y;
          }
          assertThat(came[i]).isCloseTo((float) sum, org.assertj.core.data.Offset.offset(1e-5f));
        }
        if (add) {
          context.stream().upload(out.buffer(), c);
        }
      }
    }
  }

  private Matrix matrix(MemoryScope scope, float[] values, int rows, int columns) {
    DeviceBuffer buffer = scope.floats(values.length, "matrix");
    scope.context().stream().upload(buffer, values);
    return Matrix.of(buffer, rows, columns).every((long) rows * columns);
  }

  private float[] random(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @Test
  void refusesShapesThatDoNotFit() {
    try (CudaContext context = Axpy.open();
        MemoryScope scope = context.scope("test");
        Cublas blas = new Cublas(context.stream())) {
      Matrix two = Matrix.of(scope.floats(6, "a"), 2, 3);
      Matrix out = Matrix.of(scope.floats(4, "c"), 2, 2);
      assertThatThrownBy(() -> blas.multiply(two, two, out, false))
          .hasMessage(
              "1 products: expected a: m x k, b: k x n, c: m x n, k > 0; got 2 x 3, 2 x 3, 2 x 2");
      Matrix large = Matrix.of(scope.floats(5, "small"), 3, 2);
      assertThatThrownBy(() -> blas.multiply(two, large, out, false))
          .hasMessage(
              "product: b: 1 matrices of 3 x 2, 0 values apart, do not fit small (5 FLOAT32)");
    }
  }

  @Test
  void aFailureNamesTheCallAndReleasesEverything(Machine machine) {
    try (CudaContext context = Axpy.open()) {
      machine.faults().fail("cublasSetMathMode", 1, 1);
      assertThatThrownBy(() -> new Cublas(context.stream()))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("cublasSetMathMode returned CUBLAS_STATUS_NOT_INITIALIZED (1)");
      Cublas blas = new Cublas(context.stream());
      blas.close();
      blas.close(); // again: nothing
      assertThatThrownBy(
              () ->
                  blas.multiply(
                      Matrix.of(null, 1, 1), Matrix.of(null, 1, 1), Matrix.of(null, 1, 1), true))
          .isInstanceOf(RuntimeException.class);
      assertThat(context.ledger().bytes()).isZero();
    }
  }
}
