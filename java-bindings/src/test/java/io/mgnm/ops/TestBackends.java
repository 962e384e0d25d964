package io.mgnm.ops;

import io.mgnm.kernels.KernelCatalogue;
import io.mgnm.simulator.driver.MachineOptions;
import io.mgnm.simulator.exec.Order;
import java.util.List;
import java.util.stream.Stream;

/** The backends that every parity test runs on. */
public final class TestBackends {
  private static final List<Order> ORDERS =
      List.of(Order.ascending(), Order.descending(), Order.random(1), Order.random(2));

  private TestBackends() {}

  /** Each candidate, opened by name, so that a test cannot run on another by accident. */
  public static Stream<Backend> candidates() {
    return Stream.of("cpu").map(TestBackends::open);
  }

  /**
   * The CPU, and CUDA on simulated devices of three generations, each in another order of blocks,
   * warps and lanes. The matrix runs the full product.
   *
   * @param stem of the operation under test, which must have a kernel
   */
  public static Stream<Backend> candidatesWithCuda(String stem) {
    requireKernel(stem);
    return Stream.concat(candidates(), cuda());
  }

  /** The simulated devices of {@link #candidatesWithCuda} alone. */
  static Stream<Backend> cuda() {
    return Stream.of(
            simulated("7.5", Order.ascending()),
            simulated("8.6", Order.descending()),
            simulated("9.0", Order.random(1)))
        .map(SimulatedBackend::open);
  }

  /** The CPU, and CUDA on simulated devices of every generation in every order. */
  public static Stream<Backend> candidatesWithEveryCuda(String stem) {
    requireKernel(stem);
    return Stream.concat(
        candidates(),
        Stream.of("7.5", "8.6", "9.0")
            .flatMap(capability -> ORDERS.stream().map(order -> simulated(capability, order)))
            .map(SimulatedBackend::open));
  }

  private static MachineOptions simulated(String capability, Order order) {
    return MachineOptions.defaults().withCapability(capability).withOrder(order);
  }

  private static void requireKernel(String stem) {
    if (!KernelCatalogue.stems().contains(stem)) {
      throw new IllegalArgumentException(stem + " has no kernel");
    }
  }

  private static Backend open(String name) {
    Backend backend = Backends.open(name, new BackendOptions(2));
    if (!backend.name().equals(name)) {
      throw new AssertionError("asked for " + name + ", got " + backend.name());
    }
    return backend;
  }
}
