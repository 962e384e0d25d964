package io.mgnm.simulator.jcuda;

import io.mgnm.simulator.blas.CuBlas;
import io.mgnm.simulator.dnn.CuDnn;
import io.mgnm.simulator.driver.CudaDriver;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.driver.MachineOptions;
import io.mgnm.simulator.natives.NativesUnsupportedException;
import io.mgnm.simulator.natives.StubLoader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The three stub libraries in this process, and JCuda's own natives on top of them. They are loaded
 * once and stay; machines come and go behind them.
 */
public final class SimulatedLibraries {
  /** JCuda's classes that load a native when they are initialised. */
  private static final List<String> JCUDA =
      List.of("jcuda.driver.JCudaDriver", "jcuda.jcublas.JCublas2", "jcuda.jcudnn.JCudnn");

  private static boolean loaded;
  private static String failure;

  private SimulatedLibraries() {}

  /**
   * Loads what is not loaded yet. Must come before anything else touches JCuda's classes.
   *
   * @throws NativesUnsupportedException where the simulated device cannot run, with the reason
   */
  public static synchronized void load() {
    if (failure != null) {
      throw new NativesUnsupportedException(failure);
    }
    if (loaded) {
      return;
    }
    try {
      requirePinning();
      StubLoader.load(CudaDriver.library(), CudaDriver.handler());
      StubLoader.load(CuBlas.library(), CuBlas.handler());
      StubLoader.load(CuDnn.library(), CuDnn.handler());
      loadJCuda();
      loaded = true;
    } catch (NativesUnsupportedException e) {
      failure = e.getMessage();
      throw e;
    }
  }

  /**
   * A machine with all libraries, installed behind the stubs.
   *
   * @throws NativesUnsupportedException where the simulated device cannot run, with the reason
   */
  public static Machine install(MachineOptions options) {
    load();
    Machine machine = new Machine(options);
    CuBlas.provide(machine);
    CuDnn.provide(machine);
    machine.install();
    return machine;
  }

  /**
   * JCuda calls the driver while it holds Java arrays in place (JNI critical sections), and here
   * the driver is Java: a collector that must stop for such a section would wait for ever.
   */
  private static void requirePinning() {
    boolean g1 =
        ManagementFactory.getGarbageCollectorMXBeans().stream()
            .anyMatch(collector -> collector.getName().startsWith("G1"));
    if (!g1) {
      throw new NativesUnsupportedException(
          "the simulated CUDA device needs the G1 collector: start the JVM with -XX:+UseG1GC");
    }
  }

  /**
   * JCuda unpacks its natives to fixed names in {@code java.io.tmpdir}, where processes that start
   * together spoil each other's files: each gets its own folder.
   */
  private static void loadJCuda() {
    String shared = System.getProperty("java.io.tmpdir");
    Path own;
    try {
      own = Files.createTempDirectory("jcuda-natives");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    System.setProperty("java.io.tmpdir", own.toString());
    try {
      for (String name : JCUDA) {
        initialise(name);
      }
    } finally {
      System.setProperty("java.io.tmpdir", shared);
      delete(own);
    }
  }

  private static void initialise(String name) {
    try {
      Class.forName(name);
    } catch (ClassNotFoundException e) {
      // The project under test does not use this library.
    } catch (LinkageError e) {
      throw new NativesUnsupportedException(name + " cannot load its native: " + e, e);
    }
  }

  /** Loaded libraries outlive their files. */
  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
