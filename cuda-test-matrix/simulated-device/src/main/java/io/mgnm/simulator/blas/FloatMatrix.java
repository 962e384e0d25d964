package io.mgnm.simulator.blas;

import io.mgnm.simulator.driver.MemoryRange;
import io.mgnm.simulator.memory.Access;
import io.mgnm.simulator.memory.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A matrix of floats in device memory, column-major.
 *
 * @param address of its first element
 * @param leading floats from column to column
 */
record FloatMatrix(long address, int rows, int columns, int leading) {

  /** A vector of {@code n} floats, {@code increment} apart. */
  static FloatMatrix vector(long address, int n, int increment) {
    return new FloatMatrix(address, 1, n, increment);
  }

  FloatMatrix plus(long floats) {
    return new FloatMatrix(address + 4 * floats, rows, columns, leading);
  }

  List<MemoryRange> ranges(Access access) {
    if (rows == 0 || columns == 0) {
      return List.of();
    }
    if (rows == leading || columns == 1) {
      return List.of(new MemoryRange(address, 4L * rows * columns, access));
    }
    List<MemoryRange> result = new ArrayList<>();
    for (int j = 0; j < columns; j++) {
      result.add(new MemoryRange(address + 4L * j * leading, 4L * rows, access));
    }
    return result;
  }

  /** The elements, column by column, {@code rows} apart. */
  double[] read(DeviceMemory memory) {
    double[] values = new double[Math.multiplyExact(rows, columns)];
    float[] column = new float[rows];
    for (int j = 0; j < columns; j++) {
      memory.read(address + 4L * j * leading, MemorySegment.ofArray(column));
      for (int i = 0; i < rows; i++) {
        values[j * rows + i] = column[i];
      }
    }
    return values;
  }

  /** Writes the elements back, each rounded once. */
  void write(DeviceMemory memory, double[] values) {
    float[] column = new float[rows];
    for (int j = 0; j < columns; j++) {
      for (int i = 0; i < rows; i++) {
        column[i] = (float) values[j * rows + i];
      }
      memory.write(address + 4L * j * leading, MemorySegment.ofArray(column));
    }
  }
}
