package io.mgnm.data;

/**
 * The sequences of all users and the samples of a split, computed from interactions in global
 * order.
 *
 * <p>A sample is a user's event with at least one earlier event of that user; its history is all
 * earlier ones. Samples are stored part after part. Within a part they are in global order of their
 * target, (time, row); data without times order them by (position in the sequence, row) instead,
 * since with one user's rows after the other's, rows alone say nothing of what came first.
 */
final class SampleTable {
  private static final byte NO_SAMPLE = -1;
  private static final int PARTS = Part.values().length;

  private final EventLog log;
  private final TimeKind kind;

  /** Events of user u are [userOffsets[u], userOffsets[u + 1]). */
  final int[] userOffsets;

  /** Item of each event: user after user, each in (time, row) order. */
  final int[] eventItems;

  /** Stored time of each event; null where there are none. */
  final long[] eventTimes;

  /** Events of user u in the training period are [userOffsets[u], trainingEnds[u]). */
  final int[] trainingEnds;

  /** User of each sample. */
  final int[] sampleUsers;

  /** Index of each sample's target event. */
  final int[] sampleEvents;

  /** Samples of the p-th part are [partOffsets[p], partOffsets[p + 1]). */
  final int[] partOffsets;

  /**
   * Builds the table.
   *
   * @param log interactions in global order, codes dense, every user with at least two
   * @param cuts stored times where validation and test begin, for {@link Split.Time}; else unused
   * @throws BadInputException where a part would be empty
   */
  SampleTable(EventLog log, Split split, TimeKind kind, long[] cuts) {
    this.log = log;
    this.kind = kind;
    userOffsets = offsets(log.userCounts());
    int[] places = places();
    byte[] parts =
        switch (split) {
          case Split.Ratio r -> partsByRatio(places);
          case Split.Time t -> partsByTime(places, cuts);
          case Split.LeaveOneOut l -> partsByPosition(places);
        };

    // Counting sort of the samples by (part, position); with times, by part alone.
    int positions = log.timed() ? 1 : longestSequence();
    int[] counts = new int[Math.multiplyExact(PARTS, positions)];
    for (int e = 0; e < log.size(); e++) {
      if (parts[e] != NO_SAMPLE) {
        counts[bucket(e, parts, places, positions)]++;
      }
    }
    int[] starts = offsets(counts);
    partOffsets = new int[PARTS + 1];
    for (int p = 0; p <= PARTS; p++) {
      partOffsets[p] = starts[p * positions];
    }
    requireEveryPart(split);
    sampleUsers = new int[partOffsets[PARTS]];
    sampleEvents = new int[partOffsets[PARTS]];
    int firstValidation = log.size();
    for (int e = 0; e < log.size(); e++) {
      if (parts[e] != NO_SAMPLE) {
        int slot = starts[bucket(e, parts, places, positions)]++;
        sampleUsers[slot] = log.user(e);
        sampleEvents[slot] = places[e];
        if (parts[e] != Part.TRAIN.index() && e < firstValidation) {
          firstValidation = e;
        }
      }
    }
    trainingEnds =
        switch (split) {
          case Split.LeaveOneOut l -> trainingEndsByPosition();
          case Split.Ratio r -> trainingEndsBefore(firstValidation);
          case Split.Time t -> trainingEndsBefore(firstAtOrAfter(cuts[0]));
        };

    eventItems = new int[log.size()];
    eventTimes = log.timed() ? new long[log.size()] : null;
    for (int e = 0; e < log.size(); e++) {
      eventItems[places[e]] = log.item(e);
      if (eventTimes != null) {
        eventTimes[places[e]] = log.time(e);
      }
    }
  }

  /** Exclusive prefix sums, one longer than the counts. */
  private static int[] offsets(int[] counts) {
    int[] offsets = new int[counts.length + 1];
    for (int i = 0; i < counts.length; i++) {
      offsets[i + 1] = Math.addExact(offsets[i], counts[i]);
    }
    return offsets;
  }

  /** The index of each event, in global order, within the sequences of all users. */
  private int[] places() {
    int[] next = userOffsets.clone();
    int[] places = new int[log.size()];
    for (int e = 0; e < log.size(); e++) {
      places[e] = next[log.user(e)]++;
    }
    return places;
  }

  private int position(int event, int[] places) {
    return places[event] - userOffsets[log.user(event)];
  }

  private int bucket(int event, byte[] parts, int[] places, int positions) {
    return parts[event] * positions + (positions == 1 ? 0 : position(event, places));
  }

  private byte[] partsByRatio(int[] places) {
    long samples = (long) log.size() - log.userCodes();
    long trainEnd = samples * 7 / 10;
    long testBegin = samples - samples * 2 / 10;
    byte[] parts = new byte[log.size()];
    long sample = 0;
    for (int e = 0; e < log.size(); e++) {
      if (position(e, places) == 0) {
        parts[e] = NO_SAMPLE;
      } else {
        parts[e] = part(sample < trainEnd, sample < testBegin);
        sample++;
      }
    }
    return parts;
  }

  private byte[] partsByTime(int[] places, long[] cuts) {
    byte[] parts = new byte[log.size()];
    for (int e = 0; e < log.size(); e++) {
      parts[e] =
          position(e, places) == 0
              ? NO_SAMPLE
              : part(
                  kind.compare(log.time(e), cuts[0]) < 0, kind.compare(log.time(e), cuts[1]) < 0);
    }
    return parts;
  }

  private byte[] partsByPosition(int[] places) {
    byte[] parts = new byte[log.size()];
    for (int e = 0; e < log.size(); e++) {
      int fromEnd = userOffsets[log.user(e) + 1] - places[e];
      parts[e] = position(e, places) == 0 ? NO_SAMPLE : part(fromEnd > 2, fromEnd > 1);
    }
    return parts;
  }

  private static byte part(boolean training, boolean beforeTest) {
    Part part = training ? Part.TRAIN : beforeTest ? Part.VALIDATION : Part.TEST;
    return (byte) part.index();
  }

  private int longestSequence() {
    int longest = 0;
    for (int u = 0; u < log.userCodes(); u++) {
      longest = Math.max(longest, userOffsets[u + 1] - userOffsets[u]);
    }
    return longest;
  }

  /** A user's first event is in the training period even where the second is the test target. */
  private int[] trainingEndsByPosition() {
    int[] ends = new int[log.userCodes()];
    for (int u = 0; u < ends.length; u++) {
      ends[u] = Math.max(userOffsets[u] + 1, userOffsets[u + 1] - 2);
    }
    return ends;
  }

  private int[] trainingEndsBefore(int globalEvent) {
    int[] ends = new int[log.userCodes()];
    System.arraycopy(userOffsets, 0, ends, 0, ends.length);
    for (int e = 0; e < globalEvent; e++) {
      ends[log.user(e)]++;
    }
    return ends;
  }

  private int firstAtOrAfter(long time) {
    int e = 0;
    while (e < log.size() && kind.compare(log.time(e), time) < 0) {
      e++;
    }
    return e;
  }

  private void requireEveryPart(Split split) {
    for (Part part : Part.values()) {
      if (partOffsets[part.index()] == partOffsets[part.index() + 1]) {
        throw BadInputException.option(
            "samples in every part of the split " + split.label(),
            "none for "
                + part.label()
                + " among "
                + partOffsets[PARTS]
                + " samples"
                + (log.timed()
                    ? " (times from "
                        + kind.show(log.time(0))
                        + " to "
                        + kind.show(log.time(log.size() - 1))
                        + ")"
                    : ""),
            switch (split) {
              case Split.Ratio r -> "give more data, or weaker filters";
              case Split.Time t -> "move the cuts of --cut into the range of times";
              case Split.LeaveOneOut l ->
                  "give more data, or weaker filters: users need 4 items for training samples";
            });
      }
    }
  }
}
