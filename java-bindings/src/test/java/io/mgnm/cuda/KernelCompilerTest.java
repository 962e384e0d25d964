package io.mgnm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** NVRTC and the cache of what it made; needs no device. */
class KernelCompilerTest {
  private static final CompileTarget PTX =
      new CompileTarget(new ComputeCapability(9, 0), CompileTarget.Form.PTX);
  private static final CompileTarget CUBIN =
      new CompileTarget(new ComputeCapability(9, 0), CompileTarget.Form.CUBIN);

  @TempDir Path folder;

  @BeforeEach
  void needsTheCompiler() {
    boolean mustBeThere = SharedLibraries.isLinux() && SharedLibraries.isX86();
    if (!mustBeThere) {
      assumeThat(KernelCompiler.unavailable()).isEmpty();
    }
  }

  private List<Path> entries() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  @Test
  void makesPtxAndMachineCode() {
    KernelCompiler compiler = new KernelCompiler(folder);
    KernelImage ptx = compiler.compile(Axpy.SOURCE, List.of(), PTX);
    assertThat(new String(ptx.code(), StandardCharsets.UTF_8))
        .contains(".target sm_90", ".visible .entry axpy(");
    assertThat(ptx.resources()).isEmpty();
    KernelImage cubin = compiler.compile(Axpy.SOURCE, List.of(), CUBIN);
    assertThat(cubin.code()).startsWith(0x7f, 'E', 'L', 'F');
    assertThat(cubin.resources()).containsOnlyKeys("axpy", "stray", "reverse");
    assertThat(cubin.resources().get("axpy"))
        .satisfies(
            axpy -> {
              assertThat(axpy.registers()).isBetween(4, 32);
              assertThat(axpy.spillStoreBytes()).isZero();
              assertThat(axpy.stackBytes()).isZero();
            });
  }

  @Test
  void seesSpillsAndStaticShared() {
    String text =
        """
        extern "C" __global__ void __launch_bounds__(1024) greedy(float* x) {
          __shared__ float held[100];
          float v[96];
          for (int i = 0; i < 96; ++i) v[i] = x[i * 1024 + threadIdx.x];
          held[threadIdx.x % 100] = v[0];
          __syncthreads();
          for (int r = 0; r < 3; ++r)
            for (int i = 0; i < 96; ++i) v[i] = v[i] * v[(i + 7) % 96] + held[i];
          for (int i = 0; i < 96; ++i) x[i * 1024 + threadIdx.x] = v[i];
        }
        """;
    KernelSource source = new KernelSource("greedy.cu", text, Map.of());
    KernelResources greedy =
        new KernelCompiler(folder).compile(source, List.of(), CUBIN).resources().get("greedy");
    assertThat(greedy.registers()).isEqualTo(64); // 65536 registers for 1024 threads
    assertThat(greedy.spillStoreBytes()).isPositive();
    assertThat(greedy.spillLoadBytes()).isPositive();
    assertThat(greedy.sharedBytes()).isEqualTo(400);
  }

  @Test
  void errorsShowTheLine() {
    KernelSource wrong =
        new KernelSource("wrong.cu", "__global__ void k(int* x) {\n  *x = missing;\n}", Map.of());
    assertThatThrownBy(() -> new KernelCompiler(folder).compile(wrong, List.of("-DN=3"), PTX))
        .isInstanceOf(KernelCompileException.class)
        .hasMessageContaining("wrong.cu does not compile with NVRTC")
        .hasMessageContaining("-DN=3")
        .hasMessageContaining("wrong.cu(2): error: identifier \"missing\" is undefined")
        .hasMessageContaining("*x = missing;");
  }

  @Test
  void aWrongOptionIsNamed() {
    assertThatThrownBy(
            () -> new KernelCompiler(folder).compile(Axpy.SOURCE, List.of("--fasst"), PTX))
        .isInstanceOf(CudaException.class)
        .hasMessageContaining("NVRTC_ERROR_INVALID_OPTION")
        .hasMessageContaining("--fasst");
  }

  @Test
  void keepsWhatItMade() throws IOException {
    KernelImage first = new KernelCompiler(folder).compile(Axpy.SOURCE, List.of("-DA=1"), CUBIN);
    KernelImage again = new KernelCompiler(folder).compile(Axpy.SOURCE, List.of("-DA=1"), CUBIN);
    assertThat(first.cached()).isFalse();
    assertThat(again.cached()).isTrue();
    assertThat(again.code()).isEqualTo(first.code());
    assertThat(again.log()).isEqualTo(first.log());
    assertThat(again.resources()).isEqualTo(first.resources());
    assertThat(entries()).hasSize(1);
  }

  @Test
  void everythingThatDecidesTheResultIsPartOfTheName() throws IOException {
    KernelCompiler compiler = new KernelCompiler(folder);
    String uses = "#include \"h.cuh\"\n__global__ void k(int* x) { *x = VALUE; }";
    Map<String, String> one = Map.of("h.cuh", "#define VALUE 1");
    Map<String, String> two = Map.of("h.cuh", "#define VALUE 2");
    CompileTarget older = new CompileTarget(new ComputeCapability(7, 5), CompileTarget.Form.PTX);
    List<KernelImage> images =
        List.of(
            compiler.compile(new KernelSource("k.cu", uses, one), List.of(), PTX),
            compiler.compile(new KernelSource("k.cu", uses, two), List.of(), PTX),
            compiler.compile(new KernelSource("k.cu", uses + " ", one), List.of(), PTX),
            compiler.compile(new KernelSource("other.cu", uses, one), List.of(), PTX),
            compiler.compile(new KernelSource("k.cu", uses, one), List.of("-DX"), PTX),
            compiler.compile(new KernelSource("k.cu", uses, one), List.of(), CUBIN),
            compiler.compile(new KernelSource("k.cu", uses, one), List.of(), older));
    assertThat(images).noneMatch(KernelImage::cached);
    assertThat(entries()).hasSize(images.size());
  }

  @Test
  void aDamagedEntryIsMadeAgain() throws IOException {
    byte[] good = new KernelCompiler(folder).compile(Axpy.SOURCE, List.of(), PTX).code();
    Path entry = entries().getFirst();
    byte[] whole = Files.readAllBytes(entry);
    List<byte[]> damaged = new ArrayList<>(List.of(new byte[0], new byte[] {1, 2, 3}));
    damaged.add(java.util.Arrays.copyOf(whole, whole.length / 2));
    for (int at : new int[] {0, 33, whole.length / 2, whole.length - 1}) {
      byte[] flipped = whole.clone();
      flipped[at] ^= 4;
      damaged.add(flipped);
    }
    for (byte[] bytes : damaged) {
      Files.write(entry, bytes);
      KernelImage image = new KernelCompiler(folder).compile(Axpy.SOURCE, List.of(), PTX);
      assertThat(image.cached()).isFalse();
      assertThat(image.code()).isEqualTo(good);
      assertThat(Files.readAllBytes(entry)).isEqualTo(whole);
    }
  }

  @Test
  void aFolderThatCannotBeWrittenCostsTimeOnly() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    KernelCompiler compiler = new KernelCompiler(file.resolve("no-folder"));
    assertThat(compiler.compile(Axpy.SOURCE, List.of(), PTX).bytes()).isPositive();
    assertThat(compiler.compile(Axpy.SOURCE, List.of(), PTX).cached()).isFalse();
  }

  @Test
  void processesShareTheFolder() throws Exception {
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      processes.add(OtherJvm.start(CompileRepeatedly.class, List.of(), folder.toString(), "" + i));
    }
    for (Process process : processes) {
      String output = OtherJvm.output(process);
      assertThat(process.waitFor()).as(output).isZero();
      assertThat(output).contains("agreed");
    }
    assertThat(entries()).hasSize(CompileRepeatedly.SOURCES); // and no temporary files
  }

  /** Runs in other JVMs: all make, read and damage the same entries at the same time. */
  static final class CompileRepeatedly {
    static final int SOURCES = 4;

    public static void main(String[] arguments) throws IOException {
      Path folder = Path.of(arguments[0]);
      byte[][] first = new byte[SOURCES][];
      for (int round = 0; round < 6; round++) {
        for (int i = 0; i < SOURCES; i++) {
          String text = "extern \"C\" __global__ void k(int* x) { *x = %d; }".formatted(i);
          byte[] code =
              new KernelCompiler(folder)
                  .compile(new KernelSource("k.cu", text, Map.of()), List.of(), PTX)
                  .code();
          if (first[i] != null && !java.util.Arrays.equals(first[i], code)) {
            throw new AssertionError("source " + i + " changed in round " + round);
          }
          first[i] = code;
        }
        if (arguments[1].equals("0") && round < 5) { // one process damages what all use
          try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".kernel")).toList()) {
              Files.write(file, new byte[] {1});
            }
          }
        }
      }
      System.out.println("agreed");
    }
  }

  @Test
  void aMissingLibraryIsSaidInTheLoadersWords() throws Exception {
    Process process =
        OtherJvm.start(AskForCompiler.class, List.of("-Dmgnm.nvrtc=" + folder.resolve("none")));
    assertThat(OtherJvm.output(process))
        .contains("no compiler library: ")
        .contains("none/libnvrtc.so.12: cannot open shared object file")
        .contains("-Dmgnm.nvrtc=FOLDER");
  }

  /** Runs in another JVM. */
  static final class AskForCompiler {
    public static void main(String[] arguments) {
      System.out.println(KernelCompiler.unavailable().orElse("there is one"));
    }
  }
}
