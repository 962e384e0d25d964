package io.mgnm.simulator.dnn;

import static io.mgnm.simulator.dnn.DnnStatus.CUDNN_STATUS_BAD_PARAM;
import static io.mgnm.simulator.dnn.DnnStatus.CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT;

import io.mgnm.simulator.driver.ApiException;
import io.mgnm.simulator.driver.LibraryCall;
import io.mgnm.simulator.driver.MemoryRange;
import io.mgnm.simulator.memory.Access;
import io.mgnm.simulator.memory.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** One call of an RNN function: its arguments checked against each other, then submitted. */
final class RnnCall {
  private static final byte SCRATCH = (byte) 0xff;

  final RnnShape shape;
  final SequenceShape sequences;
  final List<MemoryRange> ranges = new ArrayList<>();
  private final DnnObjects objects;
  private final String name;
  private final long stream;
  private final List<Consumer<DeviceMemory>> before = new ArrayList<>();

  RnnCall(DnnObjects objects, String name, long handle, long rnn, long xDescriptor) {
    this.objects = objects;
    this.name = name;
    this.stream = objects.handle(handle).stream;
    this.shape = objects.descriptor(rnn, RnnShape.class);
    this.sequences = objects.descriptor(xDescriptor, SequenceShape.class);
    CUDNN_STATUS_BAD_PARAM.unless(
        shape.padded() || sequences.layout() == SequenceShape.SEQUENCE_MAJOR_PACKED,
        "an unpacked layout needs CUDNN_RNN_PADDED_IO_ENABLED");
  }

  static long workBytes(RnnShape shape, SequenceShape sequences) {
    return 256 + 16L * shape.hiddenSize() * shape.pseudoLayers() * sequences.batch();
  }

  int stateSize() {
    return shape.pseudoLayers() * sequences.batch() * shape.hiddenSize();
  }

  /** Input or output: its descriptor must have the same sequences and the right vector size. */
  SequenceBuffer sequence(long descriptor, long address, int vectorSize, String what) {
    SequenceShape of = objects.descriptor(descriptor, SequenceShape.class);
    CUDNN_STATUS_BAD_PARAM.unless(
        of.vectorSize() == vectorSize,
        what + " has vectors of " + of.vectorSize() + ", the RNN's are of " + vectorSize);
    CUDNN_STATUS_BAD_PARAM.unless(
        of.sameSequencesAs(sequences), what + " has other lengths or another layout than x");
    if (of.vectors() > 0) {
      objects.requireDevice(address, of.bytes(), what);
    }
    return new SequenceBuffer(of, address);
  }

  /** A state {@code [pseudo-layers][batch][hidden]}; may be null. */
  void state(long descriptor, long address, Access access, String what) {
    if (address == 0) {
      return;
    }
    TensorShape tensor = objects.descriptor(descriptor, TensorShape.class);
    CUDNN_STATUS_BAD_PARAM.unless(
        tensor.isPacked(shape.pseudoLayers(), sequences.batch(), shape.hiddenSize()),
        String.format(
            "%s is %s, not [%d, %d, %d] packed",
            what, tensor, shape.pseudoLayers(), sequences.batch(), shape.hiddenSize()));
    objects.requireDevice(address, 4L * stateSize(), what);
    ranges.add(new MemoryRange(address, 4L * stateSize(), access));
  }

  /** Lengths on the device may be left out; where given they must be those of the descriptor. */
  void lengths(long address) {
    if (address == 0) {
      return;
    }
    int[] expected = sequences.lengths();
    objects.requireDevice(address, 4L * expected.length, "devSeqLengths");
    ranges.add(MemoryRange.read(address, 4L * expected.length));
    before.add(
        memory -> {
          int[] found = new int[expected.length];
          memory.read(address, MemorySegment.ofArray(found));
          if (!Arrays.equals(found, expected)) {
            throw new ApiException(
                DnnStatus.CUDNN_STATUS_EXECUTION_FAILED.code(),
                "devSeqLengths "
                    + Arrays.toString(found)
                    + " differ from the descriptor's "
                    + Arrays.toString(expected));
          }
        });
  }

  /** Scratch memory: whatever it holds afterwards means nothing, so it holds nothing useful. */
  void work(long bytes, long address) {
    long needed = workBytes(shape, sequences);
    CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT.unless(
        bytes >= needed, "the work space has " + bytes + " bytes, " + needed + " are needed");
    objects.requireDevice(address, needed, "the work space");
    ranges.add(MemoryRange.write(address, needed));
    before.add(memory -> memory.fill(address, 1, SCRATCH, needed));
  }

  void reserve(long bytes, long address, Access access) {
    long needed = LstmTape.bytes(shape, sequences);
    CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT.unless(
        bytes >= needed, "the reserve space has " + bytes + " bytes, " + needed + " are needed");
    objects.requireDevice(address, needed, "the reserve space");
    ranges.add(new MemoryRange(address, needed, access));
  }

  WeightLayout weights(WeightLayout layout, long bytes, long address, Access access) {
    CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT.unless(
        bytes >= layout.bytes(),
        "the weight space has " + bytes + " bytes, " + layout.bytes() + " are needed");
    objects.requireDevice(address, layout.bytes(), "the weight space");
    ranges.addAll(LstmWeights.ranges(shape, layout, address, access));
    return layout;
  }

  void submit(Consumer<DeviceMemory> body) {
    String what =
        String.format(
            "%s of %d sequences, input %d, hidden %d, %d pseudo-layers",
            name, sequences.batch(), shape.inputSize(), shape.hiddenSize(), shape.pseudoLayers());
    objects.machine.enqueue(
        stream,
        new LibraryCall(
            what,
            ranges,
            memory -> {
              before.forEach(check -> check.accept(memory));
              body.accept(memory);
            }));
  }
}
