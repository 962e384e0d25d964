package io.mgnm.simulator.dnn;

import io.mgnm.simulator.driver.MemoryRange;
import io.mgnm.simulator.memory.Access;
import io.mgnm.simulator.memory.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Sequences in device memory. In Java they are {@code [time][sequence][component]}. */
record SequenceBuffer(SequenceShape shape, long address) {

  /** Only real vectors are read; padding may hold anything. */
  List<MemoryRange> read() {
    List<MemoryRange> ranges = new ArrayList<>();
    for (int n = 0; n < shape.batch(); n++) {
      for (int t = 0; t < shape.lengths()[n]; t++) {
        ranges.add(new MemoryRange(vector(t, n), 4L * shape.vectorSize(), Access.READ));
      }
    }
    return ranges;
  }

  /** All of it is written, padding too. */
  List<MemoryRange> write() {
    return shape.vectors() == 0 ? List.of() : List.of(MemoryRange.write(address, shape.bytes()));
  }

  private long vector(int time, int sequence) {
    return address + 4L * shape.index(time, sequence) * shape.vectorSize();
  }

  double[] values(DeviceMemory memory) {
    int width = shape.vectorSize();
    double[] values = new double[shape.maxLength() * shape.batch() * width];
    float[] vector = new float[width];
    for (int n = 0; n < shape.batch(); n++) {
      for (int t = 0; t < shape.lengths()[n]; t++) {
        memory.read(vector(t, n), MemorySegment.ofArray(vector));
        for (int k = 0; k < width; k++) {
          values[(t * shape.batch() + n) * width + k] = vector[k];
        }
      }
    }
    return values;
  }

  /** Padding becomes the descriptor's fill; NaN where it has none, since cuDNN promises nothing. */
  void store(DeviceMemory memory, double[] values) {
    int width = shape.vectorSize();
    float[] vector = new float[width];
    boolean packed = shape.layout() == SequenceShape.SEQUENCE_MAJOR_PACKED;
    float padding = shape.fill() == null ? Float.NaN : shape.fill();
    for (int n = 0; n < shape.batch(); n++) {
      int end = packed ? shape.lengths()[n] : shape.maxLength();
      for (int t = 0; t < end; t++) {
        boolean real = t < shape.lengths()[n];
        for (int k = 0; k < width; k++) {
          double value = real ? values[(t * shape.batch() + n) * width + k] : padding;
          vector[k] = (float) value;
        }
        memory.write(vector(t, n), MemorySegment.ofArray(vector));
      }
    }
  }
}
