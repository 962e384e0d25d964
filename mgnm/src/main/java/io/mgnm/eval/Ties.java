package io.mgnm.eval;

/** Which place a target takes among equal scores. */
public enum Ties {
  /** The expectation over all orders: a hit may be a fraction. */
  AVERAGE,
  /** The best. */
  OPTIMISTIC,
  /** The worst. */
  PESSIMISTIC
}
