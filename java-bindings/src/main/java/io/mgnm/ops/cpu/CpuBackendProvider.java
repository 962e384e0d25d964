package io.mgnm.ops.cpu;

import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.BackendProvider;
import io.mgnm.ops.BackendUnavailableException;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/** The CPU runs everywhere, if the JVM was started with the Vector API. */
public final class CpuBackendProvider implements BackendProvider {
  private static final String MODULE = "jdk.incubator.vector";

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public int priority() {
    return 0;
  }

  @Override
  public Availability availability() {
    // Asked of the module layer, so that no class that needs the Vector API is loaded without it.
    return ModuleLayer.boot().findModule(MODULE).isPresent()
        ? new Availability(true, "Vector API present")
        : new Availability(
            false, "the JVM lacks the Vector API: start java with --add-modules " + MODULE);
  }

  @Override
  public List<Finding> describe() {
    Availability availability = availability();
    int processors = Runtime.getRuntime().availableProcessors();
    Finding cores = new Finding("processors", true, processors + ", a worker thread for each");
    return availability.available()
        ? List.of(cores, new Finding("Vector API", true, Widths.preferred()))
        : List.of(cores, new Finding("Vector API", false, availability.detail()));
  }

  /** Apart, so that it is loaded only where the module is. */
  private static final class Widths {
    static String preferred() {
      return FloatVector.SPECIES_PREFERRED.vectorBitSize() + "-bit vectors";
    }
  }

  @Override
  public Backend open(BackendOptions options) {
    Availability availability = availability();
    if (!availability.available()) {
      throw new BackendUnavailableException(availability.detail());
    }
    return new CpuBackend(options);
  }
}
