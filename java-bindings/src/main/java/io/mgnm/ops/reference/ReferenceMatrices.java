package io.mgnm.ops.reference;

/** Products of small matrices, every running sum stored in a precision. */
record ReferenceMatrices(Precision precision) {

  /** Rows {@code first} to {@code first + n}, components {@code from} to {@code from + width}. */
  static double[][] rows(ReferenceTensor tensor, int first, int n, int from, int width) {
    double[][] result = new double[n][width];
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < width; k++) {
        result[i][k] = tensor.get(first + i, from + k);
      }
    }
    return result;
  }

  /** a · b. */
  double[][] times(double[][] a, double[][] b) {
    double[][] result = new double[a.length][b[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < b.length; j++) {
        for (int k = 0; k < b[j].length; k++) {
          result[i][k] = precision.store(result[i][k] + a[i][j] * b[j][k]);
        }
      }
    }
    return result;
  }

  /** a + b. */
  double[][] plus(double[][] a, double[][] b) {
    double[][] result = new double[a.length][a[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int k = 0; k < a[i].length; k++) {
        result[i][k] = precision.store(a[i][k] + b[i][k]);
      }
    }
    return result;
  }

  /** aᵀ. */
  static double[][] transposed(double[][] a) {
    double[][] result = new double[a[0].length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int k = 0; k < a[i].length; k++) {
        result[k][i] = a[i][k];
      }
    }
    return result;
  }
}
