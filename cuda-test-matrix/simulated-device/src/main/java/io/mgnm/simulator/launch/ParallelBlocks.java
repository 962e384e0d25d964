package io.mgnm.simulator.launch;

import io.mgnm.simulator.machine.GlobalAccess;
import io.mgnm.simulator.machine.Processor;
import io.mgnm.simulator.machine.Program;
import io.mgnm.simulator.memory.Allocation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs the blocks of a launch on several host threads, in the hope that nothing depends on their
 * order. If a block faults, anything is found, or blocks on different threads touched what one of
 * them wrote, memory is put back and the caller runs the blocks one after the other: so the report
 * is always that of one thread.
 */
final class ParallelBlocks {
  private final Launch launch;
  private final long[] blocks;
  private final int stamps;
  private final Map<Allocation, Allocation.Snapshot> snapshots = new ConcurrentHashMap<>();

  ParallelBlocks(Launch launch, long[] blocks, int stamps) {
    this.launch = launch;
    this.blocks = blocks;
    this.stamps = stamps;
  }

  /**
   * @return the processors, or none where the launch must be run by one thread
   */
  List<Processor> run() {
    Program program = launch.kernel.program;
    int count = Math.min(launch.threads, blocks.length);
    if (count < 2 || !program.blocksIndependent() || program.globalGranule() < 2) {
      return List.of();
    }
    List<Processor> processors = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    Throwable[] failures = new Throwable[count];
    for (int t = 0; t < count; t++) {
      Processor processor = launch.processor(stamps);
      processor.global.shareWith(snapshots);
      processors.add(processor);
      int first = t;
      threads.add(
          Thread.ofPlatform()
              .name("simulated-sm-" + t)
              .start(
                  () -> {
                    try {
                      for (int i = first; i < blocks.length; i += count) {
                        processor.run(blocks[i]);
                      }
                    } catch (RuntimeException | Error e) {
                      failures[first] = e;
                    }
                  }));
    }
    join(threads);
    boolean clean = true;
    for (int t = 0; t < count; t++) {
      if (failures[t] instanceof Error error) {
        throw error;
      }
      clean &= failures[t] == null && processors.get(t).findings.list().isEmpty();
    }
    if (clean && !conflict(processors)) {
      processors.forEach(processor -> processor.global.publish());
      return processors;
    }
    snapshots.values().forEach(Allocation.Snapshot::restore);
    return List.of();
  }

  private static void join(List<Thread> threads) {
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean conflict(List<Processor> processors) {
    for (int i = 0; i < processors.size(); i++) {
      for (int j = i + 1; j < processors.size(); j++) {
        GlobalAccess one = processors.get(i).global;
        GlobalAccess other = processors.get(j).global;
        for (Allocation allocation : one.touchedAllocations()) {
          if (other.touchedAllocations().contains(allocation)
              && one.conflictsWith(other, allocation)) {
            return true;
          }
        }
      }
    }
    return false;
  }
}
