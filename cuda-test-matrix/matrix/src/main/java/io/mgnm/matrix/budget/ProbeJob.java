package io.mgnm.matrix.budget;

import io.mgnm.cuda.CompileTarget;
import io.mgnm.cuda.KernelBuilder;
import io.mgnm.cuda.KernelCompiler;
import io.mgnm.cuda.KernelImage;
import io.mgnm.cuda.KernelSource;
import io.mgnm.kernels.KernelCatalogue;
import io.mgnm.matrix.rows.Row;
import io.mgnm.matrix.rows.Rows;
import io.mgnm.matrix.rows.Shape;
import io.mgnm.matrix.work.Job;
import io.mgnm.matrix.work.OpenTarget;
import io.mgnm.matrix.work.Target;
import io.mgnm.ops.parity.Subject;
import io.mgnm.simulator.exec.LaunchReport;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Runs a row at a shape on every generation, to learn with which constants its kernels are compiled
 * there and how much dynamic shared memory they ask for.
 */
record ProbeJob(String stem, Shape shape) implements Job {

  /**
   * What a launcher asked for.
   *
   * @param architecture of the device, such as 75
   * @param constants sets of constants that the stem was compiled with
   * @param dynamicShared bytes by kernel, at most
   */
  record Probe(
      String stem, int architecture, Set<String> constants, Map<String, Integer> dynamicShared)
      implements Report {}

  /** A worker died over it. */
  record Died(String why) implements Report {}

  @Override
  public void run(Consumer<Report> reports) {
    Row row = Rows.of(stem);
    for (String capability : Target.CAPABILITIES) {
      Recorder recorder = new Recorder(stem);
      Map<String, Integer> dynamicShared = new TreeMap<>();
      Target target = Target.simulated(capability, "ascending");
      try (OpenTarget open =
          OpenTarget.open(
              target,
              recorder,
              o ->
                  o.withMultiprocessors(0)
                      .withCounting(false)
                      .withChecks(EnumSet.noneOf(io.mgnm.simulator.exec.Check.class)))) {
        try (Subject subject = new Subject(open.backend(), shape.seed(stem))) {
          row.run(subject, shape);
        }
        for (LaunchReport launch : open.launches()) {
          dynamicShared.merge(launch.kernel(), launch.dynamicShared(), Math::max);
        }
      }
      int architecture = Integer.parseInt(capability.replace(".", ""));
      reports.accept(new Probe(stem, architecture, recorder.asked, dynamicShared));
    }
  }

  @Override
  public void died(String why, Consumer<Report> reports) {
    reports.accept(new Died(stem + " " + shape + ": " + why));
  }

  /** Notes the constants that a stem is compiled with. */
  private static final class Recorder implements KernelBuilder {
    private final KernelCompiler compiler = KernelCompiler.withDefaultCache();
    private final String fileName;
    private final String prefix;
    private final Set<String> asked = new TreeSet<>();

    Recorder(String stem) {
      fileName = KernelCatalogue.fileName(stem);
      prefix = CompileJob.prefix(stem);
    }

    @Override
    public String version() {
      return compiler.version();
    }

    @Override
    public KernelImage compile(KernelSource source, List<String> options, CompileTarget target) {
      if (source.fileName().equals(fileName)) {
        asked.add(String.join(" ", options).replace(prefix, ""));
      }
      return compiler.compile(source, options, target);
    }
  }
}
