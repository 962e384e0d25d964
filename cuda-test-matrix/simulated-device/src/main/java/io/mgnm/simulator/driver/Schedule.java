package io.mgnm.simulator.driver;

/** When work given to streams runs. Each is an order that a real device may show. */
public enum Schedule {
  /** Only when the program waits for it, and then nothing else: shows a missing wait best. */
  LATE,
  /** At once, in the order of the calls. */
  EAGER,
  /** In an order drawn from the seed, consistent with streams and events. */
  SEEDED
}
