package io.mgnm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Readings from a management library of two GPUs, one of which knows less. */
class NvmlTest {
  private static final String LIBRARY =
      """
      typedef struct { unsigned long long total, free, used; } memory;
      static int gpus[2];
      int nvmlInit_v2(void) { return 0; }
      int nvmlShutdown(void) { return 0; }
      int nvmlDeviceGetCount_v2(unsigned* count) { *count = 3; return 0; }
      int nvmlDeviceGetHandleByIndex_v2(unsigned index, int** device) {
        if (index == 1) return 4; /* no permission */
        *device = &gpus[index == 2];
        return 0;
      }
      int nvmlDeviceGetName(int* device, char* name, unsigned length) {
        const char* text = device == gpus ? "Full GPU" : "Old GPU";
        for (unsigned i = 0; i < length; i++) { name[i] = text[i]; if (!text[i]) break; }
        return 0;
      }
      int nvmlDeviceGetMemoryInfo(int* device, memory* m) {
        m->total = 1000; m->free = 600; m->used = 400;
        return device == gpus ? 0 : 3;
      }
      int nvmlDeviceGetPowerUsage(int* device, unsigned* milliwatts) {
        *milliwatts = 351500;
        return device == gpus ? 0 : 3;
      }
      int nvmlDeviceGetClockInfo(int* device, int kind, unsigned* megahertz) {
        *megahertz = kind == 1 ? 1755 : 1;
        return device == gpus ? 0 : 3;
      }
      """; // and no nvmlDeviceGetTemperature

  /** Runs in another JVM, since a loaded library stays. */
  static final class Print {
    public static void main(String[] arguments) {
      System.out.println(Nvml.unavailable() + " " + Nvml.read());
    }
  }

  @Test
  void readsWhatThereIsAndLeavesOutTheRest(@TempDir Path folder)
      throws IOException, InterruptedException {
    Path source = Files.writeString(folder.resolve("nvml.c"), LIBRARY);
    Path library = folder.resolve("libstub.so");
    assertThat(compile(source, library)).isZero();
    String printed =
        OtherJvm.output(OtherJvm.start(Print.class, List.of("-D" + Nvml.PROPERTY + "=" + library)));
    assertThat(printed)
        .contains("Optional.empty [")
        .contains(
            "Reading[name=Full GPU, memoryUsedBytes=OptionalLong[400],"
                + " memoryTotalBytes=OptionalLong[1000], powerWatts=OptionalDouble[351.5],"
                + " smClockMegahertz=OptionalInt[1755], temperatureCelsius=OptionalInt.empty]")
        .contains(
            "Reading[name=Old GPU, memoryUsedBytes=OptionalLong.empty,"
                + " memoryTotalBytes=OptionalLong.empty, powerWatts=OptionalDouble.empty,"
                + " smClockMegahertz=OptionalInt.empty, temperatureCelsius=OptionalInt.empty]");
  }

  private static int compile(Path source, Path library) throws InterruptedException {
    try {
      return new ProcessBuilder(
              "cc", "-shared", "-fPIC", "-o", library.toString(), source.toString())
          .inheritIO()
          .start()
          .waitFor();
    } catch (IOException e) {
      assumeThat(e).as("a C compiler").isNull();
      throw new AssertionError(e);
    }
  }

  @Test
  void anAbsentLibraryIsSaidInTheLoadersWords() throws IOException {
    String printed =
        OtherJvm.output(
            OtherJvm.start(Print.class, List.of("-D" + Nvml.PROPERTY + "=/no/such/library")));
    assertThat(printed)
        .contains("Optional[/no/such/library: cannot open shared object file")
        .contains("] []");
  }
}
