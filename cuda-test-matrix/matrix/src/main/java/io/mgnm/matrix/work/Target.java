package io.mgnm.matrix.work;

import io.mgnm.simulator.driver.MachineOptions;
import io.mgnm.simulator.exec.Order;
import java.util.List;

/**
 * What a case runs on.
 *
 * @param backend {@code cpu} or {@code cuda}
 * @param capability of the simulated device, or empty
 * @param order of blocks, warps and lanes on the simulated device, or empty
 */
public record Target(String backend, String capability, String order) {
  /** The fallback. */
  public static final Target CPU = new Target("cpu", "", "");

  /** The machine's own GPU. */
  public static final Target GPU = new Target("cuda", "", "");

  /** Generations of the simulated device. */
  public static final List<String> CAPABILITIES = List.of("7.5", "8.6", "9.0");

  /** Orders of execution on the simulated device. */
  public static final List<String> ORDERS = List.of("ascending", "descending", "random");

  /** Few, so that small launches go round their grids; tables of costs have whole devices. */
  private static final int MULTIPROCESSORS = 2;

  /** A simulated device. */
  public static Target simulated(String capability, String order) {
    return new Target("cuda", capability, order);
  }

  /** Whether it is a simulated device. */
  public boolean onSimulator() {
    return !capability.isEmpty();
  }

  MachineOptions machine() {
    Order executed =
        switch (order) {
          case "ascending" -> Order.ascending();
          case "descending" -> Order.descending();
          case "random" -> Order.random(capability.hashCode());
          default -> throw new IllegalArgumentException("no order is named " + order);
        };
    return MachineOptions.defaults()
        .withCapability(capability)
        .withMultiprocessors(MULTIPROCESSORS)
        .withOrder(executed);
  }

  @Override
  public String toString() {
    return onSimulator() ? "%s-%s-%s".formatted(backend, capability, order) : backend;
  }
}
