package io.mgnm.ops.cpu;

import java.util.Arrays;
import java.util.List;

/**
 * Consecutive operations that work history by history: each micro-batch goes through all of them
 * before the next, so that what lies between stays in cache.
 *
 * <p>Micro-batch i adds its part of every sum over the batch to slot i mod {@link #SLOTS}. A slot
 * is one piece of work, done by one worker in order, and the slots are added up in order: the
 * result does not depend on how many workers there are.
 */
final class CpuSection implements Runnable {
  /** Enough pieces for several workers to finish together, few enough to add up quickly. */
  static final int SLOTS = 32;

  private static final int CHUNK = 2048;

  private final Workers workers;
  private final CpuBatch batch;
  private final HistoryTask[] tasks;
  private final CpuTensor[] sums;
  private final MicroBatch[] micro;
  private final Workers.Pieces slotPiece = this::runSlot; // made once: a run allocates nothing
  private final Workers.Pieces chunkPiece = this::addChunk;
  private CpuTensor adding;

  CpuSection(Workers workers, CpuBatch batch, List<HistoryTask> tasks, List<CpuTensor> sums) {
    this.workers = workers;
    this.batch = batch;
    this.tasks = tasks.toArray(HistoryTask[]::new);
    this.sums = sums.toArray(CpuTensor[]::new);
    this.micro = new MicroBatch[workers.size()];
    Arrays.setAll(micro, MicroBatch::new);
    sums.forEach(CpuTensor::allocateSlots);
  }

  @Override
  public void run() {
    for (HistoryTask task : tasks) {
      task.prepare();
    }
    workers.run(usedSlots(), slotPiece);
    for (CpuTensor sum : sums) {
      adding = sum;
      workers.run((sum.size() + CHUNK - 1) / CHUNK, chunkPiece);
    }
  }

  private int usedSlots() {
    return Math.min(SLOTS, batch.microBatches());
  }

  private void runSlot(int slot, int worker) {
    for (CpuTensor sum : sums) {
      Arrays.fill(sum.slot(slot), sum.offset(), sum.offset() + sum.size(), 0);
    }
    MicroBatch own = micro[worker];
    own.setSlot(slot);
    for (int m = slot; m < batch.microBatches(); m += SLOTS) {
      own.load(batch, m);
      for (HistoryTask task : tasks) {
        task.run(own);
      }
    }
  }

  private void addChunk(int chunk, int worker) {
    CpuTensor sum = adding;
    int from = sum.offset() + chunk * CHUNK;
    int to = Math.min(from + CHUNK, sum.offset() + sum.size());
    float[] result = sum.array();
    Arrays.fill(result, from, to, 0);
    for (int slot = 0; slot < usedSlots(); slot++) {
      float[] part = sum.slot(slot);
      for (int i = from; i < to; i++) {
        result[i] += part[i];
      }
    }
  }
}
