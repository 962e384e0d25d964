package io.mgnm.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.duckdb.DuckDBAppender;

/**
 * A file with a line per user, {@code user item item ...}, separated by blanks or tabs, items in
 * order. There are no times and no ratings.
 */
final class SequenceSource {
  private final SourceFile source;

  SequenceSource(SourceFile source) {
    this.source = source;
  }

  /**
   * Appends the interactions to {@code raw}.
   *
   * @param file number of the file among all sources
   * @throws BadInputException for a line without items, an overlong id, or text that is not UTF-8
   */
  void load(InteractionDatabase database, int file) throws IOException {
    long number = 0;
    try (BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(source.open(), StandardCharsets.UTF_8.newDecoder()));
        DuckDBAppender rows = database.append("raw");
        DuckDBAppender users = database.append("sequence_lines")) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        List<String> ids = ids(number == 1 ? withoutMark(line) : line, number);
        if (ids.isEmpty()) {
          continue;
        }
        String user = ids.get(0);
        if (ids.size() == 1) {
          throw bad(number, "a user and items", "only " + BadInputException.quote(user));
        }
        users.beginRow().append(user).append(file).append(number).endRow();
        for (String item : ids.subList(1, ids.size())) {
          rows.beginRow().append(user).append(item).appendNull().appendNull().endRow();
        }
      }
    } catch (CharacterCodingException e) {
      throw BadInputException.atLine(
          source.path(),
          number + 1,
          "UTF-8 text (at or soon after this line)",
          "other bytes",
          "convert it, for example with iconv -t UTF-8");
    } catch (SQLException e) {
      throw InteractionDatabase.failure(e);
    }
  }

  /** Throws where a user has two lines, in one file or several: one of them would be misplaced. */
  static void requireOneLineAUser(InteractionDatabase database, List<RowFaults.Loaded> files)
      throws IOException {
    database.forEach(
        "SELECT user_id, file, line FROM (SELECT rowid AS row, *, row_number() OVER"
            + " (PARTITION BY user_id ORDER BY rowid) AS nth FROM sequence_lines)"
            + " WHERE nth = 2 ORDER BY row LIMIT 1",
        row -> {
          throw BadInputException.atLine(
              files.get(row.getInt(2)).source().path(),
              row.getLong(3),
              "one line a user",
              "a second line of user " + BadInputException.quote(row.getString(1)),
              "join the lines in order of time, or give a table with times");
        });
  }

  private List<String> ids(String line, long number) {
    List<String> ids = new ArrayList<>();
    int start = -1;
    for (int i = 0; i <= line.length(); i++) {
      boolean separates = i == line.length() || line.charAt(i) == ' ' || line.charAt(i) == '\t';
      if (!separates && start < 0) {
        start = i;
      } else if (separates && start >= 0) {
        String id = line.substring(start, i);
        if (id.length() * 3 > RowFaults.LONGEST_ID
            && id.getBytes(StandardCharsets.UTF_8).length > RowFaults.LONGEST_ID) {
          throw bad(
              number,
              "ids of at most " + RowFaults.LONGEST_ID + " bytes",
              BadInputException.quote(id));
        }
        ids.add(id);
        start = -1;
      }
    }
    return ids;
  }

  private BadInputException bad(long number, String expected, String found) {
    return BadInputException.atLine(
        source.path(), number, expected, found, "correct or remove the line");
  }

  private static String withoutMark(String line) {
    return line.startsWith("\uFEFF") ? line.substring(1) : line;
  }
}
