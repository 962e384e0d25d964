package io.mgnm.data;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBDriver;

/**
 * An embedded DuckDB that gathers interactions as text, in the order of the files, and gives them
 * back coded and sorted. It works out of core in a folder of its own and never touches the network.
 *
 * <p>Table {@code raw(user_id, item_id, time_text, rating_text)}: the rowid is the row over all
 * files, since insertion order is preserved. Table {@code names(item_id, name)}. Failures of the
 * database that are not the input's are IOExceptions.
 */
final class InteractionDatabase implements AutoCloseable {
  /** Arrays of the JVM end a little below 2^31. */
  static final long MOST_INTERACTIONS = Integer.MAX_VALUE - 8;

  /** What is done with the rows of a result, one after the other. */
  interface RowSink {
    void row(ResultSet row) throws SQLException, IOException;
  }

  private final DuckDBConnection connection;

  /**
   * Opens an empty database.
   *
   * @param folder an existing empty folder for the database and what it spills
   */
  InteractionDatabase(Path folder, int threads, int memoryMegabytes) throws IOException {
    Properties settings = new Properties();
    settings.setProperty("autoinstall_known_extensions", "false");
    settings.setProperty("autoload_known_extensions", "false");
    settings.setProperty("allow_community_extensions", "false");
    settings.setProperty("temp_directory", folder.resolve("spill").toString());
    settings.setProperty("threads", Integer.toString(threads));
    settings.setProperty("memory_limit", memoryMegabytes + "MB");
    settings.setProperty("preserve_insertion_order", "true");
    settings.setProperty(DuckDBDriver.JDBC_STREAM_RESULTS, "true");
    String url = "jdbc:duckdb:" + folder.resolve("work.duckdb");
    try {
      connection = DriverManager.getConnection(url, settings).unwrap(DuckDBConnection.class);
    } catch (SQLException e) {
      throw failure(e);
    }
    run("SET TimeZone = 'UTC'");
    run(
        "CREATE TABLE raw"
            + " (user_id VARCHAR, item_id VARCHAR, time_text VARCHAR, rating_text VARCHAR)");
    run("CREATE TABLE names (item_id VARCHAR, name VARCHAR)");
    run("CREATE TABLE sequence_lines (user_id VARCHAR, file INTEGER, line BIGINT)");
  }

  /** Runs a statement whose failure may be the input's, for the caller to explain. */
  void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Runs a statement that fails only where the machine or this code does. */
  void run(String sql) throws IOException {
    try {
      execute(sql);
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** Hands every row of a query to the sink, streaming. */
  void forEach(String query, RowSink sink) throws IOException {
    try {
      query(query, sink);
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** Like {@link #forEach}, for a query whose failure may be the input's. */
  void query(String query, RowSink sink) throws SQLException, IOException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      while (rows.next()) {
        sink.row(rows);
      }
    }
  }

  /** The single number that a query returns. */
  long number(String query) throws IOException {
    long[] number = new long[1];
    forEach(query, row -> number[0] = row.getLong(1));
    return number[0];
  }

  /** Appends rows to a table; to be closed before the next statement. */
  DuckDBAppender append(String table) throws IOException {
    try {
      return connection.createAppender(table);
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** How many rows were read so far, over all files. */
  long rows() throws IOException {
    return number("SELECT count(*) FROM raw");
  }

  /**
   * Gives users and items codes in order of first appearance, and returns the interactions whose
   * rating passes, in (time, row) order.
   *
   * @throws BadInputException where none is left, or more than the JVM's arrays hold
   */
  EventLog fetch(TimeKind kind, PrepareOptions.Ratings ratings, boolean rated) throws IOException {
    String passes =
        rated && !ratings.keepsAll()
            ? " WHERE CAST(rating_text AS DOUBLE)"
                + (ratings.inclusive() ? " >= " : " > ")
                + "CAST('"
                + ratings.bound()
                + "' AS DOUBLE)"
            : "";
    run(
        "CREATE VIEW kept AS SELECT rowid AS row, user_id, item_id, "
            + TimeColumn.stored(kind, "time_text")
            + " AS time FROM raw"
            + passes);
    long kept = number("SELECT count(*) FROM kept");
    if (kept == 0) {
      throw BadInputException.option(
          "interactions with a rating " + ratings.label(), "none", "set another --min-rating");
    }
    if (kept > MOST_INTERACTIONS) {
      throw BadInputException.option(
          "at most " + MOST_INTERACTIONS + " interactions", kept + "", "give a part of the data");
    }
    int users = code("users", "user_id");
    int items = code("items", "item_id");
    EventLog log = new EventLog((int) kept, users, items, kind != TimeKind.NONE);
    forEach(
        "SELECT u.code, i.code, k.time FROM kept k JOIN users u ON k.user_id = u.id"
            + " JOIN items i ON k.item_id = i.id ORDER BY "
            + (kind == TimeKind.NONE ? "" : "k.time, ")
            + "k.row",
        row -> log.add(row.getInt(1), row.getInt(2), TimeColumn.read(kind, row, 3)));
    return log;
  }

  private int code(String table, String column) throws IOException {
    run(
        "CREATE TABLE %1$s AS SELECT id, CAST(row_number() OVER (ORDER BY first) - 1 AS INTEGER) AS code FROM (SELECT %2$s AS id, min(row) AS first FROM kept GROUP BY %2$s)"
            .formatted(table, column));
    return Math.toIntExact(number("SELECT count(*) FROM " + table));
  }

  /** What went wrong in the database, when it is not the input. */
  static IOException failure(SQLException e) {
    return new IOException("the database failed: " + e.getMessage(), e);
  }

  @Override
  public void close() throws IOException {
    try {
      connection.close();
    } catch (SQLException e) {
      throw failure(e);
    }
  }
}
