package io.mgnm.simulator.driver;

import io.mgnm.simulator.memory.Access;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Pinned host memory, allocated or registered, and what pending operations need of it. */
final class HostMemory implements AutoCloseable {
  /** Fresh pinned memory and the targets of pending copies hold this byte: as floats, NaN. */
  private static final byte POISON = (byte) 0xff;

  /**
   * A pinned range.
   *
   * @param memory null where it was registered only
   */
  record Pinned(long address, long bytes, int flags, Context context, MemorySegment memory) {
    @Override
    public String toString() {
      return String.format(
          "%s host memory [0x%x, %d bytes]",
          memory == null ? "registered" : "pinned", address, bytes);
    }
  }

  private final Machine machine;
  private final TreeMap<Long, Pinned> pinned = new TreeMap<>();
  private final List<HostHold> holds = new ArrayList<>();

  /** Freed memory stays mapped until the machine closes: a late use must not end the JVM. */
  private final Arena arena = Arena.ofShared();

  HostMemory(Machine machine) {
    this.machine = machine;
  }

  long allocate(long bytes, int flags, Context context) {
    MemorySegment memory = arena.allocate(bytes, 4096);
    memory.fill(POISON);
    pinned.put(memory.address(), new Pinned(memory.address(), bytes, flags, context, memory));
    return memory.address();
  }

  void register(long address, long bytes, int flags, Context context) {
    if (find(address) != null || find(address + bytes - 1) != null) {
      throw new ApiException(
          CudaResult.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED,
          "part of the range is pinned already");
    }
    pinned.put(address, new Pinned(address, bytes, flags, context, null));
  }

  /** The pinned range that holds the address, or null. */
  Pinned find(long address) {
    Map.Entry<Long, Pinned> entry = pinned.floorEntry(address);
    return entry != null && address - entry.getKey() < entry.getValue().bytes()
        ? entry.getValue()
        : null;
  }

  /** Whether the whole range is pinned. */
  boolean isPinned(long address, long bytes) {
    Pinned found = find(address);
    return found != null && address - found.address() <= found.bytes() - bytes;
  }

  /** Ends the pinning; poisons memory that was allocated so that late readers see it. */
  void unpin(Pinned range) {
    pinned.remove(range.address());
    if (range.memory() != null) {
      range.memory().fill((byte) 0xde);
    }
  }

  List<Pinned> of(Context context) {
    return pinned.values().stream().filter(range -> range.context() == context).toList();
  }

  /** The oldest pending operation that needs part of the range, or null. */
  Operation pending(long address, long bytes) {
    for (HostHold hold : holds) {
      if (hold.range.overlaps(address, bytes)) {
        return hold.operation;
      }
    }
    return null;
  }

  /** Notes what an operation will touch; the target of a copy is poisoned if nothing needs it. */
  void hold(Operation operation) {
    for (HostRange range : operation.work.hostRanges()) {
      if (!isPinned(range.address(), range.bytes())) {
        continue;
      }
      if (range.access() == Access.WRITE && pending(range.address(), range.bytes()) == null) {
        range.segment().fill(POISON);
      }
      HostHold hold = new HostHold(range, operation);
      holds.add(hold);
      operation.hostHolds.add(hold);
    }
  }

  /** Before an operation runs: whether the host changed what it reads, or writes over. */
  void check(Operation operation) {
    for (HostHold hold : operation.hostHolds) {
      long changed = hold.firstChange();
      if (changed >= 0) {
        machine.findings.add(
            Finding.Kind.HOST_MEMORY_REUSED,
            String.format(
                "the host changed pinned memory at 0x%x while it was still to be %s by %s",
                hold.range.address() + changed,
                hold.range.access() == Access.READ ? "read" : "written",
                operation));
      }
    }
  }

  /** After an operation ran: its own ranges are free, and what it wrote is what others expect. */
  void release(Operation operation) {
    holds.removeAll(operation.hostHolds);
    for (HostHold done : operation.hostHolds) {
      if (done.range.access() == Access.WRITE) {
        for (HostHold other : holds) {
          if (other.range.overlaps(done.range.address(), done.range.bytes())) {
            other.refresh();
          }
        }
      }
    }
    operation.hostHolds.clear();
  }

  /** A host function may write pinned memory in its turn of the stream. */
  void hostFunctionRan() {
    holds.forEach(HostHold::refresh);
  }

  @Override
  public void close() {
    pinned.clear();
    holds.clear();
    arena.close();
  }
}
