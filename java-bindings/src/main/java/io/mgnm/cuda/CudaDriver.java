package io.mgnm.cuda;

import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import jcuda.driver.CUdevice;
import jcuda.driver.JCudaDriver;

/** NVIDIA's driver on this machine, and the devices it knows. */
public final class CudaDriver {
  /** Devices older than this are not tested, and lack what kernels may use. */
  public static final ComputeCapability OLDEST = new ComputeCapability(7, 5);

  /** CUBINs of a CUDA 12 compiler run on every driver of CUDA 12 or newer. */
  private static final int OLDEST_DRIVER = 12_000;

  private static final String REMEDY = "; install NVIDIA's driver, 525 or newer";
  private static final int NAME_BYTES = 256;

  private CudaDriver() {}

  /**
   * Why CUDA cannot be used on this machine, with the loader's or driver's own words and a remedy;
   * empty where it can. Never throws for want of driver, device or natives.
   */
  public static synchronized Optional<String> unavailable() {
    if (!SharedLibraries.isX86() || !(SharedLibraries.isLinux() || SharedLibraries.isWindows())) {
      return Optional.of(
          "JCuda has natives for Linux and Windows on x86-64 only, this is %s on %s"
              .formatted(System.getProperty("os.name"), System.getProperty("os.arch")));
    }
    // Before JCuda's class is touched: one failure there would spoil it for the whole process.
    Optional<String> missing =
        SharedLibraries.load(SharedLibraries.isLinux() ? "libcuda.so.1" : "nvcuda.dll");
    if (missing.isPresent()) {
      return Optional.of("no driver library: " + missing.get() + REMEDY);
    }
    withOwnTemporaryFolder("jcuda.driver.JCudaDriver");
    return withoutDevice();
  }

  private static Optional<String> withoutDevice() {
    int code = JCudaDriver.cuInit(0);
    if (code != 0) {
      return Optional.of("the driver has no usable device: cuInit returned " + Driver.text(code));
    }
    int[] version = {0};
    Driver.check("cuDriverGetVersion", JCudaDriver.cuDriverGetVersion(version));
    if (version[0] < OLDEST_DRIVER) {
      return Optional.of(
          "the driver is for CUDA %s, older than 12.0%s".formatted(text(version[0]), REMEDY));
    }
    List<CudaDevice> devices = query();
    if (devices.stream().noneMatch(CudaDriver::usable)) {
      return Optional.of(
          devices.isEmpty()
              ? "the driver lists no device; see CUDA_VISIBLE_DEVICES"
              : "no device of compute capability " + OLDEST + " or newer among " + devices);
    }
    return Optional.empty();
  }

  /**
   * The devices that can be used, in the driver's order.
   *
   * @throws IllegalStateException where {@link #unavailable} says why there are none
   */
  public static List<CudaDevice> devices() {
    unavailable()
        .ifPresent(
            reason -> {
              throw new IllegalStateException("CUDA cannot be used here: " + reason);
            });
    return query().stream().filter(CudaDriver::usable).toList();
  }

  /** The newest CUDA that the driver knows, such as 12.6. */
  static String version() {
    int[] version = {0};
    Driver.check("cuDriverGetVersion", JCudaDriver.cuDriverGetVersion(version));
    return text(version[0]);
  }

  private static String text(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  private static boolean usable(CudaDevice device) {
    return device.capability().compareTo(OLDEST) >= 0;
  }

  private static List<CudaDevice> query() {
    int[] count = {0};
    Driver.check("cuDeviceGetCount", JCudaDriver.cuDeviceGetCount(count));
    List<CudaDevice> devices = new ArrayList<>();
    for (int ordinal = 0; ordinal < count[0]; ordinal++) {
      devices.add(query(ordinal));
    }
    return devices;
  }

  /** The driver's handle of a device. */
  static CUdevice handle(int ordinal) {
    CUdevice device = new CUdevice();
    Driver.check("cuDeviceGet", JCudaDriver.cuDeviceGet(device, ordinal), "device ", ordinal);
    return device;
  }

  private static CudaDevice query(int ordinal) {
    CUdevice device = handle(ordinal);
    byte[] name = new byte[NAME_BYTES];
    Driver.check("cuDeviceGetName", JCudaDriver.cuDeviceGetName(name, name.length, device));
    int[] major = {0};
    int[] minor = {0};
    Driver.check(
        "cuDeviceComputeCapability", JCudaDriver.cuDeviceComputeCapability(major, minor, device));
    long[] memory = {0};
    Driver.check("cuDeviceTotalMem", JCudaDriver.cuDeviceTotalMem(memory, device));
    return new CudaDevice(
        ordinal,
        new String(name, StandardCharsets.UTF_8).split("\0", 2)[0],
        new ComputeCapability(major[0], minor[0]),
        attribute(device, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
        memory[0],
        attribute(device, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK),
        attribute(device, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK),
        attribute(device, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
        attribute(device, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR));
  }

  private static int attribute(CUdevice device, int attribute) {
    int[] value = {0};
    Driver.check(
        "cuDeviceGetAttribute",
        JCudaDriver.cuDeviceGetAttribute(value, attribute, device),
        "attribute ",
        attribute);
    return value[0];
  }

  /**
   * Initialises a class of JCuda. It unpacks its native to a fixed name in {@code java.io.tmpdir},
   * where processes that start together would spoil each other's file, so it gets a folder that is
   * this process's own.
   *
   * @throws LinkageError where the native cannot be loaded though what it needs is there: broken
   *     packaging, not a machine without CUDA
   */
  static synchronized void withOwnTemporaryFolder(String className) {
    String shared = System.getProperty("java.io.tmpdir");
    try {
      Path own = Files.createTempDirectory("mgnm-jcuda");
      System.setProperty("java.io.tmpdir", own.toString());
      try {
        Class.forName(className);
      } finally {
        System.setProperty("java.io.tmpdir", shared);
        deleteWhatCanBe(own);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot unpack JCuda's native", e);
    } catch (ClassNotFoundException e) {
      throw new LinkageError("JCuda is not on the class path", e);
    }
  }

  /** A loaded library outlives its file; Windows keeps such a file until the process ends. */
  private static void deleteWhatCanBe(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> all = files.sorted().toList();
      if (SharedLibraries.isWindows()) {
        all.forEach(file -> file.toFile().deleteOnExit()); // the last named goes first
        return;
      }
      for (Path file : all.reversed()) {
        Files.delete(file);
      }
    }
  }
}
