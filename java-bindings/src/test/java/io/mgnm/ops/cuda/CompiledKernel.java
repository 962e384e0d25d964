package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.cuda.CompileTarget;
import io.mgnm.cuda.ComputeCapability;
import io.mgnm.cuda.KernelCompiler;
import io.mgnm.cuda.KernelResources;
import io.mgnm.cuda.KernelSource;
import io.mgnm.kernels.KernelCatalogue;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a kernel needs of a multiprocessor, by the compiler's word, for real machine code. */
final class CompiledKernel {
  static final int[] CAPABILITIES = {75, 86, 90, 120};

  private CompiledKernel() {}

  /**
   * Compiles a stem for several architectures; none of the kernels may spill or use a stack.
   *
   * @param constants as for {@link CudaBackend#kernel}
   * @param registers the most that each kernel may use, by its name
   */
  static void staysWithin(
      String stem, Map<String, Integer> constants, Map<String, Integer> registers) {
    staysWithin(stem, constants, registers, CAPABILITIES);
  }

  /**
   * The same for some architectures, where a stem takes long to compile.
   *
   * @param capabilities as numbers, 90 for 9.0
   */
  static void staysWithin(
      String stem,
      Map<String, Integer> constants,
      Map<String, Integer> registers,
      int... capabilities) {
    KernelSource source =
        new KernelSource(
            KernelCatalogue.fileName(stem),
            KernelCatalogue.source(stem),
            KernelCatalogue.headers());
    List<String> options =
        constants.entrySet().stream()
            .map(
                e ->
                    "-D%s_%s=%d".formatted(stem.toUpperCase(Locale.ROOT), e.getKey(), e.getValue()))
            .sorted()
            .toList();
    for (int number : capabilities) {
      CompileTarget target =
          new CompileTarget(ComputeCapability.ofNumber(number), CompileTarget.Form.CUBIN);
      Map<String, KernelResources> compiled =
          KernelCompiler.withDefaultCache().compile(source, options, target).resources();
      assertThat(compiled).containsOnlyKeys(registers.keySet());
      compiled.forEach(
          (name, kernel) -> {
            String what = "%s for sm_%d with %s: %s".formatted(name, number, options, kernel);
            assertThat(kernel.spillStoreBytes() + kernel.spillLoadBytes() + kernel.stackBytes())
                .as(what)
                .isZero();
            assertThat(kernel.registers()).as(what).isLessThanOrEqualTo(registers.get(name));
          });
    }
  }
}
