package io.mgnm.data;

import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;

/** The time column, which is read as text: what kind it is, and how it is stored. */
final class TimeColumn {
  /** The database reads {@code 1_000} as a number; nobody else does. */
  static final String IS_NUMBER =
      "(TRY_CAST(%1$s AS DOUBLE) IS NOT NULL AND NOT contains(%1$s, '_'))";

  private static final String IS_INTEGER =
      "(TRY_CAST(%1$s AS BIGINT) IS NOT NULL AND regexp_full_match(%1$s, '\\s*[+-]?[0-9]+\\s*'))";
  private static final String IS_TIMESTAMP = "(TRY_CAST(%1$s AS TIMESTAMPTZ) IS NOT NULL)";

  private TimeColumn() {}

  /** What the first row says: all rows have to be numbers, or all dates and timestamps. */
  static boolean startsWithNumber(InteractionDatabase database) throws IOException {
    return database.number(
            "SELECT CAST("
                + IS_NUMBER.formatted("time_text")
                + " OR NOT "
                + IS_TIMESTAMP.formatted("time_text")
                + " AS INTEGER) FROM raw WHERE time_text IS NOT NULL ORDER BY rowid LIMIT 1")
        == 1;
  }

  /** The kind of a column of valid numbers: integers where all are. */
  static TimeKind numberKind(InteractionDatabase database) throws IOException {
    return database.number(
                "SELECT count(*) FROM raw WHERE NOT " + IS_INTEGER.formatted("time_text"))
            == 0
        ? TimeKind.INTEGER
        : TimeKind.FLOAT;
  }

  /** SQL that is true where the text is no time of the kind that the first row set. */
  static String isWrong(boolean numbers, String column) {
    return "NOT " + (numbers ? IS_NUMBER : IS_TIMESTAMP).formatted(column);
  }

  /** SQL that is true where a valid time is NaN or infinite. */
  static String isNotFinite(boolean numbers, String column) {
    return "NOT isfinite(CAST(%s AS %s))".formatted(column, numbers ? "DOUBLE" : "TIMESTAMPTZ");
  }

  /** SQL for the value to store and sort by. */
  static String stored(TimeKind kind, String column) {
    return switch (kind) {
      case NONE -> "CAST(0 AS BIGINT)";
      case INTEGER -> "CAST(" + column + " AS BIGINT)";
      case FLOAT -> "CAST(" + column + " AS DOUBLE) + 0.0";
      case TIMESTAMP -> "epoch_us(CAST(" + column + " AS TIMESTAMPTZ))";
    };
  }

  /** The 64 bits to store for a value that {@link #stored} selected. */
  static long read(TimeKind kind, ResultSet row, int column) throws SQLException {
    return kind == TimeKind.FLOAT
        ? Double.doubleToLongBits(row.getDouble(column))
        : row.getLong(column);
  }

  /**
   * A cut time of the command line, stored as the data's times are.
   *
   * @throws BadInputException where it is of another kind
   */
  static long parseCut(InteractionDatabase database, TimeKind kind, String cut) throws IOException {
    String literal = "'" + cut.replace("'", "''") + "'";
    String valid =
        switch (kind) {
          case NONE -> throw new IllegalArgumentException("no times to cut");
          case INTEGER -> IS_INTEGER.formatted(literal);
          case FLOAT ->
              IS_NUMBER.formatted(literal) + " AND isfinite(TRY_CAST(" + literal + " AS DOUBLE))";
          case TIMESTAMP ->
              IS_TIMESTAMP.formatted(literal)
                  + " AND isfinite(TRY_CAST("
                  + literal
                  + " AS TIMESTAMPTZ))";
        };
    if (database.number("SELECT CAST(" + valid + " AS INTEGER)") != 1) {
      throw BadInputException.option(
          switch (kind) {
            case TIMESTAMP -> "a date or timestamp in --cut, as the data have them";
            case INTEGER -> "a whole number in --cut, as the data's times are";
            default -> "a number in --cut, as the data's times are";
          },
          BadInputException.quote(cut),
          "write the cut in the unit of the data's times");
    }
    long[] stored = new long[1];
    database.forEach("SELECT " + stored(kind, literal), row -> stored[0] = read(kind, row, 1));
    return stored[0];
  }
}
