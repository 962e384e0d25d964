package io.mgnm.simulator.dnn;

import java.util.Arrays;

/** A tensor descriptor of floats: sizes and strides in elements, outermost first. */
@SuppressWarnings("ArrayRecordComponent") // never compared, never handed out
record TensorShape(int[] sizes, int[] strides) {

  /** Whether it is exactly these sizes, packed without gaps. */
  boolean isPacked(int... wanted) {
    if (!Arrays.equals(sizes, wanted)) {
      return false;
    }
    int stride = 1;
    for (int i = sizes.length - 1; i >= 0; i--) {
      if (strides[i] != stride) {
        return false;
      }
      stride *= sizes[i];
    }
    return true;
  }

  @Override
  public String toString() {
    return Arrays.toString(sizes) + " with strides " + Arrays.toString(strides);
  }
}
