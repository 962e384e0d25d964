package io.mgnm.simulator.exec;

/**
 * Something wrong that does not stop the launch: the first occurrence at its instruction, and how
 * often the same came again.
 *
 * @param address the address concerned, 0 where there is none
 * @param occurrences lanes that met it at this instruction
 */
public record Finding(
    Kind kind, Location location, ThreadId thread, long address, String message, long occurrences) {

  /** What is wrong. */
  public enum Kind {
    UNINITIALISED_GLOBAL,
    UNINITIALISED_SHARED,
    UNINITIALISED_LOCAL,
    UNINITIALISED_REGISTER,
    SHARED_RACE,
    BLOCK_CONFLICT,
    SHUFFLE_SOURCE,
    ASYNC_COPY_UNWAITED
  }

  @Override
  public String toString() {
    return String.format(
        "%s: %s; %s, %s%s",
        kind, message, location, thread, occurrences > 1 ? ", " + occurrences + " times" : "");
  }
}
