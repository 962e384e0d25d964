package io.mgnm.simulator.exec;

import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.count.InstructionClass;
import io.mgnm.simulator.machine.Processor;
import io.mgnm.simulator.machine.Program;
import java.util.EnumMap;
import java.util.Map;

/** Counters of a launch from what its processor counted by instruction. */
final class Tally {
  private Tally() {}

  static Counters counters(Program program, Processor p) {
    Map<InstructionClass, Long> issued = new EnumMap<>(InstructionClass.class);
    Map<InstructionClass, Long> lanes = new EnumMap<>(InstructionClass.class);
    for (InstructionClass kind : InstructionClass.values()) {
      issued.put(kind, 0L);
      lanes.put(kind, 0L);
    }
    for (int i = 0; i < program.code().length; i++) {
      InstructionClass kind = program.code()[i].kind;
      issued.merge(kind, p.issued[i], Long::sum);
      lanes.merge(kind, p.lanes[i], Long::sum);
    }
    boolean on = p.counting;
    return new Counters(
        issued,
        lanes,
        p.loadSectors,
        p.loadBytes,
        p.storeSectors,
        p.storeBytes,
        p.global.touchedSectors,
        p.sharedWavefronts,
        p.sharedConflicts,
        on ? p.branches : 0,
        on ? p.divergentBranches : 0,
        on ? p.barriers : 0,
        on ? p.warpBarriers : 0,
        on ? p.longestChain : 0);
  }
}
