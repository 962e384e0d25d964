package io.mgnm.cuda;

import java.util.Optional;
import jcuda.driver.CUdeviceptr;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnDirectionMode;
import jcuda.jcudnn.cudnnForwardMode;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnMathType;
import jcuda.jcudnn.cudnnRNNBiasMode;
import jcuda.jcudnn.cudnnRNNDataDescriptor;
import jcuda.jcudnn.cudnnRNNDataLayout;
import jcuda.jcudnn.cudnnRNNDescriptor;
import jcuda.jcudnn.cudnnRNNInputMode;
import jcuda.jcudnn.cudnnRNNMode;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnWgradMode;
import jcuda.runtime.cudaStream_t;

/**
 * cuDNN's bidirectional LSTM of one layer, on a stream of a context: float32 ({@code
 * CUDNN_FMA_MATH}), zero initial states, one bias, packed sequences: position after position, and
 * in each the sequences that are that long, which are sorted, the longest first.
 *
 * <p>cuDNN takes the lengths from the host, so none of this can be captured for other batches.
 */
public final class CudnnLstm implements AutoCloseable {
  private static final int DIRECTIONS = 2;
  private static final int GATES = 4;
  private static final int NO_DROPOUT = 0;

  private final CudaStream stream;
  private final CudaContext context;
  private final int input;
  private final int hidden;
  private final MemoryScope memory;
  private final Owned parts = new Owned();
  private final cudnnHandle handle = new cudnnHandle();
  private final cudnnRNNDescriptor lstm = new cudnnRNNDescriptor();
  private final cudnnRNNDataDescriptor inputs = new cudnnRNNDataDescriptor();
  private final cudnnRNNDataDescriptor outputs = new cudnnRNNDataDescriptor();
  private final cudnnTensorDescriptor states = new cudnnTensorDescriptor();
  private final long weightBytes;
  private DeviceBuffer work; // grown when needed
  private DeviceBuffer reserve;
  private long positions; // of the sequences described last
  private boolean closed;

  /** Why it cannot be used on this machine, with a remedy; empty where it can. Loads it. */
  public static Optional<String> unavailable() {
    return MathLibraries.load(MathLibraries.Library.CUDNN);
  }

  /**
   * An LSTM.
   *
   * @param input values of a position
   * @param hidden units of a direction; an output has both directions', forward first
   * @throws IllegalStateException where {@link #unavailable} says why there is no cuDNN
   */
  public CudnnLstm(CudaStream stream, int input, int hidden) {
    unavailable()
        .ifPresent(
            reason -> {
              throw new IllegalStateException(reason);
            });
    this.stream = stream;
    this.context = stream.context();
    this.input = input;
    this.hidden = hidden;
    this.memory = parts.add(context.scope("cuDNN"));
    try (CudaContext.Use inside = context.enter()) {
      weightBytes = create();
      context.own(this);
    } catch (RuntimeException e) {
      closeAfter(e);
      throw e;
    }
  }

  private long create() {
    check("cudnnCreate", JCudnn.cudnnCreate(handle));
    parts.add(() -> check("cudnnDestroy", JCudnn.cudnnDestroy(handle)));
    check("cudnnSetStream", JCudnn.cudnnSetStream(handle, new cudaStream_t(stream.handle())));
    check("cudnnCreateRNNDescriptor", JCudnn.cudnnCreateRNNDescriptor(lstm));
    parts.add(() -> check("cudnnDestroyRNNDescriptor", JCudnn.cudnnDestroyRNNDescriptor(lstm)));
    check(
        "cudnnSetRNNDescriptor_v8",
        JCudnn.cudnnSetRNNDescriptor_v8(
            lstm,
            0, // CUDNN_RNN_ALGO_STANDARD
            cudnnRNNMode.CUDNN_LSTM,
            cudnnRNNBiasMode.CUDNN_RNN_SINGLE_INP_BIAS,
            cudnnDirectionMode.CUDNN_BIDIRECTIONAL,
            cudnnRNNInputMode.CUDNN_LINEAR_INPUT,
            cudnnDataType.CUDNN_DATA_FLOAT,
            cudnnDataType.CUDNN_DATA_FLOAT,
            cudnnMathType.CUDNN_FMA_MATH,
            input,
            hidden,
            hidden,
            1,
            null,
            NO_DROPOUT));
    for (cudnnRNNDataDescriptor data : new cudnnRNNDataDescriptor[] {inputs, outputs}) {
      check("cudnnCreateRNNDataDescriptor", JCudnn.cudnnCreateRNNDataDescriptor(data));
      parts.add(
          () -> check("cudnnDestroyRNNDataDescriptor", JCudnn.cudnnDestroyRNNDataDescriptor(data)));
    }
    check("cudnnCreateTensorDescriptor", JCudnn.cudnnCreateTensorDescriptor(states));
    parts.add(
        () -> check("cudnnDestroyTensorDescriptor", JCudnn.cudnnDestroyTensorDescriptor(states)));
    long[] bytes = {0};
    check("cudnnGetRNNWeightSpaceSize", JCudnn.cudnnGetRNNWeightSpaceSize(handle, lstm, bytes));
    return bytes[0];
  }

  /** Values of cuDNN's weight space, gaps included. */
  public int weightSpace() {
    return Math.toIntExact(weightBytes / Float.BYTES);
  }

  /** The two matrices and the bias of every gate. */
  public interface WeightVisitor {
    /**
     * A weight's place in the weight space.
     *
     * @param direction 0 forward, 1 backward
     * @param gate 0 input, 1 forget, 2 cell, 3 output
     * @param unit of the hidden ones
     * @param source input value, or {@code input +} hidden unit, or {@code input + hidden} for the
     *     bias
     * @param place index in the weight space
     */
    void visit(int direction, int gate, int unit, int source, int place);
  }

  /**
   * Says where every weight stands, as only cuDNN knows: {@code cudnnGetRNNWeightParams}.
   *
   * @param space any buffer of the weight space's size
   */
  public void eachWeight(DeviceBuffer space, WeightVisitor visitor) {
    try (CudaContext.Use inside = enter()) {
      Owned descriptors = new Owned();
      try {
        eachWeight(space, visitor, descriptor(descriptors), descriptor(descriptors));
      } finally {
        descriptors.closeAll();
      }
    }
  }

  private static cudnnTensorDescriptor descriptor(Owned owner) {
    cudnnTensorDescriptor descriptor = new cudnnTensorDescriptor();
    check("cudnnCreateTensorDescriptor", JCudnn.cudnnCreateTensorDescriptor(descriptor));
    owner.add(
        () ->
            check("cudnnDestroyTensorDescriptor", JCudnn.cudnnDestroyTensorDescriptor(descriptor)));
    return descriptor;
  }

  private void eachWeight(
      DeviceBuffer space,
      WeightVisitor visitor,
      cudnnTensorDescriptor matrix,
      cudnnTensorDescriptor bias) {
    for (int direction = 0; direction < DIRECTIONS; direction++) {
      for (int part = 0; part < 2 * GATES; part++) {
        CUdeviceptr matrixAddress = new CUdeviceptr();
        CUdeviceptr biasAddress = new CUdeviceptr();
        check(
            "cudnnGetRNNWeightParams",
            JCudnn.cudnnGetRNNWeightParams(
                handle,
                lstm,
                direction,
                weightBytes,
                space.pointer(),
                part,
                matrix,
                matrixAddress,
                bias,
                biasAddress));
        boolean recurrent = part >= GATES;
        int first = place(matrixAddress, space);
        int columns = recurrent ? hidden : input;
        for (int unit = 0; unit < hidden; unit++) {
          for (int column = 0; column < columns; column++) {
            visitor.visit(
                direction,
                part % GATES,
                unit,
                recurrent ? input + column : column,
                first + unit * columns + column);
          }
          if (!recurrent) {
            visitor.visit(direction, part, unit, input + hidden, place(biasAddress, space) + unit);
          }
        }
      }
    }
  }

  private static int place(CUdeviceptr part, DeviceBuffer space) {
    long bytes = new Address(part).value() - new Address(space.pointer()).value();
    return Math.toIntExact(bytes / Float.BYTES);
  }

  /** JCuda shows a pointer's address to its subclasses only. */
  private static final class Address extends CUdeviceptr {
    Address(CUdeviceptr pointer) {
      super(pointer);
    }

    long value() {
      return getNativePointer() + getByteOffset();
    }
  }

  /**
   * Says which sequences the next calls are about.
   *
   * @param lengths of each, at least 1, descending; at least one
   */
  public void describe(int[] lengths) {
    long total = 0;
    for (int i = 0; i < lengths.length; i++) {
      if (lengths[i] < 1 || (i > 0 && lengths[i] > lengths[i - 1])) {
        throw new IllegalArgumentException(
            "lengths: expected at least 1, descending; got %d at %d".formatted(lengths[i], i));
      }
      total += lengths[i];
    }
    try (CudaContext.Use inside = enter()) {
      describe(inputs, input, lengths);
      describe(outputs, DIRECTIONS * hidden, lengths);
      check(
          "cudnnSetTensorNdDescriptor",
          JCudnn.cudnnSetTensorNdDescriptor(
              states,
              cudnnDataType.CUDNN_DATA_FLOAT,
              3,
              new int[] {DIRECTIONS, lengths.length, hidden},
              new int[] {lengths.length * hidden, hidden, 1}));
      long[] workBytes = {0};
      long[] reserveBytes = {0};
      check(
          "cudnnGetRNNTempSpaceSizes",
          JCudnn.cudnnGetRNNTempSpaceSizes(
              handle,
              lstm,
              cudnnForwardMode.CUDNN_FWD_MODE_TRAINING,
              inputs,
              workBytes,
              reserveBytes));
      work = atLeast(work, workBytes[0], "work space");
      reserve = atLeast(reserve, reserveBytes[0], "reserve space");
      positions = total;
    }
  }

  private static void describe(cudnnRNNDataDescriptor data, int width, int[] lengths) {
    check(
        "cudnnSetRNNDataDescriptor",
        JCudnn.cudnnSetRNNDataDescriptor(
            data,
            cudnnDataType.CUDNN_DATA_FLOAT,
            cudnnRNNDataLayout.CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED,
            lengths[0],
            lengths.length,
            width,
            lengths,
            null));
  }

  private DeviceBuffer atLeast(DeviceBuffer buffer, long bytes, String label) {
    return buffer != null && buffer.bytes() >= bytes
        ? buffer
        : memory.floats(Math.max(1, Math.ceilDiv(bytes, (long) Float.BYTES)), label);
  }

  /**
   * Outputs of both directions, and what {@link #backward} needs.
   *
   * @param weights the weight space
   * @param x positions × input, packed
   * @param h positions × 2 hidden, packed, written
   */
  public void forward(DeviceBuffer weights, DeviceBuffer x, DeviceBuffer h) {
    try (CudaContext.Use inside = enter()) {
      check(x, input, "x");
      check(h, DIRECTIONS * hidden, "h");
      CUdeviceptr none = new CUdeviceptr();
      check(
          "cudnnRNNForward",
          JCudnn.cudnnRNNForward(
              handle,
              lstm,
              cudnnForwardMode.CUDNN_FWD_MODE_TRAINING,
              null,
              inputs,
              x.pointer(),
              outputs,
              h.pointer(),
              states,
              none,
              none,
              states,
              none,
              none,
              weightBytes,
              weights.pointer(),
              work.bytes(),
              work.pointer(),
              reserve.bytes(),
              reserve.pointer()));
    }
  }

  /**
   * Derivatives after {@link #forward} of the same sequences.
   *
   * @param weights the weight space
   * @param x as given to forward
   * @param h as forward wrote it
   * @param dH the derivative by h
   * @param dX positions × input, packed, written
   * @param dWeights a weight space, added to
   */
  public void backward(
      DeviceBuffer weights,
      DeviceBuffer x,
      DeviceBuffer h,
      DeviceBuffer dH,
      DeviceBuffer dX,
      DeviceBuffer dWeights) {
    try (CudaContext.Use inside = enter()) {
      check(x, input, "x");
      check(h, DIRECTIONS * hidden, "h");
      check(dH, DIRECTIONS * hidden, "dH");
      check(dX, input, "dX");
      CUdeviceptr none = new CUdeviceptr();
      check(
          "cudnnRNNBackwardData_v8",
          JCudnn.cudnnRNNBackwardData_v8(
              handle,
              lstm,
              null,
              outputs,
              h.pointer(),
              dH.pointer(),
              inputs,
              dX.pointer(),
              states,
              none,
              none,
              none,
              states,
              none,
              none,
              none,
              weightBytes,
              weights.pointer(),
              work.bytes(),
              work.pointer(),
              reserve.bytes(),
              reserve.pointer()));
      check(
          "cudnnRNNBackwardWeights_v8",
          JCudnn.cudnnRNNBackwardWeights_v8(
              handle,
              lstm,
              cudnnWgradMode.CUDNN_WGRAD_MODE_ADD,
              null,
              inputs,
              x.pointer(),
              states,
              none,
              outputs,
              h.pointer(),
              weightBytes,
              dWeights.pointer(),
              work.bytes(),
              work.pointer(),
              reserve.bytes(),
              reserve.pointer()));
    }
  }

  private void check(DeviceBuffer buffer, int width, String name) {
    buffer.scope().requireOpen();
    if (positions == 0 || buffer.count() < Math.multiplyExact(positions, (long) width)) {
      throw new IllegalArgumentException(
          "%s: expected %d positions of %d values, got %s"
              .formatted(name, positions, width, buffer));
    }
  }

  private static void check(String call, int status) {
    if (status != 0) {
      throw CudaException.of(call, status, JCudnn.cudnnGetErrorString(status));
    }
  }

  private CudaContext.Use enter() {
    CudaContext.Use inside = context.enter();
    if (closed) {
      inside.close();
      throw new IllegalStateException("the LSTM is closed");
    }
    return inside;
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
