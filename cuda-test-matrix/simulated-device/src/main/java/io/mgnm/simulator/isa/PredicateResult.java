package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;

/**
 * An instruction that sets a predicate, and perhaps a second one to the opposite, each combined
 * with a third: {@code setp.lt.and.s32 p|q, a, b, c}.
 */
abstract class PredicateResult extends Instruction {
  /** How the truth is combined with the predicate operand. */
  enum Combine {
    NONE,
    AND,
    OR,
    XOR
  }

  private int first = -1;
  private int second = -1;
  private Combine combine = Combine.NONE;
  private int with;
  private boolean negated;

  PredicateResult results(int firstPlace, int secondPlace) {
    first = firstPlace;
    second = secondPlace;
    return this;
  }

  PredicateResult combined(Combine how, int place, boolean not) {
    combine = how;
    with = place;
    negated = not;
    return this;
  }

  /** Gives the truth to where another instruction gives it. */
  PredicateResult like(PredicateResult other) {
    return results(other.first, other.second).combined(other.combine, other.with, other.negated);
  }

  final void put(Warp warp, int mask, int truth) {
    int other = combine == Combine.NONE ? 0 : negated ? ~warp.p[with] : warp.p[with];
    int p = combine(truth, other);
    int q = combine(~truth, other);
    if (first >= 0) {
      warp.p[first] = (warp.p[first] & ~mask) | (p & mask);
    }
    if (second >= 0) {
      warp.p[second] = (warp.p[second] & ~mask) | (q & mask);
    }
  }

  private int combine(int truth, int other) {
    return switch (combine) {
      case NONE -> truth;
      case AND -> truth & other;
      case OR -> truth | other;
      case XOR -> truth ^ other;
    };
  }
}
