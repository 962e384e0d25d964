package io.mgnm.simulator.memory;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import io.mgnm.simulator.memory.DeviceMemoryException.Kind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The memory of one simulated device. Addresses are made up: they mean nothing to the host process,
 * are aligned to 512 bytes, have unmapped room between them, and are never given out twice, so that
 * an access one past the end or after the free is always recognised.
 *
 * <p>Not thread-safe: the caller orders host calls and launches.
 */
public final class DeviceMemory {
  /** Device addresses start here: far from host heaps and above the simulator's own windows. */
  private static final long FIRST_ADDRESS = 0x6000_0000_0000L;

  private static final long ALIGNMENT = 512;
  private static final long GUARD = 4096;

  private final long capacity;
  private final TreeMap<Long, Allocation> byBase = new TreeMap<>();
  private final Set<Allocation> live = new LinkedHashSet<>();
  private final Set<Hold> holds = new LinkedHashSet<>();
  private long next;
  private long used;
  private int launchStamp = 1;

  /**
   * @param capacity bytes the device has
   */
  public DeviceMemory(long capacity) {
    this(capacity, FIRST_ADDRESS);
  }

  /**
   * @param capacity bytes the device has
   * @param firstAddress where its addresses begin, so that those of several devices differ
   */
  public DeviceMemory(long capacity, long firstAddress) {
    if (capacity <= 0) {
      throw new IllegalArgumentException("capacity must be positive, was " + capacity);
    }
    this.capacity = capacity;
    this.next = firstAddress;
  }

  /**
   * Takes {@code bytes} of memory, not initialised.
   *
   * @param label what it is for, shown in reports
   * @return its address, aligned to 512
   * @throws DeviceMemoryException where the capacity does not suffice
   */
  public long allocate(long bytes, String label) {
    return allocate(bytes, label, false);
  }

  /** As {@link #allocate(long, String)}; kernels may not write it if {@code readOnly}. */
  public long allocate(long bytes, String label, boolean readOnly) {
    if (bytes <= 0) {
      throw new IllegalArgumentException("bytes must be positive, was " + bytes);
    }
    if (bytes > capacity - used) {
      throw new DeviceMemoryException(
          Kind.OUT_OF_MEMORY,
          0,
          String.format(
              "%s: %d bytes asked for, %d of %d free", label, bytes, capacity - used, capacity));
    }
    long base = next;
    next = (base + bytes + GUARD + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    used += bytes;
    Allocation allocation = new Allocation(base, bytes, label, readOnly);
    byBase.put(base, allocation);
    live.add(allocation);
    return base;
  }

  /**
   * Gives an allocation back.
   *
   * @throws DeviceMemoryException where the address is not that of a live allocation, or a pending
   *     operation holds part of it
   */
  public void free(long address) {
    Allocation allocation = find(address);
    if (allocation == null || allocation.base() != address) {
      throw new DeviceMemoryException(
          Kind.NOT_AN_ALLOCATION,
          address,
          String.format("free of 0x%x, which is not the start of an allocation", address));
    }
    if (!allocation.live()) {
      throw new DeviceMemoryException(
          Kind.DOUBLE_FREE, address, String.format("%s is freed twice", allocation));
    }
    conflict(address, allocation.size(), Access.WRITE)
        .ifPresent(
            hold -> {
              throw new DeviceMemoryException(
                  Kind.STILL_NEEDED,
                  address,
                  String.format(
                      "free of %s, still needed by: %s", allocation, hold.reason().get()));
            });
    used -= allocation.size();
    live.remove(allocation);
    allocation.release();
  }

  /** Copies all of {@code source} to the device. */
  public void write(long address, MemorySegment source) {
    long bytes = source.byteSize();
    Allocation to = require(address, bytes, "copy to the device");
    long offset = address - to.base();
    int[] words = to.words();
    if ((offset & 3) == 0) {
      MemorySegment.copy(source, 0, MemorySegment.ofArray(words), offset, bytes);
    } else {
      for (long i = 0; i < bytes; i++) {
        to.putByte(offset + i, source.get(ValueLayout.JAVA_BYTE, i));
      }
    }
    to.setWritten(offset, bytes, true);
  }

  /** Fills {@code destination} from the device. Bytes never written come out as zero. */
  public void read(long address, MemorySegment destination) {
    long bytes = destination.byteSize();
    Allocation from = require(address, bytes, "copy from the device");
    MemorySegment.copy(
        MemorySegment.ofArray(from.words()), address - from.base(), destination, 0, bytes);
  }

  /** Copies within the device; bytes never written stay so. Ranges may overlap. */
  public void copy(long destination, long source, long bytes) {
    Allocation from = require(source, bytes, "copy within the device (source)");
    Allocation to = require(destination, bytes, "copy within the device (destination)");
    long fromOffset = source - from.base();
    long toOffset = destination - to.base();
    MemorySegment.copy(
        MemorySegment.ofArray(from.words()),
        fromOffset,
        MemorySegment.ofArray(to.words()),
        toOffset,
        bytes);
    boolean backwards = from == to && toOffset > fromOffset;
    for (long i = 0; i < bytes; i++) {
      long k = backwards ? bytes - 1 - i : i;
      to.setWritten(toOffset + k, 1, from.isWritten(fromOffset + k));
    }
  }

  /** Sets {@code count} elements of {@code elementBytes} (1, 2 or 4) bytes to {@code value}. */
  public void fill(long address, int elementBytes, int value, long count) {
    if (elementBytes != 1 && elementBytes != 2 && elementBytes != 4) {
      throw new IllegalArgumentException("elementBytes must be 1, 2 or 4, was " + elementBytes);
    }
    long bytes = Math.multiplyExact(count, elementBytes);
    Allocation to = require(address, bytes, "fill");
    long offset = address - to.base();
    int pattern =
        switch (elementBytes) {
          case 1 -> (value & 0xff) * 0x01010101;
          case 2 -> (value & 0xffff) * 0x00010001;
          default -> value;
        };
    if ((offset & 3) == 0 && (bytes & 3) == 0) {
      MemorySegment words = MemorySegment.ofArray(to.words());
      for (long i = 0; i < bytes; i += 4) {
        words.set(JAVA_INT_UNALIGNED, offset + i, pattern);
      }
    } else {
      for (long i = 0; i < bytes; i++) {
        to.putByte(offset + i, (byte) (pattern >>> (i % elementBytes * 8)));
      }
    }
    to.setWritten(offset, bytes, true);
  }

  /** The first address in the range that was never written, if any. */
  public Optional<Long> firstUnwritten(long address, long bytes) {
    Allocation allocation = require(address, bytes, "read");
    long at = allocation.firstUnwritten(address - allocation.base(), bytes);
    return at < 0 ? Optional.empty() : Optional.of(allocation.base() + at);
  }

  /** The allocation, live or freed, whose range holds the address; null where there is none. */
  public Allocation find(long address) {
    Map.Entry<Long, Allocation> entry = byBase.floorEntry(address);
    return entry != null && entry.getValue().contains(address, 1) ? entry.getValue() : null;
  }

  /** The allocation nearest below the address, for reports of what an access just missed. */
  public Optional<Allocation> nearest(long address) {
    return Optional.ofNullable(byBase.floorEntry(address)).map(Map.Entry::getValue);
  }

  /**
   * The live allocation that holds the whole range.
   *
   * @throws DeviceMemoryException where there is none
   */
  public Allocation require(long address, long bytes, String operation) {
    Map.Entry<Long, Allocation> entry = byBase.floorEntry(address);
    Allocation allocation = entry == null ? null : entry.getValue();
    if (allocation == null || !allocation.contains(address, bytes)) {
      throw new DeviceMemoryException(
          Kind.OUT_OF_BOUNDS,
          address,
          String.format(
              "%s of %d bytes at 0x%x: outside every allocation%s",
              operation,
              bytes,
              address,
              allocation == null ? "" : "; the one below is " + allocation));
    }
    if (!allocation.live()) {
      throw new DeviceMemoryException(
          Kind.USE_AFTER_FREE,
          address,
          String.format("%s of %d bytes at 0x%x: %s", operation, bytes, address, allocation));
    }
    return allocation;
  }

  /** Marks a range as needed by a pending operation. */
  public Hold hold(long address, long bytes, Access access, Supplier<String> reason) {
    Hold hold = new Hold(this, address, bytes, access, reason);
    holds.add(hold);
    return hold;
  }

  void release(Hold hold) {
    holds.remove(hold);
  }

  /** The oldest pending operation that an access to the range now would disturb. */
  public Optional<Hold> conflict(long address, long bytes, Access access) {
    for (Hold hold : holds) {
      if (hold.overlaps(address, bytes) && hold.access().conflictsWith(access)) {
        return Optional.of(hold);
      }
    }
    return Optional.empty();
  }

  /** Live allocations in the order of their making: what is left here at the end has leaked. */
  public List<Allocation> live() {
    return new ArrayList<>(live);
  }

  /**
   * Reserves {@code blocks + 1} stamps for one launch (see {@link BlockOwnership}).
   *
   * @return the first; the last of them stands for "several blocks"
   */
  public int reserveStamps(int blocks) {
    if (launchStamp > Integer.MAX_VALUE - 2 - blocks) {
      byBase.values().forEach(Allocation::forgetOwnership);
      launchStamp = 1;
    }
    int first = launchStamp;
    launchStamp += blocks + 1;
    return first;
  }

  /** Bytes in live allocations. */
  public long used() {
    return used;
  }

  public long capacity() {
    return capacity;
  }
}
