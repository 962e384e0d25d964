package io.mgnm.simulator.blas;

import static io.mgnm.simulator.blas.BlasStatus.require;

import io.mgnm.simulator.driver.MemoryRange;
import io.mgnm.simulator.memory.Access;
import io.mgnm.simulator.memory.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Sums of vectors and matrices, and products with vectors. Increments must be positive. */
public final class VectorCalls {
  private final BlasHandles handles;

  VectorCalls(BlasHandles handles) {
    this.handles = handles;
  }

  /** {@code y = alpha * x + y}. */
  public int cublasSaxpy_v2(
      long handle, int n, MemorySegment alpha, long x, int incx, long y, int incy) {
    BlasHandle of = handles.get(handle);
    require(incx > 0 && incy > 0, "increments " + incx + ", " + incy);
    if (n <= 0) {
      return 0;
    }
    FloatMatrix from = FloatMatrix.vector(x, n, incx);
    FloatMatrix to = FloatMatrix.vector(y, n, incy);
    List<MemoryRange> ranges = new ArrayList<>();
    ToDoubleFunction<DeviceMemory> by = handles.scalar(of, alpha, ranges);
    ranges.addAll(from.ranges(Access.READ));
    ranges.addAll(to.ranges(Access.READ));
    ranges.addAll(to.ranges(Access.WRITE));
    handles.submit(
        of,
        "cublasSaxpy of " + n,
        ranges,
        memory -> {
          double[] added = from.read(memory);
          double[] sum = to.read(memory);
          double factor = by.applyAsDouble(memory);
          for (int i = 0; i < n; i++) {
            sum[i] += factor * added[i];
          }
          to.write(memory, sum);
        });
    return 0;
  }

  /** {@code y = alpha * op(A) * x + beta * y}: the product with a matrix of one column. */
  public int cublasSgemv_v2(
      long handle,
      int trans,
      int m,
      int n,
      MemorySegment alpha,
      long a,
      int lda,
      long x,
      int incx,
      MemorySegment beta,
      long y,
      int incy) {
    BlasHandle of = handles.get(handle);
    require(incx > 0 && incy > 0, "increments " + incx + ", " + incy);
    require(m >= 0 && n >= 0 && lda >= Math.max(1, m), m + " x " + n + ", lda " + lda);
    require(trans >= 0 && trans <= 2, "operation " + trans);
    if (m == 0 || n == 0) {
      return 0;
    }
    FloatMatrix matrix = new FloatMatrix(a, m, n, lda);
    FloatMatrix from = FloatMatrix.vector(x, trans == 0 ? n : m, incx);
    FloatMatrix to = FloatMatrix.vector(y, trans == 0 ? m : n, incy);
    List<MemoryRange> ranges = new ArrayList<>();
    ToDoubleFunction<DeviceMemory> by = handles.scalar(of, alpha, ranges);
    ToDoubleFunction<DeviceMemory> kept = handles.scalar(of, beta, ranges);
    ranges.addAll(matrix.ranges(Access.READ));
    ranges.addAll(from.ranges(Access.READ));
    ranges.addAll(to.ranges(Access.WRITE));
    handles.submit(
        of,
        "cublasSgemv of " + m + " x " + n,
        ranges,
        memory -> {
          double[] weights = matrix.read(memory);
          double[] input = from.read(memory);
          double old = kept.applyAsDouble(memory);
          double factor = by.applyAsDouble(memory);
          double[] result = old == 0 ? new double[to.columns()] : to.read(memory);
          for (int i = 0; i < result.length; i++) {
            double sum = 0;
            for (int j = 0; j < input.length; j++) {
              sum += input[j] * (trans == 0 ? weights[j * m + i] : weights[i * m + j]);
            }
            result[i] = factor * sum + (old == 0 ? 0 : old * result[i]);
          }
          to.write(memory, result);
        });
    return 0;
  }

  /** {@code A = alpha * x * y' + A}. */
  public int cublasSger_v2(
      long handle,
      int m,
      int n,
      MemorySegment alpha,
      long x,
      int incx,
      long y,
      int incy,
      long a,
      int lda) {
    BlasHandle of = handles.get(handle);
    require(incx > 0 && incy > 0, "increments " + incx + ", " + incy);
    require(m >= 0 && n >= 0 && lda >= Math.max(1, m), m + " x " + n + ", lda " + lda);
    if (m == 0 || n == 0) {
      return 0;
    }
    FloatMatrix left = FloatMatrix.vector(x, m, incx);
    FloatMatrix right = FloatMatrix.vector(y, n, incy);
    FloatMatrix matrix = new FloatMatrix(a, m, n, lda);
    List<MemoryRange> ranges = new ArrayList<>();
    ToDoubleFunction<DeviceMemory> by = handles.scalar(of, alpha, ranges);
    ranges.addAll(left.ranges(Access.READ));
    ranges.addAll(right.ranges(Access.READ));
    ranges.addAll(matrix.ranges(Access.READ));
    ranges.addAll(matrix.ranges(Access.WRITE));
    handles.submit(
        of,
        "cublasSger of " + m + " x " + n,
        ranges,
        memory -> {
          double[] column = left.read(memory);
          double[] row = right.read(memory);
          double[] sum = matrix.read(memory);
          double factor = by.applyAsDouble(memory);
          for (int j = 0; j < n; j++) {
            for (int i = 0; i < m; i++) {
              sum[j * m + i] += factor * column[i] * row[j];
            }
          }
          matrix.write(memory, sum);
        });
    return 0;
  }

  /** {@code C = alpha * op(A) + beta * op(B)}; A or B may be C itself where not transposed. */
  public int cublasSgeam(
      long handle,
      int transA,
      int transB,
      int m,
      int n,
      MemorySegment alpha,
      long a,
      int lda,
      MemorySegment beta,
      long b,
      int ldb,
      long c,
      int ldc) {
    BlasHandle of = handles.get(handle);
    require(m >= 0 && n >= 0 && ldc >= Math.max(1, m), m + " x " + n + ", ldc " + ldc);
    require(lda >= Math.max(1, transA == 0 ? m : n), "lda " + lda);
    require(ldb >= Math.max(1, transB == 0 ? m : n), "ldb " + ldb);
    require(
        a != c || (transA == 0 && lda == ldc), "in place A must be neither transposed nor moved");
    require(
        b != c || (transB == 0 && ldb == ldc), "in place B must be neither transposed nor moved");
    if (m == 0 || n == 0) {
      return 0;
    }
    FloatMatrix left = transA == 0 ? new FloatMatrix(a, m, n, lda) : new FloatMatrix(a, n, m, lda);
    FloatMatrix right = transB == 0 ? new FloatMatrix(b, m, n, ldb) : new FloatMatrix(b, n, m, ldb);
    FloatMatrix result = new FloatMatrix(c, m, n, ldc);
    List<MemoryRange> ranges = new ArrayList<>();
    ToDoubleFunction<DeviceMemory> byA = handles.scalar(of, alpha, ranges);
    ToDoubleFunction<DeviceMemory> byB = handles.scalar(of, beta, ranges);
    boolean host = of.pointerMode == BlasHandle.HOST_POINTERS;
    boolean usesA = !host || byA.applyAsDouble(null) != 0;
    boolean usesB = !host || byB.applyAsDouble(null) != 0;
    if (usesA) {
      ranges.addAll(left.ranges(Access.READ));
    }
    if (usesB) {
      ranges.addAll(right.ranges(Access.READ));
    }
    ranges.addAll(result.ranges(Access.WRITE));
    handles.submit(
        of,
        "cublasSgeam of " + m + " x " + n,
        ranges,
        memory -> {
          double[] x = usesA ? left.read(memory) : new double[m * n];
          double[] y = usesB ? right.read(memory) : new double[m * n];
          double[] sum = new double[m * n];
          double factorA = byA.applyAsDouble(memory);
          double factorB = byB.applyAsDouble(memory);
          for (int j = 0; j < n; j++) {
            for (int i = 0; i < m; i++) {
              sum[j * m + i] =
                  factorA * x[transA == 0 ? j * m + i : i * n + j]
                      + factorB * y[transB == 0 ? j * m + i : i * n + j];
            }
          }
          result.write(memory, sum);
        });
    return 0;
  }
}
