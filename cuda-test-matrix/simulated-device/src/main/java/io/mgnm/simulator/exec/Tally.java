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
    Map<InstructionClass, long[]> issued = counts();
    Map<InstructionClass, long[]> lanes = counts();
    if (!processors.getFirst().counting) {
      return new Counters(byKind(issued), byKind(lanes), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }
    for (Processor p : processors) {
      long[] warpCounts = p.issued.warps();
      long[] laneCounts = p.issued.lanes();
      for (int i = 0; i < warpCounts.length; i++) {
        InstructionClass kind = program.code().at(i).kind;
        issued.get(kind)[0] += warpCounts[i];
        lanes.get(kind)[0] += laneCounts[i];
      }
    }
    return new Counters(
        byKind(issued),
        byKind(lanes),
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

  private static Map<InstructionClass, long[]> counts() {
    Map<InstructionClass, long[]> result = new EnumMap<>(InstructionClass.class);
    for (InstructionClass kind : InstructionClass.values()) {
      result.put(kind, new long[1]);
    }
    return result;
  }

  private static Map<InstructionClass, Long> byKind(Map<InstructionClass, long[]> counts) {
    Map<InstructionClass, Long> result = new EnumMap<>(InstructionClass.class);
    counts.forEach((kind, count) -> result.put(kind, count[0]));
    return result;
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
