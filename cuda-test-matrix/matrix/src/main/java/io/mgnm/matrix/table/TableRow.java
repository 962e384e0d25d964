package io.mgnm.matrix.table;

import io.mgnm.matrix.work.Job;
import java.util.Locale;

/**
 * A direction's line of the table.
 *
 * @param least bytes that must move: inputs and outputs once, weights once a block
 * @param unfused operator by operator, or null
 */
record TableRow(String stem, String direction, long least, Cost fused, Cost unfused)
    implements Job.Report {
  static final String HEAD =
      """
      | kernel | direction | launches | MB | minimum | ratio | warp instructions, M | occupancy | estimate, µs | bound by | unfused: launches | MB | estimate, µs | times |
      | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |
      """;

  String line() {
    String own =
        String.format(
            Locale.ROOT,
            "| `%s` | %s | %d | %.3f | %.3f | %.2f | %.3f | %.0f %% | %.1f | %s |",
            stem,
            direction,
            fused.launches(),
            fused.bytes() / 1e6,
            least / 1e6,
            (double) fused.bytes() / least,
            fused.instructions() / 1e6,
            100 * fused.occupancy(),
            fused.seconds() * 1e6,
            fused.boundBy());
    if (unfused == null) {
      return own + " – | – | – | – |";
    }
    return own
        + String.format(
            Locale.ROOT,
            " %d | %.3f | %.1f | %.1f |",
            unfused.launches(),
            unfused.bytes() / 1e6,
            unfused.seconds() * 1e6,
            unfused.seconds() / fused.seconds());
  }
}
