package io.mgnm.matrix.mutation;

import io.mgnm.cuda.KernelCompileException;
import io.mgnm.matrix.mutation.MutantResult.Verdict;
import io.mgnm.matrix.mutation.MutatedKernels.Constants;
import io.mgnm.matrix.rows.Rows;
import io.mgnm.matrix.rows.Shape;
import io.mgnm.matrix.work.CaseResult;
import io.mgnm.matrix.work.CaseResult.Outcome;
import io.mgnm.matrix.work.CaseRun;
import io.mgnm.matrix.work.Job;
import io.mgnm.matrix.work.OpenTarget;
import io.mgnm.matrix.work.Target;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Runs a mutant through cases until one fails. What the reference says, and which constants a case
 * compiles with, is kept from mutant to mutant of a process.
 *
 * @param mutant the mistake
 * @param cases in the order in which they are tried
 */
record MutantJob(Mutant mutant, List<Trial> cases) implements Job {
  /** Of a warp: several times what any case needs. */
  private static final long INSTRUCTIONS = 50_000_000;

  private static final Map<String, CaseRun> ROWS = new HashMap<>();
  private static final Map<String, Set<Constants>> KNOWN = new HashMap<>();

  /** A case on one target. */
  record Trial(Shape shape, Target target) {}

  /** A case of a mutant is about to run: a sign of life. */
  record Begun(String name) implements Report {}

  @Override
  public String stem() {
    return mutant.stem();
  }

  @Override
  public void run(Consumer<Report> reports) {
    long begin = System.nanoTime();
    MutatedKernels kernels = new MutatedKernels(mutant);
    Verdict verdict;
    String by;
    int ran = 0;
    try {
      Iterator<Trial> left = cases.iterator();
      by = "";
      while (by.isEmpty() && kernels.error().isEmpty() && left.hasNext()) {
        Trial trial = left.next();
        if (canMatter(trial, kernels)) {
          reports.accept(new Begun(mutant + " " + trial));
          by = failure(trial, kernels);
          ran++;
        }
      }
      boolean differs = !by.isEmpty() || kernels.asked().stream().anyMatch(kernels::differs);
      verdict = differs ? by.isEmpty() ? Verdict.SURVIVED : Verdict.CAUGHT : Verdict.DROPPED;
    } catch (KernelCompileException e) { // when code was compared
      verdict = Verdict.DROPPED;
      by = "";
    }
    if (!kernels.error().isEmpty()) {
      verdict = Verdict.DROPPED;
      by = kernels.error();
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    reports.accept(new MutantResult(mutant, verdict, by, ran, seconds));
  }

  /** No where the case is known to use nothing but code that the mistake leaves as it is. */
  private boolean canMatter(Trial trial, MutatedKernels kernels) {
    Set<Constants> known = KNOWN.get(key(trial));
    return known == null || known.stream().anyMatch(kernels::differs);
  }

  private String key(Trial trial) {
    return mutant.stem() + trial;
  }

  /** What a case found wrong; empty where it passed. */
  private String failure(Trial trial, MutatedKernels kernels) {
    CaseRun row = ROWS.computeIfAbsent(mutant.stem(), stem -> new CaseRun(Rows.of(stem)));
    Set<Constants> before = Set.copyOf(kernels.asked());
    kernels.asked().clear();
    String failure = "";
    try (OpenTarget open =
        OpenTarget.open(
            trial.target(),
            kernels,
            options -> options.withCounting(false).withInstructionLimit(INSTRUCTIONS))) {
      for (CaseResult result : row.one(open, trial.shape())) {
        if (result.outcome() != Outcome.PASSED && failure.isEmpty()) {
          failure = result.name() + ": " + result.message();
        }
      }
    } catch (AssertionError e) { // of closing
      failure = failure.isEmpty() ? e.getMessage() : failure;
    }
    if (failure.isEmpty()) {
      KNOWN.put(key(trial), Set.copyOf(kernels.asked())); // all of them, for nothing threw
    }
    kernels.asked().addAll(before);
    return failure;
  }

  @Override
  public void died(String why, Consumer<Report> reports) {
    reports.accept(new MutantResult(mutant, Verdict.CAUGHT, why, 1, 0));
  }

  @Override
  public int patienceSeconds() {
    return 300;
  }
}
