package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.Philox;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The words of many counters of {@link Philox} at once, and truncated normal numbers of them.
 *
 * <p>A round is one plain loop over all counters, which lie word by word in four arrays: the
 * compiler makes vectors of it. With all rounds in registers through the Vector API it was several
 * times slower, because the compiler boxed the vectors of so large a method.
 */
final class PhiloxLanes {
  /** Numbers that 16 counters give. */
  static final int BLOCK = 4 * LANES;

  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, FLOATS.vectorShape());

  private static final long LOW = 0xFFFFFFFFL;
  private static final long MULTIPLIER_0 = Philox.MULTIPLIER_0 & LOW;
  private static final long MULTIPLIER_1 = Philox.MULTIPLIER_1 & LOW;

  private PhiloxLanes() {}

  /** How much room {@code count} numbers take: whole blocks. */
  static int room(int count) {
    return Math.multiplyExact(Math.ceilDiv(count, BLOCK), BLOCK);
  }

  /**
   * Draws number i, for i from 0 to {@code room(count) - 1}, from word ⌊i/16⌋ mod 4 of the counter
   * with index 16·⌊i/64⌋ + i mod 16.
   *
   * @param words scratch of a quarter of the room each, left with the words 0, 1, 2 and 3
   * @param numbers written
   */
  static void truncatedNormals(
      long seed, int purpose, int time, int sample, int count, int[][] words, float[] numbers) {
    int counters = room(count) / 4;
    words(seed, purpose, time, sample, 1, counters, words);
    for (int word = 0; word < 4; word++) {
      truncatedNormals(words[word], counters, numbers, word * LANES);
    }
  }

  /**
   * The words of counters whose indices are 0, {@code step}, 2·{@code step} and so on.
   *
   * @param words written: word w of counter i at {@code [w][i]}
   */
  static void words(
      long seed, int purpose, int time, int sample, int step, int counters, int[][] words) {
    Arrays.fill(words[0], 0, counters, purpose);
    Arrays.fill(words[1], 0, counters, time);
    Arrays.fill(words[2], 0, counters, sample);
    for (int i = 0; i < counters; i++) {
      words[3][i] = i * step;
    }
    int key0 = (int) seed;
    int key1 = (int) (seed >>> 32);
    for (int round = 0; round < Philox.ROUNDS; round++) {
      round(words[0], words[1], words[2], words[3], counters, key0, key1);
      key0 += Philox.KEY_STEP_0;
      key1 += Philox.KEY_STEP_1;
    }
  }

  private static void round(
      int[] c0, int[] c1, int[] c2, int[] c3, int counters, int key0, int key1) {
    for (int i = 0; i < counters; i++) {
      long product0 = MULTIPLIER_0 * (c0[i] & LOW);
      long product1 = MULTIPLIER_1 * (c2[i] & LOW);
      int next0 = (int) (product1 >>> 32) ^ c1[i] ^ key0;
      int next2 = (int) (product0 >>> 32) ^ c3[i] ^ key1;
      c0[i] = next0;
      c1[i] = (int) product1;
      c2[i] = next2;
      c3[i] = (int) product0;
    }
  }

  // x = z·P(1 − z²)/Q(1 − z²) for z = 2u − 1: a rational fit, relative error 7e-8, in the distance
  // from the ends, where all coefficients are positive and so nothing cancels. P0 is just below 2.
  private static final float P0 = 1.9999999f;
  private static final float P1 = 24.256388f;
  private static final float P2 = 74.49097f;
  private static final float P3 = 54.242092f;
  private static final float P4 = 4.3844995f;
  private static final float Q1 = 13.838013f;
  private static final float Q2 = 52.42591f;
  private static final float Q3 = 55.25381f;
  private static final float Q4 = 10.705984f;

  /** {@link io.mgnm.ops.TruncatedNormal} of every word, 16 words in every block of numbers. */
  static void truncatedNormals(int[] words, int count, float[] numbers, int first) {
    for (int i = 0; i < count; i += LANES) {
      for (int p = 0; p < LANES; p += STEP) {
        truncatedNormal(IntVector.fromArray(INTS, words, i + p))
            .intoArray(numbers, 4 * i + first + p);
      }
    }
  }

  private static FloatVector truncatedNormal(IntVector words) {
    FloatVector centred =
        (FloatVector)
            words.lanewise(VectorOperators.XOR, Integer.MIN_VALUE).convert(VectorOperators.I2F, 0);
    FloatVector z =
        centred.fma(
            FloatVector.broadcast(FLOATS, 0x1p-31f), FloatVector.broadcast(FLOATS, 0x1p-32f));
    FloatVector s = z.neg().fma(z, FloatVector.broadcast(FLOATS, 1f));
    FloatVector p = s.fma(FloatVector.broadcast(FLOATS, P4), FloatVector.broadcast(FLOATS, P3));
    FloatVector q = s.fma(FloatVector.broadcast(FLOATS, Q4), FloatVector.broadcast(FLOATS, Q3));
    p = p.fma(s, FloatVector.broadcast(FLOATS, P2));
    q = q.fma(s, FloatVector.broadcast(FLOATS, Q2));
    p = p.fma(s, FloatVector.broadcast(FLOATS, P1));
    q = q.fma(s, FloatVector.broadcast(FLOATS, Q1));
    p = p.fma(s, FloatVector.broadcast(FLOATS, P0));
    q = q.fma(s, FloatVector.broadcast(FLOATS, 1f));
    return z.mul(p.div(q));
  }
}
