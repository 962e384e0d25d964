package io.mgnm.simulator.machine;

/**
 * The instructions of a kernel in order, cut into runs: between a run's ends no lane branches,
 * waits, meets others or looks at the clock, so that a run can be issued as a whole.
 */
public final class Code {
  final Timing timing;
  private volatile Instruction[] instructions;
  private final int[] runEnds;

  /**
   * @param instructions falling off the end does not happen
   * @param blockStarts where basic blocks begin, ascending
   * @param places of the register file
   */
  public Code(Instruction[] instructions, int[] blockStarts, int places) {
    this.instructions = instructions;
    timing = new Timing(instructions, places);
    boolean[] starts = new boolean[instructions.length + 1];
    for (int start : blockStarts) {
      starts[start] = true;
    }
    starts[instructions.length] = true;
    runEnds = new int[instructions.length];
    for (int i = instructions.length - 1; i >= 0; i--) {
      Instruction next = i + 1 < instructions.length ? instructions[i + 1] : null;
      boolean last =
          starts[i + 1] || next.control || next.readsClock() || instructions[i].readsClock();
      runEnds[i] = instructions[i].control ? i : last ? i + 1 : runEnds[i + 1];
    }
  }

  public int length() {
    return runEnds.length;
  }

  public Instruction at(int index) {
    return instructions[index];
  }

  /** All of them; to be read only. */
  Instruction[] instructions() {
    return instructions;
  }

  /** Puts in the hot forms of instructions that are issued often. Between launches. */
  public void warm() {
    replace(false);
  }

  /**
   * Puts in all the hot forms there are.
   *
   * @return how many
   */
  public int warmAll() {
    return replace(true);
  }

  private int replace(boolean all) {
    Instruction[] result = instructions.clone();
    int count = 0;
    for (int i = 0; i < result.length; i++) {
      HotForm hot = result[i].hotForm;
      if (hot != null && (all || hot.pays())) {
        result[i] = hot.insteadOf(result[i]);
        count++;
      }
    }
    if (count > 0) {
      instructions = result;
    }
    return count;
  }

  /** Takes note of how often each instruction was issued in a launch. */
  public void issued(long[] counts) {
    Instruction[] all = instructions;
    for (int i = 0; i < all.length; i++) {
      HotForm hot = all[i].hotForm;
      if (hot != null && counts[i] > 0) {
        hot.issued(counts[i]);
      }
    }
  }

  /** End of the run from this instruction on; the same index for a control instruction. */
  int runEnd(int index) {
    return runEnds[index];
  }
}
