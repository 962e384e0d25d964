package io.mgnm.simulator.dnn;

import io.mgnm.simulator.driver.ApiException;
import io.mgnm.simulator.memory.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * What a forward pass leaves for the backward passes in the reserve space: gates, cells and outputs
 * of every pseudo-layer, time and sequence, then the gates' gradients. A header says which call
 * wrote it for which shapes, so that a wrong order of calls is recognised.
 */
final class LstmTape {
  static final int FORWARD = 1;
  static final int BACKWARD_DATA = 2;
  private static final int HEADER = 8; // in 8-byte words
  private static final long MAGIC = 0x4c53544d5461706cL;
  private static final int ARRAYS = 2 * RnnShape.GATES + 2;

  private final RnnShape shape;
  private final SequenceShape sequences;

  /** Gates after their activations, in the order i, f, g, o. */
  final double[][] gates = new double[RnnShape.GATES][];

  /** Gradients of the gates before their activations. */
  final double[][] gradients = new double[RnnShape.GATES][];

  final double[] cells;
  final double[] outputs;

  LstmTape(RnnShape shape, SequenceShape sequences) {
    this.shape = shape;
    this.sequences = sequences;
    int count = elements(shape, sequences);
    for (int g = 0; g < RnnShape.GATES; g++) {
      gates[g] = new double[count];
      gradients[g] = new double[count];
    }
    cells = new double[count];
    outputs = new double[count];
  }

  private static int elements(RnnShape shape, SequenceShape sequences) {
    return Math.multiplyExact(
        shape.pseudoLayers() * shape.hiddenSize(), sequences.maxLength() * sequences.batch());
  }

  static long bytes(RnnShape shape, SequenceShape sequences) {
    return 8L * (HEADER + (long) ARRAYS * elements(shape, sequences));
  }

  /** Index of a pseudo-layer's first unit at a time of a sequence. */
  int at(int pseudoLayer, int time, int sequence) {
    int steps = pseudoLayer * sequences.maxLength() + time;
    return (steps * sequences.batch() + sequence) * shape.hiddenSize();
  }

  private long identity() {
    int[] shapes = {
      shape.hashCode(),
      sequences.maxLength(),
      sequences.layout(),
      Arrays.hashCode(sequences.lengths())
    };
    return Arrays.hashCode(shapes);
  }

  void write(DeviceMemory memory, long reserve, int phase) {
    long[] header = {MAGIC, phase, identity(), 0, 0, 0, 0, 0};
    memory.write(reserve, MemorySegment.ofArray(header));
    long at = reserve + 8 * HEADER;
    for (double[] array : arrays()) {
      memory.write(at, MemorySegment.ofArray(array));
      at += 8L * array.length;
    }
  }

  /**
   * Reads what an earlier call left.
   *
   * @throws ApiException where that was another call, or one for other shapes
   */
  static LstmTape read(
      DeviceMemory memory, long reserve, RnnShape shape, SequenceShape sequences, int phase) {
    LstmTape tape = new LstmTape(shape, sequences);
    long[] header = new long[HEADER];
    memory.read(reserve, MemorySegment.ofArray(header));
    if (header[0] != MAGIC || header[1] != phase || header[2] != tape.identity()) {
      throw new ApiException(
          DnnStatus.CUDNN_STATUS_EXECUTION_FAILED.code(),
          "the reserve space is not what "
              + (phase == FORWARD ? "cudnnRNNForward in training" : "cudnnRNNBackwardData_v8")
              + " with the same descriptors left");
    }
    long at = reserve + 8 * HEADER;
    for (double[] array : tape.arrays()) {
      memory.read(at, MemorySegment.ofArray(array));
      at += 8L * array.length;
    }
    return tape;
  }

  private double[][] arrays() {
    double[][] all = new double[ARRAYS][];
    System.arraycopy(gates, 0, all, 0, RnnShape.GATES);
    System.arraycopy(gradients, 0, all, RnnShape.GATES, RnnShape.GATES);
    all[ARRAYS - 2] = cells;
    all[ARRAYS - 1] = outputs;
    return all;
  }
}
