package io.mgnm.bench;

import io.mgnm.ops.Backend;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * What launches cost, where this process has a simulated CUDA device: time on it says nothing of a
 * GPU, counted work does. A module above this one provides it in {@code META-INF/services}.
 */
public interface LaunchCounts {

  /** The counts, where the device of this process is a simulated one. */
  static Optional<LaunchCounts> find() {
    return ServiceLoader.load(LaunchCounts.class).findFirst().filter(LaunchCounts::simulated);
  }

  /** Whether the device of this process is a simulated one. */
  boolean simulated();

  /**
   * Opens the backend of the simulated device.
   *
   * @throws io.mgnm.data.BadInputException where the device does not count, or is of another
   *     generation than the GPU of the estimate
   */
  Backend open();

  /** Does work on a backend that {@link #open} gave; returns its kernels as they first ran. */
  List<KernelCost> count(Backend backend, Runnable work);

  /**
   * What all launches of one kernel cost.
   *
   * @param bytes of the sectors that leave the multiprocessors
   * @param instructions of warps
   * @param seconds estimated on an H100
   * @param boundSeconds what memory or arithmetic, whichever has more to do, needs at its full
   *     rate: no such program is faster
   * @param boundBy what its longest launch waits for most
   */
  record KernelCost(
      String kernel,
      int launches,
      long bytes,
      long instructions,
      double seconds,
      double boundSeconds,
      String boundBy) {

    /** The bound over the estimate: what is missing to 1 is waiting and launching. */
    double shareOfBound() {
      return boundSeconds / seconds;
    }
  }
}
