package io.mgnm.cli;

import io.mgnm.data.Manifest;
import io.mgnm.data.SequenceLengths;
import io.mgnm.data.TimeKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A prepared dataset in words: lines for a terminal. */
final class DatasetText {
  private static final int BAR = 40;

  private DatasetText() {}

  /** Counts, times, filters, and the split with its cold shares. */
  static List<String> summary(Manifest m) {
    List<String> lines = new ArrayList<>();
    lines.add(
        format("%,d users, %,d items, %,d interactions", m.users(), m.items(), m.interactions()));
    if (m.times().kind() == TimeKind.NONE) {
      lines.add("times         none: order is the order of the file");
    } else {
      lines.add(
          format(
              "times         %s to %s (%s)",
              m.times().first(),
              m.times().last(),
              m.times().kind().name().toLowerCase(Locale.ROOT)));
    }
    Manifest.Filters f = m.filters();
    lines.add(
        format(
            "filters       %,d read, %,d after ratings (%s), %,d after k-core (%d),"
                + " %,d after min-items (%d)",
            f.read(),
            f.afterRatings(),
            m.options().ratings(),
            f.afterKCore(),
            m.options().kCore(),
            f.afterMinItems(),
            m.options().minItems()));
    String cuts = m.split().cuts().isEmpty() ? "" : " at " + String.join(" and ", m.split().cuts());
    lines.add("split         " + m.split().method() + cuts);
    lines.add(
        "              samples       users (cold)        items (cold)    cold-user  cold-item samples");
    for (Manifest.PartReport p : m.split().parts()) {
      lines.add(
          format(
              "  %-10s %,10d  %,9d (%5.1f%%)  %,9d (%5.1f%%)       %5.1f%%     %5.1f%%",
              p.part().label(),
              p.samples(),
              p.users(),
              percent(p.coldUsers(), p.users()),
              p.items(),
              percent(p.coldItems(), p.items()),
              percent(p.coldUserSamples(), p.samples()),
              percent(p.coldItemSamples(), p.samples())));
    }
    return lines;
  }

  /** The sources and the content hash. */
  static List<String> origin(Manifest m) {
    List<String> lines = new ArrayList<>();
    for (Manifest.SourceReport s : m.sources()) {
      lines.add(
          format(
              "source        %s (%s, %,d rows, %,d bytes, SHA-256 %s)",
              s.name(), s.kind(), s.rows(), s.bytes(), s.sha256()));
    }
    lines.add(format("format        %s version %d", m.format(), m.formatVersion()));
    lines.add("content hash  " + m.contentHash());
    return lines;
  }

  /** Quantiles and a histogram of the numbers of items a user has. */
  static List<String> lengths(SequenceLengths lengths) {
    List<String> lines = new ArrayList<>();
    lines.add(
        format(
            "lengths       min %,d, median %,d, mean %.1f, 90 %% %,d, 99 %% %,d, max %,d",
            lengths.min(),
            lengths.median(),
            lengths.mean(),
            lengths.p90(),
            lengths.p99(),
            lengths.max()));
    int most = lengths.histogram().stream().mapToInt(SequenceLengths.Bucket::users).max().orElse(1);
    for (SequenceLengths.Bucket b : lengths.histogram()) {
      int width = (int) Math.ceil((double) b.users() * BAR / most);
      lines.add(format("  %,9d to %,9d  %,9d %s", b.from(), b.to(), b.users(), "#".repeat(width)));
    }
    return lines;
  }

  private static double percent(int part, int whole) {
    return whole == 0 ? 0 : 100.0 * part / whole;
  }

  // The check wants an annotation of its own library, which is not worth a dependency.
  @SuppressWarnings("AnnotateFormatMethod")
  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
