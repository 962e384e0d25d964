package io.mgnm.bench.peer;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/** libtorch in this process, with one pool of threads, as many as there are processors. */
public final class Torch {
  private static final String NAME = "PyTorch";

  private Torch() {}

  /** Why libtorch cannot be used here; empty where it can. Loads it. */
  public static Optional<String> missing() {
    System.setProperty("ai.djl.offline", "true"); // what is not on the class path is not fetched
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
    System.setProperty(
        "ai.djl.pytorch.num_threads", "" + Runtime.getRuntime().availableProcessors());
    if (LoggerFactory.getLogger("ai.djl") instanceof Logger logger) {
      logger.setLevel(Level.ERROR); // it warns that there is no GPU
    }
    try {
      if (!Engine.hasEngine(NAME)) {
        return Optional.of("DJL's PyTorch engine is not on the class path");
      }
      Engine.getEngine(NAME);
      return Optional.empty();
    } catch (RuntimeException | LinkageError e) {
      return Optional.of("libtorch does not load: " + e);
    }
  }

  /** What it is, for reports. */
  public static String describe() {
    return "libtorch "
        + Engine.getEngine(NAME).getVersion()
        + " through DJL "
        + Engine.getDjlVersion();
  }

  /**
   * New memory.
   *
   * @throws IllegalStateException where libtorch is not there
   */
  static NDManager manager() {
    missing()
        .ifPresent(
            reason -> {
              throw new IllegalStateException(reason + "; bin/mgnm bench peers brings it");
            });
    return Engine.getEngine(NAME).newBaseManager();
  }

  static GradientCollector collector() {
    return Engine.getEngine(NAME).newGradientCollector();
  }
}
