package io.mgnm.simulator.dnn;

import static io.mgnm.simulator.dnn.DnnStatus.CUDNN_STATUS_BAD_PARAM;
import static io.mgnm.simulator.dnn.DnnStatus.CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT;
import static io.mgnm.simulator.dnn.DnnStatus.CUDNN_STATUS_NOT_SUPPORTED;
import static io.mgnm.simulator.natives.Out.putInt;
import static io.mgnm.simulator.natives.Out.putLong;

import io.mgnm.simulator.driver.Finding;
import io.mgnm.simulator.driver.LibraryCall;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.driver.MemoryRange;
import io.mgnm.simulator.natives.Out;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Descriptors of cuDNN: tensors, dropout, RNNs and their data. Only floats, only LSTM. */
public final class DescriptorCalls {
  private static final int FLOAT = 0;
  private static final int LSTM = 2;
  private static final int MAX_DIMENSIONS = 8;
  private static final long DROPOUT_STATE_BYTES = 4096;

  private final Machine machine;
  private final DnnObjects objects;

  DescriptorCalls(Machine machine, DnnObjects objects) {
    this.machine = machine;
    this.objects = objects;
  }

  private int create(MemorySegment descriptor, Class<?> type) {
    putLong(descriptor, objects.handles.add(new DnnObjects.Slot(type)));
    return 0;
  }

  private int destroy(long descriptor, Class<?> type) {
    DnnObjects.Slot slot = objects.handles.get(descriptor, DnnObjects.Slot.class);
    CUDNN_STATUS_BAD_PARAM.unless(slot.type == type, "a descriptor of another kind");
    objects.handles.remove(descriptor, DnnObjects.Slot.class);
    return 0;
  }

  public int cudnnCreateTensorDescriptor(MemorySegment descriptor) {
    return create(descriptor, TensorShape.class);
  }

  public int cudnnDestroyTensorDescriptor(long descriptor) {
    return destroy(descriptor, TensorShape.class);
  }

  public int cudnnSetTensorNdDescriptor(
      long descriptor, int type, int count, MemorySegment sizes, MemorySegment strides) {
    CUDNN_STATUS_NOT_SUPPORTED.unless(type == FLOAT, "data type " + type);
    CUDNN_STATUS_NOT_SUPPORTED.unless(
        count >= 3 && count <= MAX_DIMENSIONS, "a tensor of " + count + " dimensions");
    int[] size = new int[count];
    int[] stride = new int[count];
    for (int i = 0; i < count; i++) {
      size[i] = Out.getInt(sizes, i);
      stride[i] = Out.getInt(strides, i);
      CUDNN_STATUS_BAD_PARAM.unless(
          size[i] > 0 && stride[i] > 0,
          "dimension " + i + ": size " + size[i] + ", stride " + stride[i]);
    }
    objects.set(descriptor, new TensorShape(size, stride));
    return 0;
  }

  public int cudnnGetTensorNdDescriptor(
      long descriptor,
      int wanted,
      MemorySegment type,
      MemorySegment count,
      MemorySegment sizes,
      MemorySegment strides) {
    TensorShape shape = objects.descriptor(descriptor, TensorShape.class);
    putInt(type, FLOAT);
    putInt(count, shape.sizes().length);
    for (int i = 0; i < Math.min(wanted, shape.sizes().length); i++) {
      putInt(sizes.asSlice(4L * i), shape.sizes()[i]);
      putInt(strides.asSlice(4L * i), shape.strides()[i]);
    }
    return 0;
  }

  public int cudnnCreateDropoutDescriptor(MemorySegment descriptor) {
    return create(descriptor, Dropout.class);
  }

  public int cudnnDestroyDropoutDescriptor(long descriptor) {
    return destroy(descriptor, Dropout.class);
  }

  public int cudnnDropoutGetStatesSize(long handle, MemorySegment bytes) {
    objects.handle(handle);
    putLong(bytes, DROPOUT_STATE_BYTES);
    return 0;
  }

  public int cudnnSetDropoutDescriptor(
      long descriptor, long handle, float probability, long states, long bytes, long seed) {
    long stream = objects.handle(handle).stream;
    CUDNN_STATUS_BAD_PARAM.unless(
        probability >= 0 && probability <= 1, "probability " + probability);
    if (states != 0) {
      CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT.unless(
          bytes >= DROPOUT_STATE_BYTES, bytes + " bytes of state");
      objects.requireDevice(states, bytes, "the state of dropout");
      machine.enqueue(
          stream,
          new LibraryCall(
              "cudnnSetDropoutDescriptor",
              List.of(MemoryRange.write(states, DROPOUT_STATE_BYTES)),
              memory -> memory.fill(states, 4, (int) seed, DROPOUT_STATE_BYTES / 4)));
    }
    objects.set(descriptor, new Dropout(probability, states, bytes, seed));
    return 0;
  }

  public int cudnnCreateRNNDescriptor(MemorySegment descriptor) {
    return create(descriptor, RnnShape.class);
  }

  public int cudnnDestroyRNNDescriptor(long descriptor) {
    return destroy(descriptor, RnnShape.class);
  }

  public int cudnnSetRNNDescriptor_v8(
      long descriptor,
      int algorithm,
      int cell,
      int biases,
      int direction,
      int inputMode,
      int dataType,
      int mathPrecision,
      int mathType,
      int inputSize,
      int hiddenSize,
      int projectionSize,
      int layers,
      long dropoutDescriptor,
      int flags) {
    CUDNN_STATUS_BAD_PARAM.unless(
        inputSize > 0 && hiddenSize > 0 && layers > 0,
        "sizes " + inputSize + ", " + hiddenSize + ", " + layers + " layers");
    CUDNN_STATUS_BAD_PARAM.unless(
        algorithm >= 0 && algorithm <= 3 && biases >= 0 && biases <= 3, "algorithm or bias mode");
    CUDNN_STATUS_BAD_PARAM.unless(direction == 0 || direction == 1, "direction " + direction);
    CUDNN_STATUS_BAD_PARAM.unless(
        projectionSize > 0 && projectionSize <= hiddenSize,
        "projection size " + projectionSize + ": without projection it is the hidden size");
    float dropout =
        dropoutDescriptor == 0
            ? 0
            : objects.descriptor(dropoutDescriptor, Dropout.class).probability();
    supported(cell == LSTM, "cell mode " + cell);
    supported(inputMode == 0, "input mode " + inputMode);
    supported(projectionSize == hiddenSize, "a projection");
    supported(dataType == FLOAT && mathPrecision == FLOAT, "data type " + dataType);
    supported(algorithm == 0, "algorithm " + algorithm);
    supported(dropout == 0 || layers == 1, "dropout between layers");
    // Float data with plain tensor-op math is what cuDNN itself refuses.
    CUDNN_STATUS_NOT_SUPPORTED.unless(
        mathType == 0 || mathType == 2 || mathType == 3, "math type " + mathType + " with floats");
    boolean tf32 = mathType != 3 && machine.options().capability().atLeast(80);
    objects.set(
        descriptor,
        new RnnShape(
            inputSize,
            hiddenSize,
            layers,
            direction + 1,
            biases,
            mathType,
            tf32,
            (flags & 1) != 0,
            dropout,
            algorithm));
    return 0;
  }

  /** Real cuDNN has these; the simulated one says so where it has not. */
  private void supported(boolean condition, String what) {
    if (!condition) {
      machine.findings().add(Finding.Kind.UNSUPPORTED, "the simulated cuDNN has no " + what);
    }
    CUDNN_STATUS_NOT_SUPPORTED.unless(condition, what);
  }

  public int cudnnCreateRNNDataDescriptor(MemorySegment descriptor) {
    return create(descriptor, SequenceShape.class);
  }

  public int cudnnDestroyRNNDataDescriptor(long descriptor) {
    return destroy(descriptor, SequenceShape.class);
  }

  public int cudnnSetRNNDataDescriptor(
      long descriptor,
      int type,
      int layout,
      int maxLength,
      int batch,
      int vectorSize,
      MemorySegment lengths,
      MemorySegment fill) {
    CUDNN_STATUS_NOT_SUPPORTED.unless(type == FLOAT, "data type " + type);
    CUDNN_STATUS_BAD_PARAM.unless(layout >= 0 && layout <= 2, "layout " + layout);
    CUDNN_STATUS_BAD_PARAM.unless(
        maxLength > 0 && batch > 0 && vectorSize > 0,
        "sizes " + maxLength + ", " + batch + ", " + vectorSize);
    int[] length = new int[batch];
    for (int i = 0; i < batch; i++) {
      length[i] = Out.getInt(lengths, i);
      CUDNN_STATUS_BAD_PARAM.unless(
          length[i] >= 0 && length[i] <= maxLength,
          "sequence " + i + " has length " + length[i] + " of at most " + maxLength);
    }
    SequenceShape shape =
        new SequenceShape(
            layout,
            maxLength,
            batch,
            vectorSize,
            length,
            Out.isNull(fill) ? null : Out.getFloat(fill));
    CUDNN_STATUS_BAD_PARAM.unless(
        layout != SequenceShape.SEQUENCE_MAJOR_PACKED || shape.sorted(),
        "packed sequences must be sorted, the longest first");
    objects.set(descriptor, shape);
    return 0;
  }
}
