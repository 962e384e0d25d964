package io.mgnm.simulator.exec;

/** What a launch looks for beyond what any device would refuse. Bounds are always checked. */
public enum Check {
  /** Reads of memory or registers never written. */
  UNINITIALISED,
  /** Shared memory touched by two threads, one writing, with nothing between that orders them. */
  SHARED_RACE,
  /** A global address written by one block and touched by another in the same launch. */
  BLOCK_CONFLICT,
  /** Shuffles that read a lane which takes no part. */
  SHUFFLE_SOURCE,
  /** Data of {@code cp.async} read, or its source or target written, before the wait. */
  ASYNC_COPY
}
