package io.mgnm.matrix.mutation;

import io.mgnm.matrix.work.Job;

/**
 * What became of a mutant.
 *
 * @param by the case that caught it and what it saw, or why it was dropped
 * @param cases how many were run
 */
record MutantResult(Mutant mutant, Verdict verdict, String by, int cases, double seconds)
    implements Job.Report {

  /** How it ended. */
  enum Verdict {
    /** A case failed. */
    CAUGHT,
    /** Every case passed. */
    SURVIVED,
    /** It is no mistake: it does not compile, or to the very same code. */
    DROPPED
  }
}
