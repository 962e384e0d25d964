package io.mgnm.matrix;

import io.mgnm.matrix.work.CaseResult;
import io.mgnm.matrix.work.CaseResult.Outcome;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Results as one page without scripts: a table a stem, shapes down, targets across. */
final class HtmlReport {
  private static final String HEAD =
      """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>MGNM test matrix</title>
      <style>
      body { font: 14px sans-serif; margin: 2em; }
      table { border-collapse: collapse; margin-bottom: 2em; }
      th, td { border: 1px solid #ccc; padding: 2px 8px; text-align: left; font-weight: normal; }
      thead th { font-weight: bold; }
      .passed { background: #dff0d8; } .failed { background: #f2b8b5; font-weight: bold; }
      .unsupported { background: #eee; color: #666; }
      pre { white-space: pre-wrap; }
      </style></head><body>
      """;

  private HtmlReport() {}

  static String of(Results results) {
    StringBuilder page = new StringBuilder(HEAD);
    page.append("<h1>MGNM test matrix</h1>\n<p>").append(results.summary()).append("</p>\n");
    Map<String, Map<String, Map<String, CaseResult>>> tables = new TreeMap<>();
    for (CaseResult result : results.all()) {
      String line = result.direction() + " " + result.shape();
      tables
          .computeIfAbsent(result.stem(), stem -> new TreeMap<>())
          .computeIfAbsent(line, name -> new TreeMap<>())
          .put(result.target().toString(), result);
    }
    tables.forEach((stem, lines) -> table(page, stem, lines));
    for (CaseResult failed : results.with(Outcome.FAILED)) {
      page.append("<h3>").append(escape(failed.name())).append("</h3>\n<pre>");
      page.append(escape(failed.message())).append("</pre>\n");
    }
    return page.append("</body></html>\n").toString();
  }

  private static void table(
      StringBuilder page, String stem, Map<String, Map<String, CaseResult>> lines) {
    var targets =
        lines.values().stream()
            .flatMap(line -> line.keySet().stream())
            .collect(Collectors.toCollection(java.util.TreeSet::new));
    page.append("<h2>").append(stem).append("</h2>\n<table><thead><tr><th>case</th>");
    targets.forEach(target -> page.append("<th>").append(target).append("</th>"));
    page.append("</tr></thead>\n");
    lines.forEach(
        (name, results) -> {
          page.append("<tr><th>").append(escape(name)).append("</th>");
          for (String target : targets) {
            CaseResult result = results.get(target);
            page.append(result == null ? "<td></td>" : cell(result));
          }
          page.append("</tr>\n");
        });
    page.append("</table>\n");
  }

  private static String cell(CaseResult result) {
    String outcome = result.outcome().name().toLowerCase(java.util.Locale.ROOT);
    return "<td class=\"%s\" title=\"%.2f s %s\">%s</td>"
        .formatted(outcome, result.seconds(), escape(result.message()), outcome);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
