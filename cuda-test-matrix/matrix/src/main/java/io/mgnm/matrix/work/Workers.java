package io.mgnm.matrix.work;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.ObjIntConsumer;

/** Worker processes that share a list of jobs. */
public final class Workers {
  private final int processes;
  private final boolean simulated;
  private final Progress progress;

  /** Told how far a list of jobs is. */
  @FunctionalInterface
  public interface Progress {
    /**
     * A job begins or has ended.
     *
     * @param done how many have ended
     * @param stem of the job
     */
    void at(int done, int of, String stem);
  }

  /** Workers that tell nobody how far they are; see the other constructor. */
  public Workers(int processes, boolean simulated) {
    this(processes, simulated, (done, of, stem) -> {});
  }

  /**
   * @param processes how many work at once
   * @param simulated whether CUDA is the simulated device; otherwise it is the machine's own
   * @param progress told of every job when it begins and when it has ended, by one thread at a time
   */
  public Workers(int processes, boolean simulated, Progress progress) {
    this.processes = processes;
    this.simulated = simulated;
    this.progress = progress;
  }

  /**
   * Has all jobs done, the first ones first.
   *
   * @param reports gets every report, one at a time, in no particular order
   */
  public void run(List<? extends Job> jobs, Consumer<Job.Report> reports) {
    Queue<Job> waiting = new ConcurrentLinkedQueue<>(jobs);
    Object one = new Object();
    Consumer<Job.Report> inTurn =
        report -> {
          synchronized (one) {
            reports.accept(report);
          }
        };
    int[] done = {0};
    ObjIntConsumer<Job> told =
        (job, more) -> {
          synchronized (one) {
            done[0] += more;
            progress.at(done[0], jobs.size(), job.stem());
          }
        };
    List<Future<?>> working = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(processes)) {
      for (int i = 0; i < Math.min(processes, jobs.size()); i++) {
        working.add(threads.submit(() -> work(waiting, inTurn, told)));
      }
      for (Future<?> future : working) {
        future.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a worker could not be served", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while workers worked", e);
    }
  }

  private void work(Queue<Job> waiting, Consumer<Job.Report> reports, ObjIntConsumer<Job> told) {
    try {
      Job job = waiting.poll();
      while (job != null) {
        try (WorkerProcess process = WorkerProcess.start(simulated)) {
          boolean alive = true;
          while (alive && job != null) {
            told.accept(job, 0);
            alive = process.run(job, reports);
            told.accept(job, 1);
            job = waiting.poll();
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
