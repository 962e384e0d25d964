package io.mgnm.matrix.budget;

import io.mgnm.cuda.CompileTarget;
import io.mgnm.cuda.ComputeCapability;
import io.mgnm.cuda.KernelCompiler;
import io.mgnm.cuda.KernelResources;
import io.mgnm.cuda.KernelSource;
import io.mgnm.kernels.KernelCatalogue;
import io.mgnm.matrix.work.Job;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Compiles a stem to machine code of some architectures and reports what the assembler says. */
record CompileJob(String stem, String constants, List<Integer> architectures) implements Job {

  /** What the kernels of a source take on an architecture. */
  record Compiled(
      String stem, String constants, int architecture, Map<String, KernelResources> kernels)
      implements Report {}

  /** How the options begin that set a stem's constants. */
  static String prefix(String stem) {
    return "-D" + stem.toUpperCase(Locale.ROOT) + "_";
  }

  @Override
  public void run(Consumer<Report> reports) {
    KernelCompiler compiler = KernelCompiler.withDefaultCache();
    KernelSource source =
        new KernelSource(
            KernelCatalogue.fileName(stem),
            KernelCatalogue.source(stem),
            KernelCatalogue.headers());
    List<String> options =
        Stream.of(constants.split(" "))
            .filter(constant -> !constant.isEmpty())
            .map(constant -> prefix(stem) + constant)
            .toList();
    for (int architecture : architectures) {
      CompileTarget target =
          new CompileTarget(ComputeCapability.ofNumber(architecture), CompileTarget.Form.CUBIN);
      Map<String, KernelResources> kernels = compiler.compile(source, options, target).resources();
      reports.accept(new Compiled(stem, constants, architecture, kernels));
    }
  }

  @Override
  public void died(String why, Consumer<Report> reports) {
    reports.accept(new ProbeJob.Died(stem + " " + constants + ": " + why));
  }
}
