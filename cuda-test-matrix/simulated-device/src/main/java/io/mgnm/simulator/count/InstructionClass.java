package io.mgnm.simulator.count;

/** Kinds of instructions that share a pipe of the SM. */
public enum InstructionClass {
  /** 32-bit float add, multiply, fma. */
  FLOAT,
  /** Half and bfloat16 arithmetic. */
  HALF,
  /** 64-bit float. */
  DOUBLE,
  /** Integer and logic. */
  INTEGER,
  /** Moves, selects, predicates, conversions without arithmetic. */
  MOVE,
  /** Conversions between types. */
  CONVERT,
  /** ex2, lg2, rcp, rsqrt, sqrt, sin, cos, tanh. */
  SPECIAL,
  /** mma. */
  TENSOR,
  GLOBAL_LOAD,
  GLOBAL_STORE,
  SHARED_LOAD,
  SHARED_STORE,
  LOCAL,
  /** Parameters and constants. */
  PARAMETER,
  ATOMIC,
  ASYNC_COPY,
  /** Shuffle, vote, match, redux. */
  WARP,
  BARRIER,
  /** Branches, calls, returns. */
  CONTROL
}
