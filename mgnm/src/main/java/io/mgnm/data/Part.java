package io.mgnm.data;

import java.util.Locale;

/** The part of a split that a sample belongs to. Samples are stored part after part. */
public enum Part {
  TRAIN(0),
  VALIDATION(1),
  TEST(2);

  private final int index;

  Part(int index) {
    this.index = index;
  }

  /** The place of the part among the three, in time and in the files. */
  public int index() {
    return index;
  }

  /** The name in files and reports: lower case. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
