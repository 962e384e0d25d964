package io.mgnm.ops.reference;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Tensor;
import java.util.Arrays;
import java.util.Objects;

/** Values in canonical order, in double. Get and set name a value by its indices. */
final class ReferenceTensor implements Tensor {
  private final Precision precision;
  private final ReferenceScope scope;
  private final ReferenceBatch batch; // null where the rows are fixed
  private final Axis axis;
  private final int fixedRows;
  private final int width;
  private final boolean capsules;
  private final double[][] values; // one array, shared with slices and replaced when rows grow
  private final int offset;

  /** Rows fixed for ever. */
  ReferenceTensor(ReferenceScope scope, int rows, int width) {
    this(
        scope,
        null,
        Axis.FIXED,
        rows,
        width,
        false,
        new double[1][Math.multiplyExact(rows, width)],
        0);
  }

  /** Rows of a batch. */
  ReferenceTensor(
      ReferenceScope scope, ReferenceBatch batch, Axis axis, int width, boolean capsules) {
    this(scope, batch, axis, 0, width, capsules, new double[1][0], 0);
  }

  private ReferenceTensor(
      ReferenceScope scope,
      ReferenceBatch batch,
      Axis axis,
      int fixedRows,
      int width,
      boolean capsules,
      double[][] values,
      int offset) {
    this.precision = scope.precision();
    this.scope = scope;
    this.batch = batch;
    this.axis = axis;
    this.fixedRows = fixedRows;
    this.width = width;
    this.capsules = capsules;
    this.values = values;
    this.offset = offset;
  }

  /** The reference's own tensor behind {@code tensor}. */
  static ReferenceTensor of(Tensor tensor) {
    if (tensor instanceof ReferenceTensor reference) {
      reference.scope.requireOpen();
      return reference;
    }
    throw new IllegalArgumentException("a tensor of another backend was given to 'reference'");
  }

  @Override
  public Axis axis() {
    return axis;
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public boolean capsules() {
    return capsules;
  }

  @Override
  public int rows() {
    return batch == null ? fixedRows : batch.rows(axis);
  }

  @Override
  public int size() {
    int perRow = capsules ? Math.multiplyExact(width, batch.shape().capsules()) : width;
    return Math.multiplyExact(rows(), perRow);
  }

  @Override
  public Tensor slice(int first, int rows, int sliceWidth) {
    if (axis != Axis.FIXED) {
      throw new IllegalArgumentException("only a tensor of fixed rows can be sliced");
    }
    Objects.checkFromIndexSize(first, Math.multiplyExact(rows, sliceWidth), size());
    return new ReferenceTensor(
        scope, null, Axis.FIXED, rows, sliceWidth, false, values, offset + first);
  }

  @Override
  public void upload(float[] source) {
    scope.requireOpen();
    if (source.length != size()) {
      throw new IllegalArgumentException(
          "upload: expected " + size() + " values, got " + source.length);
    }
    double[] target = array();
    for (int i = 0; i < source.length; i++) {
      target[offset + i] = source[i];
    }
  }

  @Override
  public float[] download() {
    double[] source = downloadDouble();
    float[] result = new float[source.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = (float) source[i];
    }
    return result;
  }

  /** All values as they are, for gradient checks and for measuring errors. */
  double[] downloadDouble() {
    scope.requireOpen();
    double[] source = array();
    double[] result = new double[size()];
    System.arraycopy(source, offset, result, 0, result.length);
    return result;
  }

  /** Replaces all values without rounding them to float first, for gradient checks. */
  void uploadDouble(double[] source) {
    scope.requireOpen();
    if (source.length != size()) {
      throw new IllegalArgumentException(
          "upload: expected " + size() + " values, got " + source.length);
    }
    System.arraycopy(source, 0, array(), offset, source.length);
  }

  double get(int row, int k) {
    return array()[offset + row * width + k];
  }

  void set(int row, int k, double value) {
    array()[offset + row * width + k] = precision.store(value);
  }

  void add(int row, int k, double value) {
    set(row, k, get(row, k) + value);
  }

  double get(int row, int level, int interest, int k) {
    return array()[at(row, level, interest, k)];
  }

  void set(int row, int level, int interest, int k, double value) {
    array()[at(row, level, interest, k)] = precision.store(value);
  }

  void add(int row, int level, int interest, int k, double value) {
    set(row, level, interest, k, get(row, level, interest, k) + value);
  }

  void fill(double value) {
    Arrays.fill(array(), offset, offset + size(), value);
  }

  private int at(int row, int level, int interest, int k) {
    int interests = batch.shape().interests();
    int levels = batch.shape().levels();
    return ((row * levels + level) * interests + interest) * width + k;
  }

  /** The backing array, with room for the rows that exist now. */
  private double[] array() {
    if (batch != null && values[0].length < size()) {
      values[0] = Arrays.copyOf(values[0], size());
    }
    return values[0];
  }
}
