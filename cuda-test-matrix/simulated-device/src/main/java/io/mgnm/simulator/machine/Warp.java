package io.mgnm.simulator.machine;

import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.exec.Finding;
import io.mgnm.simulator.exec.ThreadId;
import io.mgnm.simulator.machine.Part.Join;
import io.mgnm.simulator.machine.Part.State;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * 32 threads: their registers and the parts into which divergence has split them. Lanes of a part
 * go together; parts take turns in an order that the launch chooses, so a kernel cannot rely on
 * lockstep.
 */
public final class Warp {
  public static final int LANES = 32;

  /** Predicate places: 0 is the carry flag, then constants; registers follow. */
  public static final int FALSE = 1;

  public static final int TRUE = 2;
  public static final int FREE_PREDICATES = 3;

  /** 32-bit registers, place * 32 + lane; floats as bits, 16-bit values zero-extended. */
  public final int[] r;

  /** 64-bit registers. */
  public final long[] q;

  /** Predicates, one bit a lane. */
  public final int[] p;

  /** For registers that may be read before they are written: the lanes that wrote them. */
  public final int[] written;

  /** Cycle at which a place can be read: words, then longs, then predicates. */
  public final int[] ready;

  public final Processor processor;
  public final Block block;
  public final LocalMemory local;
  public final AsyncCopies async;

  /** Index in the block. */
  public final int index;

  /** Lanes that exist and have not ended. */
  public int live;

  /** Cycle of the last issue, alone on the machine. */
  int now;

  private final Code code;
  private final Instruction[] instructions;
  private final List<Part> parts = new ArrayList<>();
  private Part current;
  private int yields;
  private long executed;

  /** Time of the last synchronisation of all lanes of this warp. */
  long syncTime;

  /** {@code laneKnown[a * 32 + b]}: lane a is ordered after what lane b did before; or null. */
  private long[] laneKnown;

  private long partialTime;

  Warp(Processor processor, Block block, int index, Program program) {
    this.processor = processor;
    this.block = block;
    this.index = index;
    code = program.code();
    instructions = code.instructions();
    r = new int[program.words() * LANES];
    q = new long[program.longs() * LANES];
    p = new int[program.predicates()];
    p[TRUE] = -1;
    written = new int[program.tracked()];
    ready = new int[Timing.slots(program.places())];
    local = new LocalMemory(program.localBytes());
    async = new AsyncCopies();
  }

  void start(int lanes) {
    live = lanes;
    parts.clear();
    current = new Part(0, lanes, null);
    parts.add(current);
    now = 0;
    java.util.Arrays.fill(ready, 0);
    java.util.Arrays.fill(written, 0);
    syncTime = 0;
    partialTime = 0;
    executed = 0;
    yields = 0;
    local.reset();
    async.reset();
  }

  boolean done() {
    return live == 0;
  }

  /** Whether some part can go on. */
  boolean runnable() {
    for (Part part : parts) {
      if (part.state == State.RUNNABLE) {
        return true;
      }
    }
    return false;
  }

  /** Runs until the warp ends, waits, or has issued {@code budget} instructions. */
  void run(int budget) {
    if (!choose()) {
      return;
    }
    Part part = current;
    int left = budget;
    while (left > 0) {
      int from = part.pc;
      if (part.join != null && from == part.join.pc) {
        arriveAtJoin(part);
        left--;
        if (!choose()) {
          return;
        }
        part = current;
        continue;
      }
      int to = Math.min(code.runEnd(from), from + left);
      if (to > from) {
        straight(part.mask, from, to);
        part.pc = to;
        left -= to - from;
        continue;
      }
      processor.issued.add(from, from + 1, part.mask);
      if (processor.counting) {
        now = code.timing.issue(ready, now, from, from + 1);
      }
      ((ControlInstruction) instructions[from]).control(this, part);
      left--;
      if (part != current || part.state != State.RUNNABLE) {
        if (!choose()) {
          return;
        }
        part = current;
      }
    }
    executed += budget;
    if (executed > processor.instructionLimit) {
      throw fault(
          DeviceFault.Kind.ENDLESS,
          instructions[part.pc],
          Integer.numberOfTrailingZeros(part.mask),
          0,
          "the warp has executed " + executed + " instructions");
    }
    if (parts.size() > 1 || part.join != null) {
      rotate(part);
    }
  }

  /** Instructions without a branch, a wait or a meeting place between. */
  private void straight(int lanes, int from, int to) {
    boolean counting = processor.counting;
    processor.issued.add(from, to, lanes);
    if (counting) {
      now = code.timing.issue(ready, now, from, to);
    }
    for (int i = from; i < to; i++) {
      Instruction instruction = instructions[i];
      int mask = lanes;
      if (instruction.guard >= 0) {
        int guard = p[instruction.guard];
        mask &= instruction.guardNegated ? ~guard : guard;
        if (counting) {
          processor.issued.withoutLanes(i, lanes & ~mask);
        }
        if (mask == 0) {
          continue;
        }
      }
      instruction.execute(this, mask);
    }
  }

  /** Makes {@link #current} a part that can run; false where there is none. */
  private boolean choose() {
    if (current != null && current.state == State.RUNNABLE && current.mask != 0) {
      return true;
    }
    if (parts.size() == 1) {
      Part only = parts.getFirst();
      current = only.state == State.RUNNABLE ? only : null;
      return current != null;
    }
    List<Part> candidates = new ArrayList<>();
    for (Part part : parts) {
      if (part.state == State.RUNNABLE) {
        candidates.add(part);
      }
    }
    current = candidates.isEmpty() ? null : processor.turns.pick(candidates);
    return current != null;
  }

  /** Gives another part a turn, so that lanes which wait for each other in a loop get on. */
  private void rotate(Part part) {
    parts.remove(part);
    parts.add(part);
    current = null;
    for (Part other : parts) {
      if (other.state == State.RUNNABLE && other != part) {
        current = other;
        yields = 0;
        return;
      }
    }
    current = part;
    if (++yields >= 4) {
      yields = 0;
      yieldJoins(part);
    }
  }

  /** The only part that runs may be waiting for lanes held at a join: let these go on alone. */
  private void yieldJoins(Part part) {
    for (Join join = part.join; join != null; join = join.outer) {
      if (join.arrived != 0) {
        int lanes = join.arrived;
        join.expected &= ~lanes;
        join.arrived = 0;
        parts.add(0, new Part(join.pc, lanes, join.outer));
        return;
      }
    }
  }

  private void arriveAtJoin(Part part) {
    Join join = part.join;
    join.arrived |= part.mask;
    parts.remove(part);
    current = null;
    releaseJoin(join);
  }

  private void releaseJoin(Join join) {
    if (join.arrived != 0 && join.arrived == join.expected) {
      current = new Part(join.pc, join.arrived, join.outer);
      join.arrived = 0;
      join.expected = 0;
      parts.add(current);
    }
  }

  /**
   * Lanes of {@code taken} go to {@code target}, the others on; they meet again at {@code join}.
   */
  public void branch(Part part, int taken, int target, int join) {
    int rest = part.mask & ~taken;
    processor.branches++;
    if (rest == 0) {
      part.pc = target;
      return;
    }
    if (taken == 0) {
      part.pc++;
      return;
    }
    processor.divergentBranches++;
    Join meeting = meeting(part, join);
    part.pc++;
    part.join = meeting;
    if (meeting != null && meeting.pc == target) {
      // Nothing to do on the way there: these lanes are there already.
      meeting.arrived |= taken;
      part.mask = rest;
      return;
    }
    if (meeting != null && meeting.pc == part.pc) {
      meeting.arrived |= rest;
      part.pc = target;
      part.mask = taken;
      return;
    }
    Part other = new Part(target, taken, meeting);
    part.mask = rest;
    parts.add(other);
    current = processor.turns.pickOne(part, other);
    if (current == part && other.state == State.RUNNABLE) {
      return;
    }
    current = other;
  }

  private static Join meeting(Part part, int join) {
    if (join < 0 || (part.join != null && part.join.pc == join)) {
      return part.join;
    }
    return new Join(join, part.join, part.mask);
  }

  /** Lanes go to several targets; {@code targets[i]} holds for the lanes of {@code masks[i]}. */
  public void branch(Part part, int[] masks, int[] targets, int count, int join) {
    processor.branches++;
    if (count == 1) {
      part.pc = targets[0];
      return;
    }
    processor.divergentBranches++;
    Join meeting = meeting(part, join);
    parts.remove(part);
    for (int i = 0; i < count; i++) {
      parts.add(new Part(targets[i], masks[i], meeting));
    }
    current = null;
  }

  /** The lanes of the part end. */
  public void exit(Part part) {
    live &= ~part.mask;
    parts.remove(part);
    current = null;
    for (Join join = part.join; join != null; join = join.outer) {
      join.expected &= ~part.mask;
      releaseJoin(join);
    }
    async.abandon(part.mask);
    for (Part waiting : parts) {
      // Fewer lanes to wait for: let those parked at a warp-level instruction look again.
      if (waiting.state == State.AT_WARP_SYNC) {
        waiting.state = State.RUNNABLE;
      }
    }
    if (live == 0) {
      processor.longestChain = Math.max(processor.longestChain, now);
      block.exited();
    }
  }

  /** The barrier at which parts of this warp wait is complete. */
  void resumeFromBarrier(int cycle) {
    now = Math.max(now, cycle);
    for (Part part : parts) {
      if (part.state == State.AT_BARRIER) {
        ((ControlInstruction) at(part)).resumed(this, part);
        part.state = State.RUNNABLE;
        part.pc++;
      }
    }
  }

  public List<Part> parts() {
    return parts;
  }

  public Instruction at(Part part) {
    return instructions[part.pc];
  }

  /** Lanes of {@code mask} have synchronised: what each did before is ordered for the others. */
  public void synchronised(int mask) {
    block.time++;
    processor.warpBarriers++;
    if ((mask & live) == live) {
      syncTime = block.time;
      return;
    }
    if (laneKnown == null) {
      laneKnown = new long[LANES * LANES];
    }
    if (partialTime < syncTime || partialTime == 0) {
      java.util.Arrays.fill(laneKnown, syncTime);
    }
    partialTime = block.time;
    long[] union = new long[LANES];
    for (int m = mask; m != 0; m &= m - 1) {
      int lane = Integer.numberOfTrailingZeros(m);
      for (int k = 0; k < LANES; k++) {
        union[k] = Math.max(union[k], laneKnown[lane * LANES + k]);
      }
    }
    for (int m = mask; m != 0; m &= m - 1) {
      union[Integer.numberOfTrailingZeros(m)] = block.time;
    }
    for (int m = mask; m != 0; m &= m - 1) {
      System.arraycopy(union, 0, laneKnown, Integer.numberOfTrailingZeros(m) * LANES, LANES);
    }
  }

  boolean ordered(int lane, int otherLane, long then) {
    if (then < syncTime) {
      return true;
    }
    if (partialTime <= syncTime || laneKnown == null) {
      return false;
    }
    if (otherLane != Stamps.SEVERAL) {
      return then < laneKnown[lane * LANES + otherLane];
    }
    for (int k = 0; k < LANES; k++) {
      if (k != lane && (live >>> k & 1) != 0 && then >= laneKnown[lane * LANES + k]) {
        return false;
      }
    }
    return true;
  }

  public ThreadId thread(int lane) {
    int[] size = processor.blockSize;
    int t = index * LANES + lane;
    return new ThreadId(
        block.x, block.y, block.z, t % size[0], t / size[0] % size[1], t / (size[0] * size[1]));
  }

  public DeviceFault fault(
      DeviceFault.Kind kind, Instruction at, int lane, long address, String message) {
    return new DeviceFault(kind, at.location(), thread(lane), address, message);
  }

  DeviceFault misaligned(Instruction at, AddressLanes lanes) {
    int lane = lanes.misalignedLane();
    return fault(
        DeviceFault.Kind.MISALIGNED,
        at,
        lane,
        lanes.at[lane],
        String.format("address 0x%x is not a multiple of %d", lanes.at[lane], lanes.bytes));
  }

  public void finding(
      Finding.Kind kind, Instruction at, int lane, long address, Supplier<String> message) {
    processor.findings.add(kind, at, thread(lane), address, message);
  }

  /** Where a warp that cannot go on stands, for the report of a deadlock. */
  String describe() {
    StringBuilder text = new StringBuilder("warp " + index + ":");
    for (Part part : parts) {
      text.append(
          String.format(
              " lanes %08x at PTX line %d (%s)",
              part.mask, at(part).statement.line(), at(part).statement.text()));
      for (Join join = part.join; join != null; join = join.outer) {
        if (join.arrived != 0) {
          text.append(
              String.format(
                  ", lanes %08x before PTX line %d, where the paths meet",
                  join.arrived, instructions[join.pc].statement.line()));
        }
      }
    }
    return text.toString();
  }
}
