package io.mgnm.cuda;

import java.lang.ref.Cleaner;

/**
 * Owns device memory: what is allocated here lives until the scope closes. Closing waits for the
 * device, releases in reverse order, and is idempotent. A scope that is lost without being closed
 * is reported by the {@link MemoryLedger}, and its memory freed when the context closes.
 */
public final class MemoryScope implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final CudaContext context;
  private final String name;
  private final ScopeMemory memory;
  private final Cleaner.Cleanable lost;

  MemoryScope(CudaContext context, String name, ScopeMemory memory) {
    this.context = context;
    this.name = name;
    this.memory = memory;
    this.lost = CLEANER.register(this, memory.account()::lost);
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** The context whose memory it owns. */
  public CudaContext context() {
    return context;
  }

  /** Whether its memory may be used. */
  public boolean isOpen() {
    return memory.isOpen();
  }

  /**
   * Checks that its memory may be used.
   *
   * @throws IllegalStateException when closed
   */
  public void requireOpen() {
    if (!isOpen()) {
      throw new IllegalStateException("scope '" + name + "' is closed");
    }
  }

  /** {@code count} floats, zero at first; {@code label} appears in errors and reports. */
  public DeviceBuffer floats(long count, String label) {
    return allocate(ElementType.FLOAT32, count, label);
  }

  /** {@code count} 32-bit integers, zero at first. */
  public DeviceBuffer ints(long count, String label) {
    return allocate(ElementType.INT32, count, label);
  }

  /**
   * {@code count} elements, zero at first.
   *
   * @throws CudaOutOfMemoryException with who holds how much
   * @throws ArithmeticException where the number of bytes does not fit a {@code long}
   */
  public DeviceBuffer allocate(ElementType type, long count, String label) {
    if (count < 0) {
      throw new IllegalArgumentException(label + ": count must not be negative, got " + count);
    }
    long bytes = Math.multiplyExact(count, (long) type.bytes());
    try (CudaContext.Use inside = context.enter()) {
      requireOpen();
      DeviceBuffer buffer =
          new DeviceBuffer(this, memory.allocate(bytes, label), type, count, label);
      context.stream().clear(buffer);
      return buffer;
    }
  }

  @Override
  public void close() {
    memory.close();
    lost.clean(); // says nothing, since the account is closed
  }

  @Override
  public String toString() {
    return memory.account().toString();
  }
}
