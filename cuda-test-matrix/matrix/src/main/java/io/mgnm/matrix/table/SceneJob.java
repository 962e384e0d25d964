package io.mgnm.matrix.table;

import io.mgnm.cuda.CompileTarget;
import io.mgnm.cuda.ComputeCapability;
import io.mgnm.cuda.CudaException;
import io.mgnm.cuda.KernelBuilder;
import io.mgnm.cuda.KernelCompiler;
import io.mgnm.cuda.KernelImage;
import io.mgnm.cuda.KernelResources;
import io.mgnm.cuda.KernelSource;
import io.mgnm.matrix.table.Scene.Act;
import io.mgnm.matrix.work.Job;
import io.mgnm.matrix.work.OpenTarget;
import io.mgnm.matrix.work.Target;
import io.mgnm.ops.cuda.CudaBackend;
import io.mgnm.ops.parity.Subject;
import io.mgnm.simulator.count.Estimate;
import io.mgnm.simulator.count.Gpu;
import io.mgnm.simulator.count.Occupancy;
import io.mgnm.simulator.exec.LaunchReport;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Plays the scene of a stem on a simulated H100 and counts. */
record SceneJob(String stem) implements Job {
  private static final int SECTOR = 32;
  private static final long SEED = 11;

  /** Far above the rounding of either, far below any mistake. */
  private static final double CLOSE = 1e-3;

  /** A worker died over it, or the two ways do not give the same. */
  record Failed(String why) implements Report {}

  @Override
  public void run(Consumer<Report> reports) {
    Resources resources = new Resources();
    try (OpenTarget open =
        OpenTarget.open(
            Target.simulated("9.0", "ascending"),
            resources,
            options -> options.withMultiprocessors(0))) {
      try {
        play(open, resources, reports);
      } catch (CudaException e) {
        throw new IllegalStateException(stem + ": the device found " + open.findings(), e);
      }
    }
  }

  private void play(OpenTarget open, Resources resources, Consumer<Report> reports) {
    CudaBackend backend = (CudaBackend) open.backend();
    try (Eager eager = new Eager(backend.context(), resources);
        Subject subject = new Subject(backend, SEED)) {
      for (Act act : Scenes.of(stem).acts(new Stage(subject, eager, Stage.HISTORIES))) {
        backend.context().synchronize();
        open.launches();
        act.fused().run();
        backend.context().synchronize();
        Cost fused = cost(open.launches(), resources);
        List<float[]> expected = act.results().get();
        Cost unfused = null;
        if (act.unfused() != null) {
          List<float[]> came = act.unfused().get();
          backend.context().synchronize();
          unfused = cost(open.launches(), resources);
          compare(act.direction(), expected, came, reports);
        }
        long least = act.moved() + fused.blocks() * act.weights();
        reports.accept(new TableRow(stem, act.direction(), least, fused, unfused));
      }
    }
  }

  private void compare(
      String direction, List<float[]> expected, List<float[]> came, Consumer<Report> reports) {
    for (int i = 0; i < came.size(); i++) {
      float[] one = expected.get(i);
      float[] other = came.get(i);
      double largest = 0;
      double error = one.length == other.length ? 0 : Double.NaN;
      for (int k = 0; k < Math.min(one.length, other.length); k++) {
        largest = Math.max(largest, Math.abs(one[k]));
        error = Math.max(error, Math.abs((double) one[k] - other[k]));
      }
      if (!(error <= CLOSE * largest)) {
        reports.accept(
            new Failed(
                "%s %s, result %d: unfused differs by %.3g, largest %.3g"
                    .formatted(stem, direction, i, error, largest)));
      }
    }
  }

  private static Cost cost(List<LaunchReport> launches, Resources resources) {
    long bytes = 0;
    long instructions = 0;
    double seconds = 0;
    double longest = 0;
    long blocks = 0;
    double occupancy = 0;
    String boundBy = "";
    for (LaunchReport launch : launches) {
      KernelResources kernel = resources.of(launch.kernel());
      Occupancy held =
          Occupancy.of(
              Gpu.H100,
              launch.threads(),
              kernel.registers(),
              kernel.sharedBytes() + launch.dynamicShared());
      Estimate estimate = Estimate.of(launch.counters(), 1, launch.blocks(), held, Gpu.H100);
      bytes += (launch.counters().loadSectors() + launch.counters().storeSectors()) * SECTOR;
      instructions += launch.counters().warpInstructionsTotal();
      seconds += estimate.seconds();
      if (estimate.seconds() > longest) {
        longest = estimate.seconds();
        blocks = launch.blocks();
        occupancy = held.fraction();
        boundBy = estimate.boundBy();
      }
    }
    return new Cost(launches.size(), bytes, instructions, occupancy, boundBy, seconds, blocks);
  }

  @Override
  public void died(String why, Consumer<Report> reports) {
    reports.accept(new Failed(stem + ": " + why));
  }

  /** Compiles for the simulated device and, for the registers, for the real one. */
  private static final class Resources implements KernelBuilder {
    private static final CompileTarget H100 =
        new CompileTarget(new ComputeCapability(9, 0), CompileTarget.Form.CUBIN);

    private final KernelCompiler compiler = KernelCompiler.withDefaultCache();
    private final Map<String, KernelResources> kernels = new HashMap<>();

    @Override
    public String version() {
      return compiler.version();
    }

    @Override
    public KernelImage compile(KernelSource source, List<String> options, CompileTarget target) {
      compiler
          .compile(source, options, H100)
          .resources()
          .forEach((name, own) -> kernels.merge(name, own, Resources::larger));
      return compiler.compile(source, options, target);
    }

    private static KernelResources larger(KernelResources one, KernelResources other) {
      return one.registers() >= other.registers() ? one : other;
    }

    KernelResources of(String kernel) {
      return kernels.get(kernel);
    }
  }
}
