package io.mgnm.simulator.machine;

import io.mgnm.simulator.exec.Check;
import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.exec.Order;
import io.mgnm.simulator.machine.Program.Special;
import io.mgnm.simulator.memory.DeviceMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** One simulated multiprocessor: runs blocks of one launch one after the other, and counts. */
public final class Processor {
  private static final Special[] SPECIALS = Special.values();

  public final DeviceMemory memory;
  public final GlobalAccess global;
  public final byte[] parameters;
  public final Findings findings = new Findings();
  public final Turns turns;

  /** Room for the addresses of the instruction at hand, and for parts of them. */
  public final AddressLanes addresses = new AddressLanes();

  public final AddressLanes someAddresses = new AddressLanes();
  public final Banks banks = new Banks();
  public final StringBuilder printed = new StringBuilder();

  public final boolean counting;
  final boolean checkUninitialised;
  final boolean checkRaces;
  final boolean checkAsync;
  public final boolean checkShuffles;
  final long instructionLimit;
  final int[] gridSize;
  final int[] blockSize;

  public final Issued issued;
  public long loadBytes;
  public long loadSectors;
  public long storeBytes;
  public long storeSectors;
  public long sharedWavefronts;
  public long sharedConflicts;
  public long branches;
  public long divergentBranches;
  public long barriers;
  public long warpBarriers;
  public long longestChain;

  final Program program;
  private final Block block;
  private final int dynamicShared;

  public Processor(
      Program program,
      DeviceMemory memory,
      byte[] parameters,
      int[] gridSize,
      int[] blockSize,
      int dynamicShared,
      Order order,
      Set<Check> checks,
      boolean counting,
      long instructionLimit,
      int stampBase) {
    this.program = program;
    this.memory = memory;
    this.parameters = parameters;
    this.gridSize = gridSize;
    this.blockSize = blockSize;
    this.dynamicShared = dynamicShared;
    this.counting = counting;
    this.instructionLimit = instructionLimit;
    turns = new Turns(order);
    checkUninitialised = checks.contains(Check.UNINITIALISED);
    checkRaces = checks.contains(Check.SHARED_RACE);
    checkAsync = checks.contains(Check.ASYNC_COPY);
    checkShuffles = checks.contains(Check.SHUFFLE_SOURCE);
    issued = new Issued(program.code().length());
    global =
        new GlobalAccess(
            this, program.globalGranule(), checks.contains(Check.BLOCK_CONFLICT), stampBase);
    block = new Block(this);
    int threads = blockSize[0] * blockSize[1] * blockSize[2];
    block.warps = new Warp[(threads + Warp.LANES - 1) / Warp.LANES];
    for (int i = 0; i < block.warps.length; i++) {
      block.warps[i] = new Warp(this, block, i, program);
      prepare(block.warps[i], threads);
    }
  }

  /** Runs one block to its end. */
  public void run(long index) {
    int gx = gridSize[0];
    int gy = gridSize[1];
    int x = (int) (index % gx);
    int y = (int) (index / gx % gy);
    int z = (int) (index / gx / gy);
    turns.startBlock(index);
    global.startBlock(index);
    block.start(x, y, z, index, block.warps.length);
    int sharedBytes =
        dynamicShared > 0 ? program.dynamicOffset() + dynamicShared : program.sharedBytes();
    block.shared.reset(sharedBytes, program.sharedGranule());
    int threads = blockSize[0] * blockSize[1] * blockSize[2];
    for (Warp warp : block.warps) {
      int count = Math.min(Warp.LANES, threads - warp.index * Warp.LANES);
      warp.start(count == Warp.LANES ? -1 : (1 << count) - 1);
      placeBlock(warp, x, y, z);
    }
    List<Warp> candidates = new ArrayList<>();
    while (true) {
      candidates.clear();
      boolean alive = false;
      for (Warp warp : block.warps) {
        alive |= !warp.done();
        if (!warp.done() && warp.runnable()) {
          candidates.add(warp);
        }
      }
      if (!alive) {
        return;
      }
      if (candidates.isEmpty()) {
        throw deadlock();
      }
      round(candidates);
    }
  }

  /** Each runnable warp gets a turn, in an order drawn afresh where the order is random. */
  private void round(List<Warp> candidates) {
    while (!candidates.isEmpty()) {
      Warp warp = turns.pick(candidates);
      candidates.remove(warp);
      warp.run(turns.slice());
    }
  }

  private DeviceFault deadlock() {
    StringBuilder text = new StringBuilder(" no warp can go on;");
    Warp first = null;
    for (Warp warp : block.warps) {
      if (!warp.done()) {
        first = first == null ? warp : first;
        text.append(' ').append(warp.describe());
      }
    }
    for (Warp warp : block.warps) {
      for (Part part : warp.parts()) {
        if (part.state == Part.State.AT_WARP_SYNC) {
          ControlInstruction at = (ControlInstruction) warp.at(part);
          return warp.fault(
              at.stuck(),
              at,
              Integer.numberOfTrailingZeros(part.mask),
              0,
              String.format(
                  "lanes %08x wait for lanes %08x of their warp, which do not come;%s",
                  part.mask, warp.live & ~part.mask, text));
        }
      }
    }
    Part part = first.parts().getFirst();
    return first.fault(
        DeviceFault.Kind.DEADLOCK,
        first.at(part),
        Integer.numberOfTrailingZeros(part.mask),
        0,
        text.toString());
  }

  /** Constants and what does not change from block to block. */
  private void prepare(Warp warp, int threads) {
    Program.Constants constants = program.constants();
    for (int i = 0; i < constants.wordPlaces().length; i++) {
      int place = constants.wordPlaces()[i] * Warp.LANES;
      java.util.Arrays.fill(warp.r, place, place + Warp.LANES, constants.words()[i]);
    }
    for (int i = 0; i < constants.longPlaces().length; i++) {
      int place = constants.longPlaces()[i] * Warp.LANES;
      java.util.Arrays.fill(warp.q, place, place + Warp.LANES, constants.longs()[i]);
    }
    int[] specials = program.specials();
    for (int i = 0; i < specials.length; i += 2) {
      Special special = SPECIALS[specials[i]];
      int place = specials[i + 1] * Warp.LANES;
      for (int lane = 0; lane < Warp.LANES; lane++) {
        warp.r[place + lane] = value(special, warp.index * Warp.LANES + lane, lane, threads);
      }
    }
  }

  /**
   * A special register of thread {@code t} of the block, as far as it is the same in all blocks.
   */
  private int value(Special special, int t, int lane, int threads) {
    int bit = 1 << lane;
    return switch (special) {
      case TID_X -> t % blockSize[0];
      case TID_Y -> t / blockSize[0] % blockSize[1];
      case TID_Z -> t / (blockSize[0] * blockSize[1]);
      case NTID_X -> blockSize[0];
      case NTID_Y -> blockSize[1];
      case NTID_Z -> blockSize[2];
      case NCTAID_X -> gridSize[0];
      case NCTAID_Y -> gridSize[1];
      case NCTAID_Z -> gridSize[2];
      case LANEID -> lane;
      case WARPID -> t / Warp.LANES;
      case NWARPID -> (threads + Warp.LANES - 1) / Warp.LANES;
      case SMID -> 0;
      case NSMID -> 1;
      case LANEMASK_EQ -> bit;
      case LANEMASK_LE -> bit | bit - 1;
      case LANEMASK_LT -> bit - 1;
      case LANEMASK_GE -> -bit;
      case LANEMASK_GT -> -bit & ~bit;
      case DYNAMIC_SMEM_SIZE -> dynamicShared;
      case TOTAL_SMEM_SIZE -> program.sharedBytes() + dynamicShared;
      case CTAID_X, CTAID_Y, CTAID_Z -> 0;
    };
  }

  private void placeBlock(Warp warp, int x, int y, int z) {
    int[] specials = program.specials();
    for (int i = 0; i < specials.length; i += 2) {
      Special special = SPECIALS[specials[i]];
      if (special == Special.CTAID_X || special == Special.CTAID_Y || special == Special.CTAID_Z) {
        int value = special == Special.CTAID_X ? x : special == Special.CTAID_Y ? y : z;
        int place = specials[i + 1] * Warp.LANES;
        java.util.Arrays.fill(warp.r, place, place + Warp.LANES, value);
      }
    }
  }

  /** Cycle of the warp at hand, for {@code %clock}. */
  public long clock(Warp warp) {
    return warp.now;
  }
}
