package io.mgnm.ops.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed set of threads that share out numbered pieces of work. The caller is worker 0. Which
 * worker takes which piece is left to chance, so a piece must not depend on it.
 *
 * <p>Nothing is allocated and no lock is taken by a run; idle workers spin for a moment, then park.
 */
final class Workers implements AutoCloseable {
  private static final int SPINS = 20_000;

  /** A numbered piece of work. */
  interface Pieces {
    void run(int piece, int worker);
  }

  private final Thread[] threads;
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger round = new AtomicInteger();
  private volatile boolean closed;
  private volatile Throwable failure;
  private Pieces pieces;
  private int count;

  Workers(int size) {
    threads = new Thread[size - 1];
    for (int i = 0; i < threads.length; i++) {
      int worker = i + 1;
      threads[i] =
          Thread.ofPlatform().daemon().name("mgnm-cpu-" + worker).start(() -> serve(worker));
    }
  }

  /** Workers, the caller included. */
  int size() {
    return threads.length + 1;
  }

  /**
   * Runs pieces 0 to {@code n - 1}, each once, and returns when all are done.
   *
   * @throws RuntimeException the first failure of a piece
   */
  void run(int n, Pieces work) {
    if (n <= 1 || threads.length == 0) {
      for (int piece = 0; piece < n; piece++) {
        work.run(piece, 0);
      }
      return;
    }
    pieces = work;
    count = n;
    next.set(0);
    running.set(threads.length);
    round.incrementAndGet(); // publishes the fields above
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
    }
    take(0);
    while (running.get() != 0) {
      Thread.onSpinWait();
    }
    pieces = null;
    Throwable thrown = failure;
    if (thrown != null) {
      failure = null;
      throw new IllegalStateException("a worker failed: " + thrown, thrown);
    }
  }

  private void serve(int worker) {
    int seen = 0;
    while (true) {
      int spins = 0;
      while (round.get() == seen && !closed) {
        if (spins++ < SPINS) {
          Thread.onSpinWait();
        } else {
          LockSupport.park(this);
        }
      }
      if (closed) {
        return;
      }
      seen = round.get();
      take(worker);
      running.decrementAndGet();
    }
  }

  private void take(int worker) {
    try {
      for (int piece = next.getAndIncrement(); piece < count; piece = next.getAndIncrement()) {
        pieces.run(piece, worker);
      }
    } catch (Throwable thrown) {
      failure = thrown;
      next.set(count); // the others stop early
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
    }
  }
}
