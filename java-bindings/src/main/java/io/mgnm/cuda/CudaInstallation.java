package io.mgnm.cuda;

import io.mgnm.cuda.Nvml.Reading;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What of CUDA is on this machine, for people who ask why it does or does not run. */
public final class CudaInstallation {
  private CudaInstallation() {}

  /**
   * One thing that was looked for.
   *
   * @param what it is
   * @param found whether it is there and can be used
   * @param detail where it was looked for, and what was found, in the loader's own words
   */
  public record Part(String what, boolean found, String detail) {}

  /** Looks for everything that CUDA needs, and for what is good to have. Never throws for want. */
  public static List<Part> inspect() {
    List<Part> parts = new ArrayList<>();
    Optional<String> noDriver = CudaDriver.unavailable();
    parts.add(
        new Part(
            "driver and device",
            noDriver.isEmpty(),
            noDriver.orElseGet(() -> "CUDA " + CudaDriver.version())));
    if (noDriver.isEmpty()) {
      CudaDriver.devices().forEach(device -> parts.add(device(device)));
    }
    Optional<String> noCompiler = KernelCompiler.unavailable();
    NvrtcLibrary.looked().forEach(place -> parts.add(place(place)));
    parts.add(
        new Part(
            "compiler",
            noCompiler.isEmpty(),
            noCompiler.orElseGet(() -> "NVRTC " + KernelCompiler.withDefaultCache().version())));
    parts.add(cache());
    Optional<String> noNvml = Nvml.unavailable();
    parts.add(
        new Part(
            "NVML", noNvml.isEmpty(), noNvml.orElseGet(Nvml::libraryName) + " (for figures only)"));
    Nvml.read().forEach(reading -> parts.add(new Part("GPU now", true, text(reading))));
    return parts;
  }

  private static Part device(CudaDevice device) {
    return new Part(
        "device",
        true,
        "%s, %d SMs, %d MiB, up to %d KB of shared memory a block"
            .formatted(
                device,
                device.multiprocessors(),
                device.memoryBytes() >> 20,
                device.sharedBytesPerBlockOptIn() >> 10));
  }

  private static Part place(String place) {
    return new Part("compiler looked for", place.endsWith(": found"), place);
  }

  private static Part cache() {
    Path folder = CacheFolder.path();
    Path existing = folder;
    while (existing != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    boolean writable = existing != null && Files.isWritable(existing);
    return new Part(
        "kernel cache",
        writable,
        writable
            ? folder.toString()
            : folder + " cannot be written; choose another with -Dmgnm.cache=FOLDER");
  }

  private static String text(Reading reading) {
    StringBuilder text = new StringBuilder(reading.name());
    reading
        .memoryUsedBytes()
        .ifPresent(used -> text.append(", ").append(used >> 20).append(" MiB used"));
    reading.memoryTotalBytes().ifPresent(all -> text.append(" of ").append(all >> 20));
    reading.powerWatts().ifPresent(watts -> text.append(", ").append(watts).append(" W"));
    reading.smClockMegahertz().ifPresent(clock -> text.append(", ").append(clock).append(" MHz"));
    reading.temperatureCelsius().ifPresent(t -> text.append(", ").append(t).append(" °C"));
    return text.toString();
  }
}
