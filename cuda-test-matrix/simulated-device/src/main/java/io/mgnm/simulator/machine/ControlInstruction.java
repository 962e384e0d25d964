package io.mgnm.simulator.machine;

import io.mgnm.simulator.exec.DeviceFault;

/**
 * An instruction that decides where lanes go next, or that makes them wait. It is never guarded:
 * the decoder puts a branch around a guarded one.
 */
public abstract class ControlInstruction extends Instruction {
  protected ControlInstruction() {
    super(true);
  }

  /** Moves {@code part} on, parks it, splits it or ends it. */
  public abstract void control(Warp warp, Part part);

  /** The barrier that {@code part} waited at here is complete; called before it goes on. */
  public void resumed(Warp warp, Part part) {}

  /** What it is called when the lanes it waits for never come. */
  public DeviceFault.Kind stuck() {
    return DeviceFault.Kind.WRONG_MASK;
  }

  @Override
  public final void execute(Warp warp, int mask) {
    throw new AssertionError("control instructions are executed by control()");
  }
}
