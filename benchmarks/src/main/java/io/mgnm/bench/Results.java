package io.mgnm.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.mgnm.data.BadInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What was timed, where and when: as a table for people and as JSON. */
final class Results {
  private final Map<String, Object> context = new LinkedHashMap<>();
  private final List<Map<String, Object>> rows = new ArrayList<>();
  private final List<Table> tables = new ArrayList<>();

  Results(String command, String backend) throws IOException {
    context.put("command", command);
    context.put("backend", backend);
    context.put("processor", processor());
    context.put("processors", Runtime.getRuntime().availableProcessors());
    context.put("java", Runtime.version().toString());
    context.put("commit", commit());
    context.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
  }

  /** A new table of these results. */
  Table table(String name, String... columns) {
    Table table = Table.of(name, columns);
    tables.add(table);
    return table;
  }

  /** Says more about where the results come from. */
  void say(String key, String value) {
    context.put(key, value);
  }

  /** Adds what one run of a workload costs; returns its table, which {@link #markdown} has not. */
  List<String> add(Counted counted) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("what", counted.what());
    row.put("histories", counted.histories());
    row.put("graphNodes", counted.launches());
    row.put("estimatedSeconds", counted.seconds());
    row.put("boundSeconds", counted.sum().boundSeconds());
    row.put("kernels", counted.kernels());
    rows.add(row);
    return counted.lines();
  }

  /** The tables in Markdown, under a line that says where they come from. */
  String markdown() {
    StringBuilder text = new StringBuilder(head());
    tables.forEach(table -> text.append(text(table)).append('\n'));
    return text.toString();
  }

  private static String text(Table table) {
    return String.join("\n", table.lines()) + "\n";
  }

  /**
   * Puts each table into a document, between the lines {@code <!-- NAME -->} and {@code <!-- end
   * -->} after it.
   *
   * @throws BadInputException where there is no such place
   */
  void writeInto(Path document) throws IOException {
    String text = Files.readString(document);
    for (Table table : tables) {
      String begin = "<!-- " + table.name() + " -->\n";
      int from = text.indexOf(begin);
      int to = text.indexOf("<!-- end -->", from);
      if (from < 0 || to < 0) {
        throw BadInputException.option(
            "lines '" + begin.strip() + "' and '<!-- end -->' for the table",
            "none in " + document,
            "add them where the table shall be");
      }
      text = text.substring(0, from) + begin + head() + text(table) + text.substring(to);
    }
    Files.writeString(document, text);
  }

  /** Where the results come from. */
  String head() {
    StringBuilder text = new StringBuilder();
    text.append("`").append(context.get("command")).append("` on ");
    text.append(context.get("processor")).append(", ").append(context.get("processors"));
    text.append(" processors, Java ").append(context.get("java"));
    if (context.containsKey("peer")) {
      text.append(", ").append(context.get("peer"));
    }
    text.append(", commit ");
    text.append(context.get("commit")).append(", ").append(context.get("date")).append(":\n\n");
    return text.toString();
  }

  /** Writes everything as JSON. */
  void writeJson(Path file) throws IOException {
    Map<String, Object> all = new LinkedHashMap<>(context);
    List<Map<String, Object>> everything = new ArrayList<>(rows);
    tables.forEach(table -> everything.addAll(table.records()));
    all.put("rows", everything);
    new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(file.toFile(), all);
  }

  private static String processor() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    if (Files.isReadable(info)) {
      try (Stream<String> text = Files.lines(info)) {
        return text.filter(line -> line.startsWith("model name"))
            .findFirst()
            .map(line -> line.substring(line.indexOf(':') + 1).strip())
            .orElse("an unnamed processor");
      }
    }
    return System.getProperty("os.arch");
  }

  /** Of the working tree; unknown where there is no git or none is checked out. */
  private static String commit() {
    try {
      Process git =
          new ProcessBuilder("git", "describe", "--always", "--dirty")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String text = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return text.isEmpty() ? "unknown" : text;
    } catch (IOException e) {
      return "unknown";
    }
  }
}
