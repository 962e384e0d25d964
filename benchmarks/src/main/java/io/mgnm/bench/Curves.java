package io.mgnm.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;

/** {@code bench curves}: time of a training step for one history, against what makes it grow. */
final class Curves {
  private final double seconds;
  private final PrintWriter out;
  private final Table table;

  /**
   * @param seconds of timing each point
   */
  Curves(double seconds, Results results, PrintWriter out) {
    this.seconds = seconds;
    this.out = out;
    table =
        results.table(
            "curves", "against", "size", "µs a history", "power since the row above", "expected");
  }

  /**
   * Something that grows.
   *
   * @param name of the curve and of its picture
   * @param expected how time should grow with it, for people
   * @param sizes to time
   * @param point that of a size
   */
  record Curve(String name, String expected, List<Integer> sizes, IntFunction<CurvePoint> point) {}

  /** All curves, at d = 16, K = 4, L = 3, 100 items a history and 20,000 rows where not varied. */
  static List<Curve> all() {
    return List.of(
        new Curve(
            "items of a history",
            "1 where the LSTM rules, towards 2 where the graph does",
            List.of(5, 10, 20, 50, 100, 200, 500, 1000),
            n -> new CurvePoint(n, 20_000, 4, 3)),
        new Curve(
            "rows of the item table",
            "0",
            List.of(10_000, 100_000, 1_000_000, 10_000_000),
            rows -> new CurvePoint(100, rows, 4, 3)),
        new Curve(
            "interests K",
            "up to 1",
            List.of(1, 2, 4, 8),
            interests -> new CurvePoint(100, 20_000, interests, 3)),
        new Curve(
            "graph layers L",
            "up to 1",
            List.of(1, 2, 4, 8),
            layers -> new CurvePoint(100, 20_000, 4, layers)));
  }

  /**
   * Times all points.
   *
   * @param folder for a picture of each curve; null for none
   */
  void run(Path folder) throws IOException {
    table.lines().forEach(out::println);
    for (Curve curve : all()) {
      Map<Integer, Double> points = new LinkedHashMap<>();
      for (int size : curve.sizes()) {
        points.put(size, curve.point().apply(size).time(seconds) * 1e6);
        row(curve, new ArrayList<>(points.entrySet()));
      }
      if (folder != null) {
        Files.createDirectories(folder);
        String title = "Training step, µs a history, against " + curve.name();
        Files.writeString(
            folder.resolve(curve.name().toLowerCase(Locale.ROOT).replace(' ', '-') + ".svg"),
            LogChart.svg(title, points));
      }
    }
  }

  private void row(Curve curve, List<Map.Entry<Integer, Double>> points) {
    Map.Entry<Integer, Double> last = points.getLast();
    String power = "";
    if (points.size() > 1) {
      power = "%.2f".formatted(power(points.get(points.size() - 2), last));
    }
    Map<String, Object> record = new LinkedHashMap<>();
    record.put("against", curve.name());
    record.put("size", last.getKey());
    record.put("microseconds", last.getValue());
    out.println(
        table.add(
            record,
            curve.name(),
            "%,d".formatted(last.getKey()),
            "%.1f".formatted(last.getValue()),
            power,
            points.size() > 1 ? curve.expected() : ""));
    out.flush();
  }

  /** p, where time grows like size to the p between two points. */
  static double power(Map.Entry<Integer, Double> from, Map.Entry<Integer, Double> to) {
    return Math.log(to.getValue() / from.getValue())
        / Math.log((double) to.getKey() / from.getKey());
  }
}
