package io.mgnm.simulator.blas;

import static io.mgnm.simulator.blas.BlasStatus.require;

import io.mgnm.simulator.driver.MemoryRange;
import io.mgnm.simulator.memory.Access;
import io.mgnm.simulator.memory.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Matrix products: {@code C = alpha * op(A) * op(B) + beta * C}. */
public final class ProductCalls {
  private final BlasHandles handles;

  ProductCalls(BlasHandles handles) {
    this.handles = handles;
  }

  public int cublasSgemm_v2(
      long handle,
      int transA,
      int transB,
      int m,
      int n,
      int k,
      MemorySegment alpha,
      long a,
      int lda,
      long b,
      int ldb,
      MemorySegment beta,
      long c,
      int ldc) {
    BlasHandle of = handles.get(handle);
    Product product = new Product(transA, transB, m, n, k, a, lda, b, ldb, c, ldc);
    return multiply("cublasSgemm", of, product, new long[3], 1, alpha, beta);
  }

  public int cublasSgemmStridedBatched(
      long handle,
      int transA,
      int transB,
      int m,
      int n,
      int k,
      MemorySegment alpha,
      long a,
      int lda,
      long strideA,
      long b,
      int ldb,
      long strideB,
      MemorySegment beta,
      long c,
      int ldc,
      long strideC,
      int batch) {
    BlasHandle of = handles.get(handle);
    require(batch >= 0, "batch of " + batch);
    Product product = new Product(transA, transB, m, n, k, a, lda, b, ldb, c, ldc);
    long one = (long) ldc * (n - 1) + m;
    require(
        batch < 2 || m == 0 || n == 0 || Math.abs(strideC) >= one,
        "the matrices C of the batch overlap: stride " + strideC + ", each spans " + one);
    long[] strides = {strideA, strideB, strideC};
    return multiply("cublasSgemmStridedBatched", of, product, strides, batch, alpha, beta);
  }

  private int multiply(
      String name,
      BlasHandle handle,
      Product product,
      long[] strides,
      int batch,
      MemorySegment alpha,
      MemorySegment beta) {
    if (product.m() == 0 || product.n() == 0 || batch == 0) {
      return 0;
    }
    List<MemoryRange> ranges = new ArrayList<>();
    ToDoubleFunction<DeviceMemory> by = handles.scalar(handle, alpha, ranges);
    ToDoubleFunction<DeviceMemory> kept = handles.scalar(handle, beta, ranges);
    // With a host beta of zero C is only written; of a device's beta nothing is known yet.
    boolean readsC =
        handle.pointerMode != BlasHandle.HOST_POINTERS || kept.applyAsDouble(null) != 0;
    for (int i = 0; i < batch; i++) {
      ranges.addAll(product.matrixA().plus(i * strides[0]).ranges(Access.READ));
      ranges.addAll(product.matrixB().plus(i * strides[1]).ranges(Access.READ));
      ranges.addAll(product.matrixC().plus(i * strides[2]).ranges(Access.WRITE));
      if (readsC && handle.pointerMode == BlasHandle.HOST_POINTERS) {
        ranges.addAll(product.matrixC().plus(i * strides[2]).ranges(Access.READ));
      }
    }
    boolean tf32 = (handle.mathMode & ~16) == BlasHandle.TF32 && handles.capability() >= 80;
    String what = String.format("%s %s, batch %d", name, product, batch);
    handles.submit(
        handle,
        what,
        ranges,
        memory -> {
          for (int i = 0; i < batch; i++) {
            product
                .at(i * strides[0], i * strides[1], i * strides[2])
                .compute(memory, by.applyAsDouble(memory), kept.applyAsDouble(memory), tf32);
          }
        });
    return 0;
  }
}
