package io.mgnm.simulator.driver;

import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.memory.DeviceMemory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A machine with simulated CUDA devices: everything behind one process's driver. The stub libraries
 * serve the machine that is {@link #install installed}.
 *
 * <p>After the program under test is done, {@link #close} looks for leaks; then {@link #findings}
 * says all that was wrong. Calls of several host threads are taken one after the other.
 */
public final class Machine implements AutoCloseable {
  /** Those of its two default streams. */
  private static final int LANES_OF_A_CONTEXT = 2;

  private static volatile Machine installed;

  final MachineOptions options;
  final List<GpuDevice> devices = new ArrayList<>();
  final Findings findings = new Findings();
  final Handles handles = new Handles(CudaResult.CUDA_ERROR_INVALID_HANDLE.code());
  final HostMemory hostMemory;
  final Scheduler scheduler;
  final Clock hostClock = new Clock();
  final List<LaunchReport> launches = new ArrayList<>();
  final List<Context> contexts = new ArrayList<>();
  boolean initialised;
  boolean inHostFunction;

  private final CallTrace trace = new CallTrace();
  private final FaultInjection faults = new FaultInjection();
  private final ThreadLocal<Deque<Context>> current = ThreadLocal.withInitial(ArrayDeque::new);
  private final Map<Class<?>, Object> calls = new HashMap<>();
  private final List<Runnable> atEnd = new ArrayList<>();
  private int[] ticks = new int[16];
  private int lanes;
  private long callNumber;
  private String callName = "";

  public Machine(MachineOptions options) {
    this.options = options;
    this.hostMemory = new HostMemory(this);
    this.scheduler = new Scheduler(this, options.schedule(), options.seed());
    for (int i = 0; i < options.devices(); i++) {
      devices.add(new GpuDevice(i, options, this));
    }
    provide(new DeviceCalls(this));
    provide(new ContextCalls(this));
    provide(new ModuleCalls(this));
    provide(new LaunchCalls(this));
    provide(new MemoryCalls(this));
    provide(new CopyCalls(this));
    provide(new PinnedCalls(this));
    provide(new StreamCalls(this));
    provide(new EventCalls(this));
    provide(new CaptureCalls(this));
    provide(new GraphCalls(this));
  }

  /** The classes that implement functions of the driver. */
  public static List<Class<?>> driverCalls() {
    return List.of(
        DeviceCalls.class,
        ContextCalls.class,
        ModuleCalls.class,
        LaunchCalls.class,
        MemoryCalls.class,
        CopyCalls.class,
        PinnedCalls.class,
        StreamCalls.class,
        EventCalls.class,
        CaptureCalls.class,
        GraphCalls.class);
  }

  /** Adds the object that answers the calls of its class: how other libraries join a machine. */
  public void provide(Object implementation) {
    calls.put(implementation.getClass(), implementation);
  }

  Object implementation(Class<?> type) {
    return calls.get(type);
  }

  /**
   * Makes this the machine behind the stub libraries.
   *
   * @throws IllegalStateException while another one is
   */
  public void install() {
    synchronized (Machine.class) {
      if (installed != null) {
        throw new IllegalStateException("another simulated machine is installed");
      }
      installed = this;
    }
  }

  /** The installed machine, or null. */
  public static Machine installed() {
    return installed;
  }

  public MachineOptions options() {
    return options;
  }

  /** All that was wrong so far. */
  public Findings findings() {
    return findings;
  }

  public CallTrace trace() {
    return trace;
  }

  public FaultInjection faults() {
    return faults;
  }

  /** Reports of all launches that have run, in the order of their running. */
  public synchronized List<LaunchReport> launches() {
    return List.copyOf(launches);
  }

  /** The work of a library's function, in its place in a stream, as if called by the program. */
  public void enqueue(long stream, LibraryCall call) {
    Context context = context();
    context.enqueue(stream(stream), new LibraryWork(call.describe(), call.ranges(), call.body()));
  }

  /** Waits for a stream, as a library's synchronous function does. */
  public void synchronizeStream(long stream) {
    Stream waited = stream(stream);
    if (waited.capture != null) {
      waited.capture.invalidate("a library waited for the stream meanwhile");
      throw new ApiException(
          CudaResult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, waited + " is capturing");
    }
    context().await(waited.last);
  }

  /** What a library looks after when the machine closes, such as handles never destroyed. */
  public void atEnd(Runnable check) {
    atEnd.add(check);
  }

  /** Whether an address lies where devices' memory does, allocated or not. */
  public boolean isDeviceAddress(long address) {
    return deviceOf(address) != null;
  }

  /** Memory of the current device. */
  public DeviceMemory memory() {
    return context().device.memory;
  }

  /** A number for the current context, for libraries whose handles belong to one. */
  public long currentContext() {
    return context().handle;
  }

  /** Whether the stream is part of a capture. */
  public boolean capturing(long stream) {
    return stream(stream).capture != null;
  }

  void require(boolean condition, CudaResult code, String message) {
    if (!condition) {
      throw new ApiException(code, message);
    }
  }

  GpuDevice device(int ordinal) {
    requireInitialised();
    if (ordinal < 0 || ordinal >= devices.size()) {
      throw new ApiException(
          CudaResult.CUDA_ERROR_INVALID_DEVICE, "device " + ordinal + " of " + devices.size());
    }
    return devices.get(ordinal);
  }

  GpuDevice deviceOf(long address) {
    for (GpuDevice device : devices) {
      if (device.owns(address)) {
        return device;
      }
    }
    return null;
  }

  void requireInitialised() {
    require(initialised, CudaResult.CUDA_ERROR_NOT_INITIALIZED, "cuInit was not called");
  }

  Deque<Context> contextStack() {
    return current.get();
  }

  /** The thread's current context, without a fault. */
  Context context() {
    Context context = contextOrDead();
    context.checkFault();
    return context;
  }

  /** The thread's current context, for calls that a fault does not stop. */
  Context contextOrDead() {
    requireInitialised();
    require(
        !inHostFunction,
        CudaResult.CUDA_ERROR_NOT_PERMITTED,
        "a host function in a stream may not call CUDA");
    Context context = contextStack().peek();
    require(
        context != null,
        CudaResult.CUDA_ERROR_INVALID_CONTEXT,
        "the thread has no current context");
    require(
        !context.destroyed, CudaResult.CUDA_ERROR_CONTEXT_IS_DESTROYED, "the context is destroyed");
    return context;
  }

  /** The stream of a handle in the current context; 0 and 1 are the legacy default stream. */
  Stream stream(long handle) {
    Context context = context();
    if (handle == 0 || handle == 1) {
      return context.legacy;
    }
    if (handle == 2) {
      return context.perThread;
    }
    Stream stream = handles.get(handle, Stream.class);
    require(
        stream.context == context,
        CudaResult.CUDA_ERROR_INVALID_HANDLE,
        stream + " belongs to another context");
    return stream;
  }

  /**
   * A call that a capture forbids: it would wait for, or disturb, work that is being captured.
   *
   * @throws ApiException while a capture of this thread, or any global one, is under way
   */
  void forbiddenWhileCapturing() {
    for (Context context : contexts) {
      for (Stream stream : context.streams) {
        Capture capture = stream.capture;
        if (capture != null
            && (capture.mode == Capture.GLOBAL
                || (capture.mode == Capture.THREAD_LOCAL
                    && capture.thread == Thread.currentThread()))) {
          capture.invalidate(callName + " was called meanwhile");
          throw new ApiException(
              CudaResult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
              callName + " is not allowed while " + stream + " is capturing");
        }
      }
    }
  }

  int newLane() {
    return lanes++;
  }

  int nextTick(int lane) {
    if (lane >= ticks.length) {
      ticks = Arrays.copyOf(ticks, Math.max(lane + 1, ticks.length * 2));
    }
    return ++ticks[lane];
  }

  /** Whether the program made a stream, so that order between operations is a question. */
  boolean concurrent() {
    return lanes > LANES_OF_A_CONTEXT * contexts.size();
  }

  void begin(String function) {
    callNumber++;
    callName = function;
  }

  /** For reports: which call asked for an operation. */
  String callUnderWay() {
    return "call " + callNumber + ", " + callName;
  }

  /** Reports an operation that takes bytes out of device memory which nothing ever wrote. */
  void checkWritten(Operation operation, DeviceMemory memory, MemoryRange range) {
    memory
        .firstUnwritten(range.address(), range.bytes())
        .ifPresent(
            address ->
                findings.add(
                    Finding.Kind.UNINITIALISED_READ,
                    String.format(
                        "%s reads 0x%x, which nothing ever wrote: %s",
                        operation, address, memory.find(address))));
  }

  /** A fault of the simulator: kept with its stack trace, since nobody else will show it. */
  void internal(Throwable e) {
    StringBuilder text = new StringBuilder("in " + callName + ": " + e);
    for (StackTraceElement element : e.getStackTrace()) {
      text.append("\n    at ").append(element);
    }
    findings.add(Finding.Kind.INTERNAL, text.toString());
  }

  /** Ends the machine and reports what the program left behind. Idempotent. */
  @Override
  public synchronized void close() {
    synchronized (Machine.class) {
      if (installed == this) {
        installed = null;
      }
    }
    atEnd.forEach(Runnable::run);
    atEnd.clear();
    for (Context context : List.copyOf(contexts)) {
      ContextEnd.end(context, "the end of the program");
    }
    if (initialised) {
      initialised = false;
      hostMemory.close();
    }
  }
}
