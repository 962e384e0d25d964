package io.mgnm.matrix.table;

import io.mgnm.cuda.DeviceBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * An array of four dimensions on the device, or a view of one; leading dimensions may be 1. Every
 * method that computes launches one kernel, as a tensor library without a compiler does.
 */
final class Array {
  static final int DIMENSIONS = 4;

  private static final int LONGEST_PIECE = 512; // rows that a block multiplies
  private static final int LONGEST_SUM = 64; // rows that a thread adds

  private final Eager eager;
  private final DeviceBuffer buffer;
  private final int[] shape;
  private final int[] strides;

  Array(Eager eager, DeviceBuffer buffer, int[] shape, int[] strides) {
    this.eager = eager;
    this.buffer = buffer;
    this.shape = shape;
    this.strides = strides;
  }

  /** Four dimensions, with ones in front of those given. */
  static int[] four(int... shape) {
    int[] four = new int[DIMENSIONS];
    Arrays.fill(four, 1);
    System.arraycopy(shape, 0, four, DIMENSIONS - shape.length, shape.length);
    return four;
  }

  static int[] denseStrides(int[] shape) {
    int[] strides = new int[DIMENSIONS];
    int stride = 1;
    for (int axis = DIMENSIONS - 1; axis >= 0; axis--) {
      strides[axis] = shape[axis] == 1 ? 0 : stride;
      stride *= shape[axis];
    }
    return strides;
  }

  DeviceBuffer buffer() {
    return buffer;
  }

  int size(int axis) {
    return shape[axis];
  }

  int stride(int axis) {
    return strides[axis];
  }

  int[] shape() {
    return shape.clone();
  }

  int elements() {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  private boolean isDense() {
    int[] dense = denseStrides(shape);
    return IntStream.range(0, DIMENSIONS)
        .allMatch(axis -> shape[axis] == 1 || strides[axis] == dense[axis]);
  }

  // Views, which cost nothing.

  /** The same with its dimensions in another order. */
  Array permute(int... axes) {
    int[] newShape = new int[DIMENSIONS];
    int[] newStrides = new int[DIMENSIONS];
    for (int axis = 0; axis < DIMENSIONS; axis++) {
      newShape[axis] = shape[axes[axis]];
      newStrides[axis] = strides[axes[axis]];
    }
    return new Array(eager, buffer, newShape, newStrides);
  }

  /** Its matrices transposed. */
  Array transposed() {
    return permute(0, 1, 3, 2);
  }

  /** The same values in another shape; of a view, a copy. */
  Array reshape(int... newShape) {
    Array dense = isDense() ? this : map(Pointwise.COPY, 0);
    int[] four = four(newShape);
    return new Array(eager, dense.buffer, four, denseStrides(four));
  }

  /** Places {@code [first, first + count)} of a dimension. */
  Array slice(int axis, int first, int count) {
    int[] newShape = shape.clone();
    newShape[axis] = count;
    int[] newStrides = strides.clone();
    long from = (long) first * strides[axis];
    return new Array(eager, buffer.slice(from, buffer.count() - from), newShape, newStrides);
  }

  /** The rows of each matrix in pieces of {@code length} one behind the other, in dimension 0. */
  private Array pieces(int length) {
    if (shape[0] != 1) {
      throw new IllegalStateException("dimension 0 is taken");
    }
    int[] newShape = {shape[2] / length, shape[1], length, shape[3]};
    int[] newStrides = {length * strides[2], strides[1], strides[2], strides[3]};
    return new Array(eager, buffer, newShape, newStrides);
  }

  // Operators.

  Array plus(Array other) {
    return eager.pointwise(Pointwise.ADD, this, other, 0);
  }

  Array minus(Array other) {
    return eager.pointwise(Pointwise.SUBTRACT, this, other, 0);
  }

  Array times(Array other) {
    return eager.pointwise(Pointwise.MULTIPLY, this, other, 0);
  }

  Array over(Array other) {
    return eager.pointwise(Pointwise.DIVIDE, this, other, 0);
  }

  Array times(float factor) {
    return map(Pointwise.SCALE, factor);
  }

  Array plus(float summand) {
    return map(Pointwise.SHIFT, summand);
  }

  /** 1 − this, in one launch less than a library needs that has no such operator: two. */
  Array oneMinus() {
    Array result = times(-1);
    eager.pointwise(Pointwise.SHIFT, result, result, 1, result);
    return result;
  }

  Array map(Pointwise operation, float c) {
    return eager.pointwise(operation, this, this, c);
  }

  /** A number from 0 to 1 to the power of this. */
  Array power(double base) {
    return times((float) Math.log(base)).map(Pointwise.EXP, 0);
  }

  Array sigmoid() {
    return map(Pointwise.SIGMOID, 0);
  }

  Array tanh() {
    return map(Pointwise.TANH, 0);
  }

  Array sqrt() {
    return map(Pointwise.SQRT, 0);
  }

  Array inverse() {
    return map(Pointwise.INVERSE, 0);
  }

  /** {@code gradient} where this is positive, else {@code slope} times it. */
  Array passWherePositive(Array gradient, float slope) {
    return eager.pointwise(Pointwise.WHERE_POSITIVE, this, gradient, slope);
  }

  /** Sums along a dimension, which stays with size 1. */
  Array sum(int axis) {
    return eager.reduce(0, this, axis);
  }

  /** Maxima along a dimension, which stays with size 1. */
  Array max(int axis) {
    return eager.reduce(1, this, axis);
  }

  Array softmax(int axis) {
    return eager.softmax(this, axis);
  }

  /** Products of the matrices in the last two dimensions. */
  Array matmul(Array other) {
    return eager.matmul(this, other);
  }

  /**
   * Transposed products {@code thisᵀ · other} of matrices {@code [1][n][rows][…]} with many rows:
   * as libraries do, of pieces of the rows, which are added up afterwards.
   */
  Array productOverRows(Array other) {
    int length = divisor(shape[2], LONGEST_PIECE);
    Array products = pieces(length).transposed().matmul(other.pieces(length));
    Array sum = products.reshape(1, 1, products.size(0), products.elements() / products.size(0));
    return sum.sumOverRows().reshape(1, products.size(1), products.size(2), products.size(3));
  }

  /** The sum of the rows of matrices {@code [1][n][rows][…]}, in several launches if many. */
  Array sumOverRows() {
    Array sum = this;
    while (sum.shape[2] > 1) {
      int length = divisor(sum.shape[2], LONGEST_SUM);
      sum = sum.pieces(length).sum(2).permute(2, 1, 0, 3);
    }
    return sum;
  }

  /** The greatest divisor up to a limit, or all. */
  private static int divisor(int rows, int limit) {
    for (int length = Math.min(rows, limit); length > 1; length--) {
      if (rows % length == 0) {
        return length;
      }
    }
    return rows;
  }

  /** Writes the result of an operation here: this may be a view, or one of the operands. */
  void becomes(Array a, Pointwise operation, Array b) {
    eager.pointwise(operation, a, b, 0, this);
  }

  /** Writes the result of an operation of one operand here. */
  void becomes(Pointwise operation, Array a, float c) {
    eager.pointwise(operation, a, a, c, this);
  }

  /** Gives its memory to arrays to come; neither it nor a view of it is used any more. */
  void release() {
    eager.release(buffer);
  }

  /** The values, row-major; the host does what a view asks for. */
  float[] download() {
    float[] all = eager.download(buffer);
    float[] values = new float[elements()];
    int place = 0;
    for (int i0 = 0; i0 < shape[0]; i0++) {
      for (int i1 = 0; i1 < shape[1]; i1++) {
        for (int i2 = 0; i2 < shape[2]; i2++) {
          int row = i0 * strides[0] + i1 * strides[1] + i2 * strides[2];
          for (int i3 = 0; i3 < shape[3]; i3++) {
            values[place++] = all[row + i3 * strides[3]];
          }
        }
      }
    }
    return values;
  }
}
