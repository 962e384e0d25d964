package io.mgnm.simulator.dnn;

import java.util.Arrays;

/**
 * An RNN data descriptor: a batch of sequences of float vectors, and where each vector lies.
 *
 * @param layout 0 time-major with padding, 1 time-major packed, 2 batch-major with padding
 * @param fill what padding of an output is set to; null leaves it undefined
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never handed out
record SequenceShape(
    int layout, int maxLength, int batch, int vectorSize, int[] lengths, Float fill) {
  static final int SEQUENCE_MAJOR_PADDED = 0;
  static final int SEQUENCE_MAJOR_PACKED = 1;
  static final int BATCH_MAJOR_PADDED = 2;

  /** Vectors that the buffer holds. */
  int vectors() {
    return layout == SEQUENCE_MAJOR_PACKED
        ? Arrays.stream(lengths).sum()
        : Math.multiplyExact(maxLength, batch);
  }

  long bytes() {
    return 4L * vectors() * vectorSize;
  }

  /** Which vector of the buffer is that of a time and sequence. */
  int index(int time, int sequence) {
    return switch (layout) {
      case SEQUENCE_MAJOR_PADDED -> time * batch + sequence;
      case BATCH_MAJOR_PADDED -> sequence * maxLength + time;
      default -> packedIndex(time, sequence);
    };
  }

  /** Packed sequences are sorted, longest first, so those alive at a time are the first ones. */
  private int packedIndex(int time, int sequence) {
    int index = sequence;
    for (int length : lengths) {
      index += Math.min(length, time);
    }
    return index;
  }

  boolean sorted() {
    for (int i = 1; i < lengths.length; i++) {
      if (lengths[i] > lengths[i - 1]) {
        return false;
      }
    }
    return true;
  }

  boolean sameSequencesAs(SequenceShape other) {
    return layout == other.layout
        && maxLength == other.maxLength
        && batch == other.batch
        && Arrays.equals(lengths, other.lengths);
  }
}
