package io.mgnm.cuda;

import java.util.Optional;
import jcuda.Pointer;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasPointerMode;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;

/**
 * cuBLAS on a stream of a context: products of row-major matrices of floats. Its arithmetic is
 * float32, never TF32; its workspace is this object's own, so that the same call gives the same
 * bits, and may be captured.
 */
public final class Cublas implements AutoCloseable {
  /** What NVIDIA recommends for Hopper; enough for every generation before it. */
  private static final long WORKSPACE_BYTES = 32L << 20;

  private final CudaStream stream;
  private final CudaContext context;
  private final MemoryScope memory;
  private final Owned parts = new Owned();
  private final cublasHandle handle = new cublasHandle();
  private boolean closed;

  /**
   * A matrix in device memory, row-major, or a batch of them.
   *
   * @param buffer that holds it
   * @param rows of one matrix
   * @param columns of one matrix
   * @param transposed whether the product takes its transpose
   * @param stride values from one matrix of a batch to the next; 0 where all are the same one
   */
  public record Matrix(
      DeviceBuffer buffer, int rows, int columns, boolean transposed, long stride) {

    /** One matrix. */
    public static Matrix of(DeviceBuffer buffer, int rows, int columns) {
      return new Matrix(buffer, rows, columns, false, 0);
    }

    /** The same, transposed in the product. */
    public Matrix transpose() {
      return new Matrix(buffer, rows, columns, !transposed, stride);
    }

    /** A batch of such matrices. */
    public Matrix every(long values) {
      return new Matrix(buffer, rows, columns, transposed, values);
    }

    private int height() {
      return transposed ? columns : rows;
    }

    private int breadth() {
      return transposed ? rows : columns;
    }

    private int operation() {
      return transposed ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
    }

    private void check(String name, int batch) {
      long last = Math.addExact((long) rows * columns, Math.multiplyExact(stride, batch - 1L));
      if (rows < 0 || columns < 0 || stride < 0 || (batch > 0 && last > buffer.count())) {
        throw new IllegalArgumentException(
            "product: %s: %d matrices of %d x %d, %d values apart, do not fit %s"
                .formatted(name, batch, rows, columns, stride, buffer));
      }
    }
  }

  /** Why it cannot be used on this machine, with a remedy; empty where it can. Loads it. */
  public static Optional<String> unavailable() {
    return MathLibraries.load(MathLibraries.Library.CUBLAS);
  }

  /**
   * A handle on the stream.
   *
   * @throws IllegalStateException where {@link #unavailable} says why there is none
   */
  public Cublas(CudaStream stream) {
    unavailable()
        .ifPresent(
            reason -> {
              throw new IllegalStateException(reason);
            });
    this.stream = stream;
    this.context = stream.context();
    this.memory = parts.add(context.scope("cuBLAS"));
    try (CudaContext.Use inside = context.enter()) {
      create();
      context.own(this);
    } catch (RuntimeException e) {
      closeAfter(e);
      throw e;
    }
  }

  private void create() {
    check("cublasCreate", JCublas2.cublasCreate(handle));
    parts.add(() -> check("cublasDestroy", JCublas2.cublasDestroy(handle)));
    check("cublasSetStream", JCublas2.cublasSetStream(handle, new cudaStream_t(stream.handle())));
    DeviceBuffer workspace = memory.floats(WORKSPACE_BYTES / Float.BYTES, "workspace");
    check(
        "cublasSetWorkspace",
        JCublas2.cublasSetWorkspace(handle, workspace.pointer(), WORKSPACE_BYTES));
    check("cublasSetMathMode", JCublas2.cublasSetMathMode(handle, cublasMath.CUBLAS_PEDANTIC_MATH));
    check(
        "cublasSetPointerMode",
        JCublas2.cublasSetPointerMode(handle, cublasPointerMode.CUBLAS_POINTER_MODE_HOST));
  }

  /** {@code c = a · b}, or {@code c += a · b}; as a batch of one. */
  public void multiply(Matrix a, Matrix b, Matrix c, boolean add) {
    multiply(a, b, c, 1, add);
  }

  /**
   * {@code c_i = a_i · b_i} for a batch of matrices, or {@code c_i += a_i · b_i}.
   *
   * @param c not transposed
   * @throws IllegalArgumentException where shapes do not fit one another or their buffers
   */
  public void multiply(Matrix a, Matrix b, Matrix c, int batch, boolean add) {
    if (batch < 0
        || c.transposed()
        || a.breadth() < 1
        || a.breadth() != b.height()
        || a.height() != c.rows()
        || b.breadth() != c.columns()) {
      throw shapes(a, b, c, batch);
    }
    a.check("a", batch);
    b.check("b", batch);
    c.check("c", batch);
    if (batch == 0 || c.rows() == 0 || c.columns() == 0) {
      return;
    }
    try (CudaContext.Use inside = enter(a, b, c)) {
      // Row-major c = a b is column-major cT = bT aT, so the operands change places.
      check(
          "cublasSgemmStridedBatched",
          JCublas2.cublasSgemmStridedBatched(
              handle,
              b.operation(),
              a.operation(),
              c.columns(),
              c.rows(),
              a.breadth(),
              Pointer.to(new float[] {1}),
              b.buffer().pointer(),
              Math.max(1, b.columns()),
              b.stride(),
              a.buffer().pointer(),
              Math.max(1, a.columns()),
              a.stride(),
              Pointer.to(new float[] {add ? 1 : 0}),
              c.buffer().pointer(),
              c.columns(),
              c.stride(),
              batch));
    }
  }

  private CudaContext.Use enter(Matrix... matrices) {
    CudaContext.Use inside = context.enter();
    try {
      if (closed) {
        throw new IllegalStateException("cuBLAS is closed");
      }
      for (Matrix matrix : matrices) {
        matrix.buffer().scope().requireOpen();
        if (matrix.buffer().scope().context() != context) {
          throw new IllegalArgumentException(
              matrix.buffer() + " belongs to another context than " + context);
        }
      }
      return inside;
    } catch (RuntimeException e) {
      inside.close();
      throw e;
    }
  }

  private static IllegalArgumentException shapes(Matrix a, Matrix b, Matrix c, int batch) {
    return new IllegalArgumentException(
        "%d products: expected a: m x k, b: k x n, c: m x n, k > 0; got %s, %s, %s"
            .formatted(batch, shape(a), shape(b), shape(c)));
  }

  private static String shape(Matrix matrix) {
    return matrix.rows() + " x " + matrix.columns() + (matrix.transposed() ? " transposed" : "");
  }

  private static void check(String call, int status) {
    if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      throw CudaException.of(call, status, cublasStatus.stringFor(status));
    }
  }

  private void closeAfter(RuntimeException e) {
    try {
      close();
    } catch (RuntimeException second) {
      e.addSuppressed(second);
    }
  }

  /** Waits for its work. Idempotent. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    context.disown(this);
    if (context.isClosed() || context.isDead()) {
      return; // it went with the context
    }
    try (CudaContext.Use inside = context.enter()) {
      parts.add(stream::synchronize); // goes first
      parts.closeAll();
    }
  }
}
