package io.mgnm.simulator.count;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * What the blocks of a launch did, summed. "Sectors" are 32-byte pieces of global memory that one
 * warp-instruction touches, summed over warp-instructions: nothing is assumed to hit in L1.
 *
 * @param warpInstructions instructions issued, by class, once for a warp
 * @param laneInstructions the same, once for each lane that took part
 * @param loadSectors sectors read by loads, {@code cp.async} and atomics
 * @param loadBytes bytes that lanes asked for
 * @param storeSectors sectors written by stores, atomics and reductions
 * @param storeBytes bytes that lanes wrote
 * @param touchedSectors different sectors touched by the whole launch, one count each: what DRAM
 *     must deliver or take at least
 * @param sharedWavefronts passes through shared memory
 * @param sharedConflicts wavefronts beyond the least possible for the access
 * @param branches branches that lanes decided
 * @param divergentBranches those where the lanes of a warp parted
 * @param barriers block barriers, once for each warp that came
 * @param warpBarriers warp-level barriers
 * @param longestChain cycles that the warp with the longest chain of dependent instructions needs
 *     alone, in order, with the latency table's times
 */
public record Counters(
    Map<InstructionClass, Long> warpInstructions,
    Map<InstructionClass, Long> laneInstructions,
    long loadSectors,
    long loadBytes,
    long storeSectors,
    long storeBytes,
    long touchedSectors,
    long sharedWavefronts,
    long sharedConflicts,
    long branches,
    long divergentBranches,
    long barriers,
    long warpBarriers,
    long longestChain) {

  public Counters {
    warpInstructions = Collections.unmodifiableMap(copy(warpInstructions));
    laneInstructions = Collections.unmodifiableMap(copy(laneInstructions));
  }

  private static EnumMap<InstructionClass, Long> copy(Map<InstructionClass, Long> map) {
    EnumMap<InstructionClass, Long> result = new EnumMap<>(InstructionClass.class);
    result.putAll(map);
    return result;
  }

  public long warpInstructionsTotal() {
    return warpInstructions.values().stream().mapToLong(Long::longValue).sum();
  }

  public long laneInstructionsTotal() {
    return laneInstructions.values().stream().mapToLong(Long::longValue).sum();
  }
}
