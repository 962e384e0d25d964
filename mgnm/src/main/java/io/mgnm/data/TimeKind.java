package io.mgnm.data;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** What the times of a dataset are. All are stored in 64 bits, in the order of the times. */
public enum TimeKind {
  /** The data have no times; order is the order of the file. */
  NONE,
  /** Whole numbers, as they came; whether they are seconds or milliseconds is not known. */
  INTEGER,
  /** Numbers with a fraction somewhere, stored as the bits of a double. */
  FLOAT,
  /** Dates and timestamps, stored as microseconds since 1970-01-01T00:00:00Z. */
  TIMESTAMP;

  /** Shows a stored time: the number, or the timestamp in ISO form. */
  String show(long stored) {
    return switch (this) {
      case NONE -> "none";
      case INTEGER -> Long.toString(stored);
      case FLOAT -> Double.toString(Double.longBitsToDouble(stored));
      case TIMESTAMP -> Instant.EPOCH.plus(stored, ChronoUnit.MICROS).toString();
    };
  }

  /** The stored time as a number: microseconds for timestamps. */
  double value(long stored) {
    return this == FLOAT ? Double.longBitsToDouble(stored) : stored;
  }

  /** Compares two stored times. */
  int compare(long a, long b) {
    return this == FLOAT
        ? Double.compare(Double.longBitsToDouble(a) + 0.0, Double.longBitsToDouble(b) + 0.0)
        : Long.compare(a, b);
  }
}
