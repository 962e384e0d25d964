package io.mgnm.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
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
  private final List<String> lines = new ArrayList<>();

  Results(String command, String backend) throws IOException {
    context.put("command", command);
    context.put("backend", backend);
    context.put("processor", processor());
    context.put("processors", Runtime.getRuntime().availableProcessors());
    context.put("java", Runtime.version().toString());
    context.put("commit", commit());
    context.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
  }

  /** Adds the times of one workload by number of threads; returns its lines of the table. */
  List<String> add(String what, Timing.Timed timed) {
    if (lines.isEmpty()) {
      lines.add("| what | threads | ms a run, median (least to most) | histories/s | × 1 thread |");
      lines.add("| --- | --- | --- | --- | --- |");
    }
    List<String> added = new ArrayList<>();
    double one = timed.seconds().values().iterator().next().median();
    timed
        .seconds()
        .forEach(
            (threads, time) -> {
              added.add(
                  "| %s | %d | %.2f (%.2f to %.2f) | %,.0f | %.2f |"
                      .formatted(
                          what,
                          threads,
                          time.median() * 1e3,
                          time.least() * 1e3,
                          time.most() * 1e3,
                          timed.histories() / time.median(),
                          one / time.median()));
              Map<String, Object> row = new LinkedHashMap<>();
              row.put("what", what);
              row.put("threads", threads);
              row.put("histories", timed.histories());
              row.put("seconds", time);
              rows.add(row);
            });
    lines.addAll(added);
    return added;
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

  /** The table in Markdown, under a line that says where it comes from. */
  String markdown() {
    StringBuilder text = new StringBuilder(head());
    lines.forEach(line -> text.append(line).append('\n'));
    return text.toString();
  }

  /** Where the results come from. */
  String head() {
    StringBuilder text = new StringBuilder();
    text.append("`").append(context.get("command")).append("` on ");
    text.append(context.get("processor")).append(", ").append(context.get("processors"));
    text.append(" processors, Java ").append(context.get("java")).append(", commit ");
    text.append(context.get("commit")).append(", ").append(context.get("date")).append(":\n\n");
    return text.toString();
  }

  /** Writes everything as JSON. */
  void writeJson(Path file) throws IOException {
    Map<String, Object> all = new LinkedHashMap<>(context);
    all.put("rows", rows);
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
