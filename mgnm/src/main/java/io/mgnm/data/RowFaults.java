package io.mgnm.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** Finds the first row, over all files, whose values cannot be used, and says where it stands. */
final class RowFaults {
  /** Longest user id, item id and item name, in bytes of UTF-8. */
  static final int LONGEST_ID = 4096;

  /** A source and the rows that came from it. */
  record Loaded(SourceFile source, long firstRow, long rows) {}

  /** A condition that no row may meet, in SQL, and how to say so. */
  private record Fault(String condition, String column, String expected, String remedy) {}

  private RowFaults() {}

  /**
   * Throws for the first bad row.
   *
   * @param numbers whether times are numbers rather than timestamps
   */
  static void require(
      InteractionDatabase database,
      List<Loaded> files,
      boolean timed,
      boolean numbers,
      boolean rated)
      throws IOException {
    List<Fault> faults = new ArrayList<>();
    addIdFaults(faults, "user_id", "a user id");
    addIdFaults(faults, "item_id", "an item id");
    if (rated) {
      faults.add(
          new Fault(
              "rating_text IS NULL OR NOT "
                  + TimeColumn.IS_NUMBER.formatted("rating_text")
                  + " OR NOT isfinite(TRY_CAST(rating_text AS DOUBLE))",
              "rating_text",
              "a finite number as rating",
              "correct the line, or give --all-ratings to leave ratings unread"));
    }
    if (timed) {
      faults.add(
          new Fault(
              "time_text IS NULL OR " + TimeColumn.isWrong(numbers, "time_text"),
              "time_text",
              numbers
                  ? "a number as time, as in the first row"
                  : "a date or timestamp as time, as in the first row",
              "correct the line, or remove the row"));
      faults.add(
          new Fault(
              TimeColumn.isNotFinite(numbers, "time_text"),
              "time_text",
              "a finite time",
              "correct the line, or remove the row"));
    }
    StringBuilder choice = new StringBuilder("CASE");
    for (int f = 0; f < faults.size(); f++) {
      choice.append(" WHEN ").append(faults.get(f).condition()).append(" THEN ").append(f);
    }
    choice.append(" ELSE -1 END");
    database.forEach(
        "SELECT rowid, fault, user_id, item_id, time_text, rating_text FROM (SELECT rowid, *, "
            + choice
            + " AS fault FROM raw) WHERE fault >= 0 ORDER BY rowid LIMIT 1",
        row -> {
          Fault fault = faults.get(row.getInt(2));
          throw at(files, row.getLong(1), fault, row.getString(fault.column()));
        });
  }

  private static void addIdFaults(List<Fault> faults, String column, String what) {
    faults.add(
        new Fault(
            "%1$s IS NULL OR trim(%1$s) = ''".formatted(column),
            column,
            what,
            "fill in the id, or remove the row"));
    faults.add(
        new Fault(
            "strlen(%s) > %d".formatted(column, LONGEST_ID),
            column,
            "a " + what + " id of at most " + LONGEST_ID + " bytes",
            "shorten the ids, or look for a missing delimiter or quote"));
  }

  private static BadInputException at(List<Loaded> files, long row, Fault fault, String value)
      throws IOException {
    Loaded file =
        files.stream()
            .filter(l -> row >= l.firstRow() && row < l.firstRow() + l.rows())
            .findFirst()
            .orElseThrow();
    long record = row - file.firstRow() + 1;
    String found = value == null || value.isBlank() ? "nothing" : BadInputException.quote(value);
    return file.source().kind() == SourceFile.Kind.PARQUET
        ? BadInputException.atRow(
            file.source().path(), record, fault.expected(), found, fault.remedy())
        : BadInputException.atLine(
            file.source().path(),
            lineOf(file.source(), record),
            fault.expected(),
            found,
            fault.remedy());
  }

  /**
   * The line on which the {@code record}-th row of a text file starts: rows are not lines where
   * there is a header, an empty line, or a line end inside quotes.
   */
  static long lineOf(SourceFile source, long record) throws IOException {
    boolean delimited = source.kind() == SourceFile.Kind.DELIMITED;
    boolean quoted = delimited && DelimitedHeader.parse(source.firstLine()).quoted();
    long wanted = record + (delimited ? 1 : 0);
    long line = 1;
    long started = 0;
    boolean inRecord = false;
    boolean inQuotes = false;
    try (InputStream in = new BufferedInputStream(source.open(), 1 << 16)) {
      for (int b = in.read(); b >= 0; b = in.read()) {
        if (!inRecord && b != '\n' && b != '\r') {
          inRecord = true;
          started++;
          if (started == wanted) {
            return line;
          }
        }
        if (b == '"' && quoted) {
          inQuotes = !inQuotes;
        } else if (b == '\n') {
          line++;
          inRecord = inQuotes;
        }
      }
    }
    return line;
  }
}
