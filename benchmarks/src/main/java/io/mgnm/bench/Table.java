package io.mgnm.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * A table of results: for people in Markdown, for programs as one record a row.
 *
 * @param name of the section of docs/benchmarks.md that it belongs to
 * @param lines in Markdown
 * @param records what the rows say
 */
record Table(String name, List<String> lines, List<Map<String, Object>> records) {

  /** An empty table with these columns. */
  static Table of(String name, String... columns) {
    Table table = new Table(name, new ArrayList<>(), new ArrayList<>());
    table.lines.add("| " + String.join(" | ", columns) + " |");
    table.lines.add("|" + String.join("|", Collections.nCopies(columns.length, " --- ")) + "|");
    return table;
  }

  /** Adds a row; returns it as a line. */
  String add(Map<String, Object> written, String... cells) {
    records.add(written);
    String line = "| " + String.join(" | ", cells) + " |";
    lines.add(line);
    return line;
  }
}
