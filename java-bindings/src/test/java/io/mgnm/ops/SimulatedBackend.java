package io.mgnm.ops;

import io.mgnm.ops.cuda.CudaBackend;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.driver.MachineOptions;
import io.mgnm.simulator.jcuda.SimulatedLibraries;
import io.mgnm.simulator.natives.NativesUnsupportedException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.opentest4j.TestAbortedException;

/**
 * The CUDA backend on a simulated device of its own. Closing it closes the device as well, and
 * fails where the device found anything wrong, down to memory that was not given back.
 */
final class SimulatedBackend {
  private final Machine machine;
  private final CudaBackend backend;
  private final String description;
  private boolean closed;

  private SimulatedBackend(MachineOptions options) {
    machine = install(options);
    try {
      backend = (CudaBackend) Backends.open("cuda", new BackendOptions(1));
    } catch (RuntimeException | Error e) {
      machine.close();
      throw e;
    }
    description = "cuda, simulated %s, %s".formatted(options.capability(), options.order());
  }

  /**
   * @throws TestAbortedException where there is no simulated device, unless the property {@code
   *     simulated.cuda.required} is set
   */
  static Backend open(MachineOptions options) {
    SimulatedBackend simulated = new SimulatedBackend(options);
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, simulated::call);
  }

  private static Machine install(MachineOptions options) {
    try {
      return SimulatedLibraries.install(options);
    } catch (NativesUnsupportedException e) {
      if (Boolean.getBoolean("simulated.cuda.required")) {
        throw e;
      }
      throw new TestAbortedException("no simulated CUDA device: " + e.getMessage(), e);
    }
  }

  private Object call(Object proxy, Method method, Object[] arguments) throws Throwable {
    switch (method.getName()) {
      case "close" -> {
        close();
        return null;
      }
      case "toString" -> {
        return description;
      }
      default -> {
        try {
          return method.invoke(backend, arguments);
        } catch (InvocationTargetException e) {
          throw e.getCause();
        }
      }
    }
  }

  private void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (machine) {
      backend.close();
    }
    if (!backend.context().leaks().isEmpty()) {
      throw new AssertionError(description + ": leaks " + backend.context().leaks());
    }
    if (!machine.findings().isEmpty()) {
      throw new AssertionError(description + " found:\n" + machine.findings());
    }
  }
}
