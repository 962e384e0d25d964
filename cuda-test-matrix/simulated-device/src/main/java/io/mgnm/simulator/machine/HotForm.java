package io.mgnm.simulator.machine;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * A faster form of an instruction, whose code the JVM takes tens of milliseconds to compile. It
 * pays only where it is used a lot, so it is made when the instructions of its kind have been
 * issued often enough. Results are the same.
 */
public final class HotForm {
  /** How often the instructions of one kind have been issued, in all kernels together. */
  public static final class Heat {
    /** About where what was lost by waiting is what compiling costs. */
    private static final long ENOUGH = Long.getLong("simulated.cuda.hot", 1L << 20);

    private final AtomicLong issued = new AtomicLong();

    private void add(long count) {
      issued.addAndGet(count);
    }

    private boolean enough() {
      return issued.get() >= ENOUGH;
    }
  }

  private final Heat heat;
  private final Supplier<Instruction> form;

  /**
   * @param heat shared by all that run the same code
   * @param form makes it; what describes an instruction is added here
   */
  public HotForm(Heat heat, Supplier<Instruction> form) {
    this.heat = heat;
    this.form = form;
  }

  void issued(long count) {
    heat.add(count);
  }

  boolean pays() {
    return heat.enough();
  }

  Instruction insteadOf(Instruction cold) {
    Instruction hot = form.get();
    hot.guard = cold.guard;
    hot.guardNegated = cold.guardNegated;
    hot.kind = cold.kind;
    hot.latency = cold.latency;
    hot.reads = cold.reads;
    hot.writes = cold.writes;
    hot.statement = cold.statement;
    hot.kernel = cold.kernel;
    return hot;
  }
}
