package io.mgnm.simulator.blas;

import static io.mgnm.simulator.blas.BlasStatus.require;

import io.mgnm.simulator.memory.DeviceMemory;

/** One product {@code C[m,n] = alpha * op(A)[m,k] * op(B)[k,n] + beta * C}, column-major. */
record Product(
    int transA,
    int transB,
    int m,
    int n,
    int k,
    long a,
    int lda,
    long b,
    int ldb,
    long c,
    int ldc) {
  /** TF32 keeps 10 of the 23 bits of a float's fraction. */
  private static final int TF32_DROPPED_BITS = 13;

  Product {
    require(transA >= 0 && transA <= 2 && transB >= 0 && transB <= 2, "operation");
    require(m >= 0 && n >= 0 && k >= 0, "sizes " + m + ", " + n + ", " + k);
    checkLeading("lda", lda, transA == 0 ? m : k);
    checkLeading("ldb", ldb, transB == 0 ? k : n);
    checkLeading("ldc", ldc, m);
  }

  private static void checkLeading(String name, int leading, int rows) {
    require(
        leading >= Math.max(1, rows),
        name + " is " + leading + ", the matrix has " + rows + " rows");
  }

  FloatMatrix matrixA() {
    return transA == 0 ? new FloatMatrix(a, m, k, lda) : new FloatMatrix(a, k, m, lda);
  }

  FloatMatrix matrixB() {
    return transB == 0 ? new FloatMatrix(b, k, n, ldb) : new FloatMatrix(b, n, k, ldb);
  }

  FloatMatrix matrixC() {
    return new FloatMatrix(c, m, n, ldc);
  }

  /** The same product of other matrices of a batch; offsets in floats. */
  Product at(long offsetA, long offsetB, long offsetC) {
    return new Product(
        transA, transB, m, n, k, a + 4 * offsetA, lda, b + 4 * offsetB, ldb, c + 4 * offsetC, ldc);
  }

  /** Sums in double and rounds each element once; A and B are rounded to TF32 before if asked. */
  void compute(DeviceMemory memory, double alpha, double beta, boolean tf32) {
    double[] left = rounded(matrixA().read(memory), tf32);
    double[] right = rounded(matrixB().read(memory), tf32);
    double[] result = beta == 0 ? new double[m * n] : matrixC().read(memory);
    for (int j = 0; j < n; j++) {
      for (int i = 0; i < m; i++) {
        double sum = 0;
        for (int p = 0; p < k; p++) {
          double x = transA == 0 ? left[p * m + i] : left[i * k + p];
          double y = transB == 0 ? right[j * k + p] : right[p * n + j];
          sum += x * y;
        }
        result[j * m + i] = alpha * sum + (beta == 0 ? 0 : beta * result[j * m + i]);
      }
    }
    matrixC().write(memory, result);
  }

  private static double[] rounded(double[] values, boolean tf32) {
    if (tf32) {
      for (int i = 0; i < values.length; i++) {
        int bits = Float.floatToRawIntBits((float) values[i]);
        int half = 1 << (TF32_DROPPED_BITS - 1);
        int kept = (bits + half) >> TF32_DROPPED_BITS << TF32_DROPPED_BITS;
        values[i] = Float.intBitsToFloat(kept);
      }
    }
    return values;
  }

  @Override
  public String toString() {
    return String.format("C[%d,%d] = op%d(A) * op%d(B) over %d", m, n, transA, transB, k);
  }
}
