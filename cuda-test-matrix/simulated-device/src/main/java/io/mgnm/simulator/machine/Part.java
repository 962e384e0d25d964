package io.mgnm.simulator.machine;

/** Lanes of a warp that are at the same place: all of them, or one path of a divergent warp. */
public final class Part {
  /** Why a part does not run. */
  public enum State {
    RUNNABLE,
    AT_BARRIER,
    AT_WARP_SYNC
  }

  public int pc;
  public int mask;
  public State state = State.RUNNABLE;

  /** Where this part waits for the other paths; null outside divergent code. */
  Join join;

  Part(int pc, int mask, Join join) {
    this.pc = pc;
    this.mask = mask;
    this.join = join;
  }

  /**
   * The place where paths of a divergent branch meet again (the branch's immediate post-dominator).
   * Waiting there is a preference, not a promise: see {@link Warp#yieldJoins}.
   */
  static final class Join {
    final int pc;
    final Join outer;
    int expected;
    int arrived;

    Join(int pc, Join outer, int expected) {
      this.pc = pc;
      this.outer = outer;
      this.expected = expected;
    }
  }
}
