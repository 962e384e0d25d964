package io.mgnm.simulator.dnn;

import io.mgnm.simulator.memory.DeviceMemory;
import java.lang.foreign.MemorySegment;

/** Consecutive floats in device memory as doubles. A null address reads as zeros. */
final class FloatVector {
  private FloatVector() {}

  static double[] read(DeviceMemory memory, long address, int count) {
    double[] values = new double[count];
    if (address != 0) {
      float[] floats = new float[count];
      memory.read(address, MemorySegment.ofArray(floats));
      for (int i = 0; i < count; i++) {
        values[i] = floats[i];
      }
    }
    return values;
  }

  /** Rounds once and writes; does nothing at a null address. */
  static void write(DeviceMemory memory, long address, double[] values) {
    if (address != 0) {
      float[] floats = new float[values.length];
      for (int i = 0; i < values.length; i++) {
        floats[i] = (float) values[i];
      }
      memory.write(address, MemorySegment.ofArray(floats));
    }
  }
}
