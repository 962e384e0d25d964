package io.mgnm.ops.cpu;

/** Pairs (c, v) of a sum of outer products; room for a fixed number, made once. */
final class OuterTerms {
  private final float[][] c;
  private final float[][] v;
  private int count;

  OuterTerms(int most) {
    c = new float[most][];
    v = new float[most][];
  }

  void clear() {
    count = 0;
  }

  void add(float[] numbers, float[] vectors) {
    c[count] = numbers;
    v[count++] = vectors;
  }

  int count() {
    return count;
  }

  float[] c(int term) {
    return c[term];
  }

  float[] v(int term) {
    return v[term];
  }
}
