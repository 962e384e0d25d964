package io.mgnm.simulator.machine;

import io.mgnm.simulator.count.InstructionClass;
import io.mgnm.simulator.exec.Location;
import io.mgnm.simulator.ptx.Statement;

/**
 * A decoded instruction. Its operands are places in the register file of a {@link Warp}: constants
 * and special registers have places there like any other, so that there is one form of each.
 *
 * <p>Instances are shared by all warps and must not change after decoding.
 */
public abstract class Instruction {
  static final int[] NONE = {};

  /** Predicate that guards it, or -1. */
  public int guard = -1;

  public boolean guardNegated;
  public InstructionClass kind = InstructionClass.INTEGER;

  /** Cycles until the result can be used. */
  public int latency;

  /** Places read and written, as indices into {@link Warp#ready}. */
  public int[] reads = NONE;

  public int[] writes = NONE;

  /** The same with other code, for when it is issued often; null where there is none. */
  public HotForm hotForm;

  public Statement statement;
  public String kernel = "";
  final boolean control;

  protected Instruction() {
    this(false);
  }

  Instruction(boolean control) {
    this.control = control;
  }

  /**
   * Does the work for the lanes of {@code mask}, which is not empty. Registers of other lanes stay
   * as they are.
   */
  public abstract void execute(Warp warp, int mask);

  /** Whether it tells the time: it is then issued apart from its neighbours. */
  public boolean readsClock() {
    return false;
  }

  public Location location() {
    return new Location(
        kernel,
        statement.line(),
        statement.text(),
        statement.source() == null ? "" : statement.source().toString());
  }
}
