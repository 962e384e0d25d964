package io.mgnm.ops;

/**
 * What a user may choose about a backend. None of it changes a result.
 *
 * @param threads worker threads of a CPU backend, at least 1
 * @param cudaGraphs whether CUDA runs a recording as one graph instead of launch by launch
 */
public record BackendOptions(int threads, boolean cudaGraphs) {

  /** With CUDA graphs. */
  public BackendOptions(int threads) {
    this(threads, true);
  }

  /** Checks the values. */
  public BackendOptions {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, got " + threads);
    }
  }

  /** One thread for every processor that the JVM sees. */
  public static BackendOptions defaults() {
    return new BackendOptions(Runtime.getRuntime().availableProcessors());
  }
}
