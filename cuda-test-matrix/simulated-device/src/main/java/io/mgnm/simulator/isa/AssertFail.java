package io.mgnm.simulator.isa;

import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Operand;

/** {@code __assertfail(message, file, line, function, size)}. */
final class AssertFail extends Instruction {
  private final long message;
  private final long file;
  private final long line;

  AssertFail(Decoding d) {
    message = d.kernel.address(((Operand.Name) d.operand(1)).name(), 0, d);
    file = d.kernel.address(((Operand.Name) d.operand(2)).name(), 0, d);
    line = d.kernel.address(((Operand.Name) d.operand(3)).name(), 0, d);
  }

  @Override
  public void execute(Warp warp, int mask) {
    int lane = Integer.numberOfTrailingZeros(mask);
    throw warp.fault(
        DeviceFault.Kind.ASSERT,
        this,
        lane,
        0,
        String.format(
            "%s:%d: assertion failed: %s",
            DeviceText.string(warp, pointer(warp, file, lane), lane),
            warp.local.get(line, 4, lane),
            DeviceText.string(warp, pointer(warp, message, lane), lane)));
  }

  private static long pointer(Warp warp, long offset, int lane) {
    return (long) warp.local.get(offset + 4, 4, lane) << 32
        | (warp.local.get(offset, 4, lane) & 0xffffffffL);
  }
}
