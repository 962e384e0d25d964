package io.mgnm.simulator.exec;

import io.mgnm.simulator.count.Counters;
import io.mgnm.simulator.count.InstructionClass;
import io.mgnm.simulator.machine.GlobalAccess;
import io.mgnm.simulator.machine.Processor;
import io.mgnm.simulator.machine.Program;
import io.mgnm.simulator.memory.Allocation;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/** Counters of a launch from what its processors counted by instruction. */
final class Tally {
  private Tally() {}

  static Counters counters(Program program, List<Processor> processors) {
    Map<InstructionClass, Long> issued = new EnumMap<>(InstructionClass.class);
    Map<InstructionClass, Long> lanes = new EnumMap<>(InstructionClass.class);
    for (InstructionClass kind : InstructionClass.values()) {
      issued.put(kind, 0L);
      lanes.put(kind, 0L);
    }
    if (!processors.getFirst().counting) {
      return new Counters(issued, lanes, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }
    for (Processor p : processors) {
      for (int i = 0; i < program.code().length; i++) {
        InstructionClass kind = program.code()[i].kind;
        issued.merge(kind, p.issued[i], Long::sum);
        lanes.merge(kind, p.lanes[i], Long::sum);
      }
    }
    return new Counters(
        issued,
        lanes,
        sum(processors, p -> p.loadSectors),
        sum(processors, p -> p.loadBytes),
        sum(processors, p -> p.storeSectors),
        sum(processors, p -> p.storeBytes),
        sum(processors, p -> p.global.touchedSectors) - touchedTwice(processors),
        sum(processors, p -> p.sharedWavefronts),
        sum(processors, p -> p.sharedConflicts),
        sum(processors, p -> p.branches),
        sum(processors, p -> p.divergentBranches),
        sum(processors, p -> p.barriers),
        sum(processors, p -> p.warpBarriers),
        processors.stream().mapToLong(p -> p.longestChain).max().orElseThrow());
  }

  private static long sum(List<Processor> processors, ToLongFunction<Processor> value) {
    return processors.stream().mapToLong(value).sum();
  }

  private static long touchedTwice(List<Processor> processors) {
    long result = 0;
    for (int i = 0; i < processors.size(); i++) {
      for (int j = i + 1; j < processors.size(); j++) {
        GlobalAccess one = processors.get(i).global;
        GlobalAccess other = processors.get(j).global;
        for (Allocation allocation : one.touchedAllocations()) {
          if (other.touchedAllocations().contains(allocation)) {
            result += one.overlap(other, allocation);
          }
        }
      }
    }
    return result;
  }
}
