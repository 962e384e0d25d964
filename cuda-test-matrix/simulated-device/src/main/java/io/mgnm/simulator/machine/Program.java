package io.mgnm.simulator.machine;

import io.mgnm.simulator.ptx.PtxFunction;

/**
 * A kernel decoded for execution.
 *
 * @param code its instructions
 * @param words 32-bit places in the register file, constants and special registers included
 * @param longs 64-bit places
 * @param predicates predicate places; place 0 is the carry flag
 * @param constants values that {@link Warp} puts into places before a launch
 * @param specials special registers that the kernel reads
 * @param tracked predicate-like places that remember which lanes wrote a register that may be read
 *     before it is written
 * @param localBytes local memory of one thread
 * @param sharedBytes static shared memory, and where the dynamic part begins
 * @param sharedGranule log2 of the narrowest access to shared memory, at most 2
 * @param globalGranule log2 of the narrowest access to global memory, at most 2
 * @param blocksIndependent whether blocks cannot see each other's order: no global atomics, no
 *     volatile or ordered accesses
 */
public record Program(
    PtxFunction function,
    Code code,
    int words,
    int longs,
    int predicates,
    Constants constants,
    int[] specials,
    int tracked,
    int localBytes,
    int sharedBytes,
    int dynamicOffset,
    int sharedGranule,
    int globalGranule,
    boolean usesAsyncCopy,
    boolean blocksIndependent) {

  /** Places of the register file, words, then longs, then predicates. */
  int places() {
    return words + longs + predicates;
  }

  /**
   * Constants by place: {@code words[i]} belongs at 32-bit place {@code wordPlaces[i]}, and so on.
   */
  public record Constants(int[] wordPlaces, int[] words, int[] longPlaces, long[] longs) {}

  /** Special registers; {@code specials} lists pairs of ordinal and 32-bit place. */
  public enum Special {
    TID_X,
    TID_Y,
    TID_Z,
    NTID_X,
    NTID_Y,
    NTID_Z,
    CTAID_X,
    CTAID_Y,
    CTAID_Z,
    NCTAID_X,
    NCTAID_Y,
    NCTAID_Z,
    LANEID,
    WARPID,
    NWARPID,
    SMID,
    NSMID,
    LANEMASK_EQ,
    LANEMASK_LE,
    LANEMASK_LT,
    LANEMASK_GE,
    LANEMASK_GT,
    DYNAMIC_SMEM_SIZE,
    TOTAL_SMEM_SIZE
  }
}
