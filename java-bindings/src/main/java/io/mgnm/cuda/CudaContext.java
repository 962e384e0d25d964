package io.mgnm.cuda;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.JCudaDriver;

/**
 * A device opened by this program: its primary context, one stream, and the owner of all memory,
 * modules and graphs made on it. Closing releases what is left, in reverse order; scopes still open
 * are closed and reported as leaks.
 */
public final class CudaContext implements AutoCloseable {
  private static final long ALLOCATION = 512; // bytes: what drivers round up to

  private final CudaDevice device;
  private final CUdevice handle;
  private final CUcontext context = new CUcontext();
  private final MemoryLedger ledger = new MemoryLedger();
  private final Owned owned = new Owned();
  private final AtomicReference<Thread> user = new AtomicReference<>();
  private final Use use = this::leave;
  private int depth; // of calls inside calls; touched by the user only
  private boolean closed;
  private CudaContextDeadException death;
  private CudaStream stream;
  private boolean measuring;
  private long measured; // bytes

  /** Ends what {@link #enter} began. */
  interface Use extends AutoCloseable {
    @Override
    void close();
  }

  private CudaContext(CudaDevice device) {
    this.device = device;
    this.handle = CudaDriver.handle(device.ordinal());
  }

  /**
   * Opens a device.
   *
   * @throws CudaException where the driver refuses
   */
  public static CudaContext open(CudaDevice device) {
    CudaContext opened = new CudaContext(device);
    Driver.check(
        "cuDevicePrimaryCtxRetain",
        JCudaDriver.cuDevicePrimaryCtxRetain(opened.context, opened.handle),
        device);
    try {
      opened.stream = opened.own(new CudaStream(opened));
      return opened;
    } catch (RuntimeException | Error e) {
      JCudaDriver.cuDevicePrimaryCtxRelease(opened.handle);
      throw e;
    }
  }

  /** The device. */
  public CudaDevice device() {
    return device;
  }

  /** The stream of this context, in which backends run everything in the order of the calls. */
  public CudaStream stream() {
    return stream;
  }

  /**
   * Another stream, beside the context's own. Nothing orders the two but {@link CudaEvent}s; memory
   * may be released when its scope closes, which waits for all streams.
   */
  public CudaStream newStream() {
    return own(new CudaStream(this));
  }

  /** A new event, not recorded yet. */
  public CudaEvent newEvent() {
    try (Use inside = enter()) {
      return own(new CudaEvent(this));
    }
  }

  /**
   * Pinned host memory.
   *
   * @param label appears in errors
   */
  public PinnedBuffer pinned(long bytes, String label) {
    try (Use inside = enter()) {
      return own(new PinnedBuffer(this, bytes, label));
    }
  }

  /** Who owns how much of the device's memory. */
  public MemoryLedger ledger() {
    return ledger;
  }

  /** What kernels must be compiled for to run here; see {@link CompileTarget}. */
  public CompileTarget target() {
    return CompileTarget.of(device.capability());
  }

  /**
   * A new owner of memory.
   *
   * @param name appears in errors and leak reports
   */
  public MemoryScope scope(String name) {
    try (Use inside = enter()) {
      ScopeMemory memory = own(new ScopeMemory(this, Objects.requireNonNull(name)));
      return new MemoryScope(this, name, memory);
    }
  }

  /**
   * Loads compiled kernels; they stay until this context closes.
   *
   * @throws CudaException where the driver refuses the image
   */
  public CudaModule load(KernelImage image) {
    try (Use inside = enter()) {
      return own(new CudaModule(this, image));
    }
  }

  /** Waits for everything given to the device, and reports what went wrong on it. */
  public void synchronize() {
    try (Use inside = enter()) {
      check("cuCtxSynchronize", JCudaDriver.cuCtxSynchronize());
    }
  }

  /**
   * Runs {@code work} as one call on this context: other threads' calls are refused meanwhile.
   *
   * @throws WrongThreadException while another thread is inside
   */
  public void exclusively(Runnable work) {
    try (Use inside = enter()) {
      work.run();
    }
  }

  /**
   * Bytes of device memory that {@code work} would allocate in all. While it runs nothing is
   * allocated, copied or launched on this context, so what it makes is good for nothing.
   */
  public long measure(Runnable work) {
    try (Use inside = enter()) {
      if (measuring) {
        throw new IllegalStateException("measured already");
      }
      measuring = true;
      measured = 0;
      try {
        work.run();
      } finally {
        measuring = false;
      }
      return measured;
    }
  }

  /** Whether {@link #measure} is under way. */
  public boolean isMeasuring() {
    return measuring;
  }

  /** Counts an allocation that is not made. */
  void measured(long bytes) {
    measured += Math.ceilDiv(bytes, ALLOCATION) * ALLOCATION;
  }

  /** Bytes of device memory that are free, for all programs on the device. */
  public long freeBytes() {
    try (Use inside = enter()) {
      long[] free = {0};
      check("cuMemGetInfo", JCudaDriver.cuMemGetInfo(free, new long[1]));
      return free[0];
    }
  }

  <T extends AutoCloseable> T own(T thing) {
    return owned.add(thing);
  }

  void disown(AutoCloseable thing) {
    owned.remove(thing);
  }

  boolean isClosed() {
    return closed;
  }

  /** Whether a fault has ended it, so that its memory is lost and need not be freed. */
  boolean isDead() {
    return death != null;
  }

  /**
   * Every public call on this context, or on what it owns, is inside one of these.
   *
   * @throws WrongThreadException while another thread is inside
   * @throws IllegalStateException when closed
   * @throws CudaContextDeadException after a fault
   */
  Use enter() {
    Use entered = enterEvenIfDead();
    if (death != null) {
      entered.close();
      throw new CudaContextDeadException(death);
    }
    return entered;
  }

  private Use enterEvenIfDead() {
    Thread me = Thread.currentThread();
    if (user.get() != me && !user.compareAndSet(null, me)) {
      throw new WrongThreadException(
          "%s is in use by thread '%s' while thread '%s' calls; it serves one thread at a time"
              .formatted(this, nameOf(user.get()), me.getName()));
    }
    depth++;
    try {
      if (closed) {
        throw new IllegalStateException(this + " is closed");
      }
      if (depth == 1 && death == null) {
        check("cuCtxSetCurrent", JCudaDriver.cuCtxSetCurrent(context));
      }
      return use;
    } catch (RuntimeException e) {
      leave();
      throw e;
    }
  }

  private static String nameOf(Thread thread) {
    return thread == null ? "none" : thread.getName();
  }

  private void leave() {
    depth--;
    if (depth == 0) {
      user.set(null);
    }
  }

  /**
   * Turns a return code into an exception, and remembers a fault that ends the context.
   *
   * @param call the C function
   * @param detail what was being done, in pieces that are put together only when needed
   */
  void check(String call, int code, Object... detail) {
    if (code == 0) {
      return;
    }
    CudaException failure = Driver.failure(call, code, detail);
    if (failure instanceof CudaContextDeadException dead) {
      death = dead;
    }
    throw failure;
  }

  /** What was not given back in time, so far; see {@link MemoryLedger#leaks}. */
  public List<String> leaks() {
    return ledger.leaks();
  }

  /** Idempotent. Throws what went wrong, after everything was tried. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    Use entered;
    try {
      entered = enterEvenIfDead();
    } catch (CudaException e) {
      closed = true; // nothing on the device can be released but all of it at once
      JCudaDriver.cuDevicePrimaryCtxRelease(handle);
      throw e;
    }
    try (Use inside = entered) {
      ledger.reportOpenScopes();
      RuntimeException failure = null;
      try {
        owned.closeAll();
      } catch (RuntimeException e) {
        failure = e;
      }
      closed = true;
      int code = JCudaDriver.cuDevicePrimaryCtxRelease(handle);
      if (failure != null) {
        throw failure;
      }
      if (!isDead()) {
        Driver.check("cuDevicePrimaryCtxRelease", code, device);
      }
    }
  }

  @Override
  public String toString() {
    return "CUDA context of " + device;
  }
}
