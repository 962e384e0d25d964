package io.mgnm.simulator.isa;

import io.mgnm.simulator.exec.Finding;
import io.mgnm.simulator.machine.ControlInstruction;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;
import java.util.List;
import java.util.Map;

/**
 * Around an instruction that touches registers which some path may read before writing: remembers
 * the lanes that wrote, and reports those that read too early. Other registers are proved safe when
 * the kernel is decoded and cost nothing.
 */
final class UnwrittenRegisters extends Instruction {
  private final Instruction inner;
  private final int[] read;
  private final String[] names;
  private final int[] written;

  private UnwrittenRegisters(Instruction inner, int[] read, String[] names, int[] written) {
    this.inner = inner;
    this.read = read;
    this.names = names;
    this.written = written;
    kind = inner.kind;
    guard = inner.guard;
    guardNegated = inner.guardNegated;
  }

  static Instruction watch(Instruction inner, Effects effects, Map<String, Integer> tracked) {
    List<String> reads = effects.reads().stream().filter(tracked::containsKey).toList();
    List<String> writes = effects.writes().stream().filter(tracked::containsKey).toList();
    if ((reads.isEmpty() && writes.isEmpty()) || inner instanceof ControlInstruction) {
      return inner;
    }
    return new UnwrittenRegisters(
        inner,
        reads.stream().mapToInt(tracked::get).toArray(),
        reads.toArray(String[]::new),
        writes.stream().mapToInt(tracked::get).toArray());
  }

  @Override
  public boolean readsClock() {
    return inner.readsClock();
  }

  @Override
  public void execute(Warp warp, int mask) {
    for (int i = 0; i < read.length; i++) {
      int missing = mask & ~warp.written[read[i]];
      if (missing != 0) {
        String name = names[i];
        warp.finding(
            Finding.Kind.UNINITIALISED_REGISTER,
            this,
            Integer.numberOfTrailingZeros(missing),
            0,
            () -> "register " + name + " is read and was never written");
      }
    }
    inner.execute(warp, mask);
    for (int w : written) {
      warp.written[w] |= mask;
    }
  }
}
