package io.mgnm.data;

import java.util.Locale;

/** The part of a split that a sample belongs to. Samples are stored part after part. */
public enum Part {
  TRAIN,
  VALIDATION,
  TEST;

  /** The name in files and reports: lower case. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
