package io.mgnm.simulator.ptx;

/** State spaces of variables and accesses. */
public enum Space {
  GENERIC,
  GLOBAL,
  CONST,
  SHARED,
  LOCAL,
  PARAM
}
