package io.mgnm.matrix.table;

import io.mgnm.cuda.DeviceBuffer;
import java.util.Arrays;

/**
 * An array of four dimensions on the device, or a view of one; leading dimensions may be 1. Every
 * method that computes launches one kernel, as a tensor library without a compiler does.
 */
final class Array {
  static final int DIMENSIONS = 4;

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
    return Arrays.equals(strides, denseStrides(shape)) && buffer.count() == elements();
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
    return times(-1).plus(1);
  }

  Array map(Pointwise operation, float c) {
    return eager.pointwise(operation, this, this, c);
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

  /** The values, row-major. */
  float[] download() {
    return eager.download(reshape(shape));
  }
}
