package io.mgnm.simulator.launch;

/** One thread of a {@link FormKernel} and the words that it and all others have. */
final class Lane {
  private final int i;
  private final int[] as;
  private final int[] bs;
  private final int[] cs;

  Lane(int i, int[] as, int[] bs, int[] cs) {
    this.i = i;
    this.as = as;
    this.bs = bs;
    this.cs = cs;
  }

  /** The thread in its block. */
  int i() {
    return i;
  }

  int a() {
    return as[i];
  }

  int b() {
    return bs[i];
  }

  int c() {
    return cs[i];
  }

  /** The thread {@code lane} of this one's warp. */
  Lane inWarp(int lane) {
    return other(i / 32 * 32 + lane);
  }

  Lane other(int thread) {
    return new Lane(thread, as, bs, cs);
  }

  /** Bits of a register: %a, %hb, %qc, %pa ... */
  long register(String name) {
    int[][] words = {as, bs, cs};
    int k = name.charAt(name.length() - 1) - 'a';
    int low = words[k][i];
    return switch (name.charAt(1)) {
      case 'h' -> low & 0xffffL;
      case 'q' -> ((long) words[(k + 1) % 3][i] << 32) | (low & 0xffffffffL);
      case 'p' -> low & 1;
      default -> low & 0xffffffffL;
    };
  }

  /** The 32 bytes that each thread has in global, shared and local memory, as 8 words. */
  int[] words() {
    return new int[] {a(), b(), c(), i, b(), c(), a(), b()};
  }
}
