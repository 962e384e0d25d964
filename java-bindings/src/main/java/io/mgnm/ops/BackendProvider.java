package io.mgnm.ops;

import java.util.List;

/** A kind of backend, found through {@link java.util.ServiceLoader}. See {@link Backends}. */
public interface BackendProvider {

  /** The name by which a user asks for it. */
  String name();

  /** Larger is tried first by {@code auto}; a negative number is never chosen by {@code auto}. */
  int priority();

  /** Whether the backend can run here, and if not, why and what would help. */
  Availability availability();

  /** What it needs, and what of that is here: for people who ask why it does or does not run. */
  List<Finding> describe();

  /**
   * Opens the backend.
   *
   * @throws BackendUnavailableException where {@link #availability()} says no
   */
  Backend open(BackendOptions options);

  /**
   * Whether a backend can run here; {@code detail} is the reason and the remedy where it cannot.
   */
  record Availability(boolean available, String detail) {}

  /**
   * One thing that was looked for.
   *
   * @param what it is
   * @param found whether it is there and can be used
   * @param detail where it was looked for and what was found, or how to get it
   */
  record Finding(String what, boolean found, String detail) {}
}
