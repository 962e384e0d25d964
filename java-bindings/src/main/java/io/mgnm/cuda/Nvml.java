package io.mgnm.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * NVIDIA's management library, through Panama: what a GPU does right now. It comes with the driver.
 * Where it is absent, or does not know a figure, the figure is absent; nothing here throws for
 * that.
 */
public final class Nvml {
  /** Names a library file to load instead of the system's. */
  public static final String PROPERTY = "mgnm.nvml";

  private static final int SUCCESS = 0;
  private static final int SM_CLOCK = 1;
  private static final int TEMPERATURE_OF_GPU = 0;
  private static final int NAME_BYTES = 96;
  private static final FunctionDescriptor NO_ARGUMENTS = FunctionDescriptor.of(JAVA_INT);
  private static final FunctionDescriptor POINTER = FunctionDescriptor.of(JAVA_INT, ADDRESS);
  private static final FunctionDescriptor DEVICE_POINTER =
      FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS);
  private static final FunctionDescriptor DEVICE_INT_POINTER =
      FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);
  private static final FunctionDescriptor INT_POINTER =
      FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS);

  private final SymbolLookup library;

  /**
   * One GPU at one moment. NVML counts all GPUs of the machine, whatever {@code
   * CUDA_VISIBLE_DEVICES} says.
   *
   * @param name the product's
   * @param memoryUsedBytes by all processes
   * @param memoryTotalBytes of the GPU
   * @param powerWatts drawn now
   * @param smClockMegahertz of the multiprocessors now
   * @param temperatureCelsius of the chip
   */
  public record Reading(
      String name,
      OptionalLong memoryUsedBytes,
      OptionalLong memoryTotalBytes,
      OptionalDouble powerWatts,
      OptionalInt smClockMegahertz,
      OptionalInt temperatureCelsius) {}

  private Nvml(SymbolLookup library) {
    this.library = library;
  }

  /** The file, or the name that the system's loader looks for. */
  static String libraryName() {
    return System.getProperty(
        PROPERTY, SharedLibraries.isWindows() ? "nvml.dll" : "libnvidia-ml.so.1");
  }

  /** Why there are no readings, in the loader's or the library's words; empty where there are. */
  public static Optional<String> unavailable() {
    Optional<String> missing = SharedLibraries.load(libraryName());
    if (missing.isPresent()) {
      return missing;
    }
    int code = open().call("nvmlInit_v2", NO_ARGUMENTS);
    if (code != SUCCESS) {
      return Optional.of("nvmlInit_v2 returned " + code);
    }
    open().call("nvmlShutdown", NO_ARGUMENTS);
    return Optional.empty();
  }

  /** All GPUs of this machine now; none where {@link #unavailable} says why. */
  public static List<Reading> read() {
    if (unavailable().isPresent()) {
      return List.of();
    }
    Nvml nvml = open();
    nvml.call("nvmlInit_v2", NO_ARGUMENTS);
    try (Arena arena = Arena.ofConfined()) {
      List<Reading> readings = new ArrayList<>();
      MemorySegment count = arena.allocate(JAVA_INT);
      if (nvml.call("nvmlDeviceGetCount_v2", POINTER, count) == SUCCESS) {
        for (int index = 0; index < count.get(JAVA_INT, 0); index++) {
          nvml.read(index, arena).ifPresent(readings::add);
        }
      }
      return readings;
    } finally {
      nvml.call("nvmlShutdown", NO_ARGUMENTS);
    }
  }

  private static Nvml open() {
    return new Nvml(SymbolLookup.libraryLookup(libraryName(), Arena.global()));
  }

  private Optional<Reading> read(int index, Arena arena) {
    MemorySegment handle = arena.allocate(ADDRESS);
    if (call("nvmlDeviceGetHandleByIndex_v2", INT_POINTER, index, handle) != SUCCESS) {
      return Optional.empty(); // a GPU that this user may not see
    }
    MemorySegment device = handle.get(ADDRESS, 0);
    MemorySegment name = arena.allocate(NAME_BYTES);
    int named =
        call(
            "nvmlDeviceGetName",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT),
            device,
            name,
            NAME_BYTES);
    MemorySegment memory = arena.allocate(MemoryLayout.sequenceLayout(3, JAVA_LONG));
    boolean knowsMemory =
        call("nvmlDeviceGetMemoryInfo", DEVICE_POINTER, device, memory) == SUCCESS;
    OptionalInt milliwatts = figure("nvmlDeviceGetPowerUsage", device, arena);
    return Optional.of(
        new Reading(
            named == SUCCESS ? name.getString(0) : "GPU " + index,
            knowsMemory // total, free, used
                ? OptionalLong.of(memory.getAtIndex(JAVA_LONG, 2))
                : OptionalLong.empty(),
            knowsMemory ? OptionalLong.of(memory.getAtIndex(JAVA_LONG, 0)) : OptionalLong.empty(),
            milliwatts.isPresent()
                ? OptionalDouble.of(milliwatts.getAsInt() / 1000.0)
                : OptionalDouble.empty(),
            figure("nvmlDeviceGetClockInfo", device, SM_CLOCK, arena),
            figure("nvmlDeviceGetTemperature", device, TEMPERATURE_OF_GPU, arena)));
  }

  private OptionalInt figure(String function, MemorySegment device, Arena arena) {
    MemorySegment value = arena.allocate(JAVA_INT);
    return call(function, DEVICE_POINTER, device, value) == SUCCESS
        ? OptionalInt.of(value.get(JAVA_INT, 0))
        : OptionalInt.empty();
  }

  private OptionalInt figure(String function, MemorySegment device, int kind, Arena arena) {
    MemorySegment value = arena.allocate(JAVA_INT);
    return call(function, DEVICE_INT_POINTER, device, kind, value) == SUCCESS
        ? OptionalInt.of(value.get(JAVA_INT, 0))
        : OptionalInt.empty();
  }

  /** A function that an old library lacks answers like one that does not know. */
  private int call(String function, FunctionDescriptor descriptor, Object... arguments) {
    Optional<MemorySegment> symbol = library.find(function);
    if (symbol.isEmpty()) {
      return -1;
    }
    MethodHandle handle = Linker.nativeLinker().downcallHandle(symbol.get(), descriptor);
    try {
      return (int) handle.invokeWithArguments(arguments);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall has no checked exceptions", e);
    }
  }
}
