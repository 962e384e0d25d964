package io.mgnm.ops;

/**
 * A keyed permutation of [0, n) that needs no array: an order of n samples of which any part can be
 * asked for, on the host and on a device alike. Only 32-bit integer operations.
 *
 * <p>With b = ⌈log2 n⌉, an alternating Feistel network permutes the numbers of b bits, b ≤ 31; a
 * result of n or more goes through it again until it is below n (cycle walking: fewer than two
 * rounds on average). The low r = ⌈b/2⌉ bits of a number are its right half R, the others its left
 * half L. Round i of {@link #ROUNDS}, with the round's key k_i:
 *
 * <pre>
 *   i even:  L ← L ^ (mix(R ^ k_i) mod 2^(b−r))        i odd:  R ← R ^ (mix(L ^ k_i) mod 2^r)
 *   mix(x):  x ^= x >>> 16;  x *= 0x85EBCA6B;  x ^= x >>> 13;  x *= 0xC2B2AE35;  x ^= x >>> 16
 * </pre>
 *
 * <p>k_i is word i mod 4 of the {@link Philox} counter (purpose, time, 0, ⌊i/4⌋). One object is
 * used by one thread at a time, unless nobody calls {@link #key}.
 */
public final class Feistel {
  /** Rounds: eight would do for thousands, but a few elements have halves of one or two bits. */
  public static final int ROUNDS = 16;

  private final int n;
  private final int rightBits;
  private final int leftMask;
  private final int rightMask;
  private final int[] keys = new int[ROUNDS];
  private final int[] words = new int[4];

  /**
   * A permutation of [0, n), to be given a key.
   *
   * @throws IllegalArgumentException where n is below 1
   */
  public Feistel(int n) {
    if (n < 1) {
      throw new IllegalArgumentException("a permutation needs at least 1 element, got " + n);
    }
    this.n = n;
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(n - 1);
    rightBits = (bits + 1) / 2;
    rightMask = (1 << rightBits) - 1;
    leftMask = (1 << (bits - rightBits)) - 1;
  }

  /** How many elements are permuted. */
  public int size() {
    return n;
  }

  /**
   * Makes it the permutation of a purpose and a time.
   *
   * @param purpose one of {@link Philox}'s constants
   * @param time the epoch, for the order of training samples
   */
  public void key(long seed, int purpose, int time) {
    for (int i = 0; i < ROUNDS; i++) {
      if (i % 4 == 0) {
        Philox.words(seed, purpose, time, 0, i / 4, words);
      }
      keys[i] = words[i % 4];
    }
  }

  /**
   * The element at place i.
   *
   * @throws IndexOutOfBoundsException where i is not in [0, n)
   */
  public int apply(int i) {
    if (i < 0 || i >= n) {
      throw new IndexOutOfBoundsException("place " + i + " of " + n);
    }
    int x = i;
    do {
      x = network(x);
    } while (x >= n);
    return x;
  }

  private int network(int x) {
    int left = x >>> rightBits;
    int right = x & rightMask;
    for (int i = 0; i < ROUNDS; i += 2) {
      left ^= mix(right ^ keys[i]) & leftMask;
      right ^= mix(left ^ keys[i + 1]) & rightMask;
    }
    return left << rightBits | right;
  }

  /** The finalizer of MurmurHash3. */
  private static int mix(int x) {
    x ^= x >>> 16;
    x *= 0x85EBCA6B;
    x ^= x >>> 13;
    x *= 0xC2B2AE35;
    return x ^ (x >>> 16);
  }
}
