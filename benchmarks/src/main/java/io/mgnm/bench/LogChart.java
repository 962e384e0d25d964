package io.mgnm.bench;

import java.util.Collections;
import java.util.Locale;
import java.util.Map;

/** A curve on logarithmic axes as SVG: what a straight line is, is a power. */
final class LogChart {
  private static final int WIDTH = 560;
  private static final int HEIGHT = 340;
  private static final int LEFT = 70;
  private static final int BOTTOM = 40;
  private static final int TOP = 40;
  private static final int RIGHT = 20;

  private final int left;
  private final int right;
  private final int low;
  private final int high;
  private final StringBuilder svg = new StringBuilder();

  private LogChart(Map<Integer, Double> points) {
    left = (int) Math.floor(Math.log10(Collections.min(points.keySet())));
    right = Math.max(left + 1, (int) Math.ceil(Math.log10(Collections.max(points.keySet()))));
    low = (int) Math.floor(Math.log10(Collections.min(points.values())));
    high = Math.max(low + 1, (int) Math.ceil(Math.log10(Collections.max(points.values()))));
  }

  /**
   * A picture.
   *
   * @param title above it
   * @param points positive, in order
   */
  static String svg(String title, Map<Integer, Double> points) {
    return new LogChart(points).draw(title, points);
  }

  private String draw(String title, Map<Integer, Double> points) {
    add(
        String.format(
            Locale.ROOT,
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d'",
            WIDTH,
            HEIGHT));
    add(" font-family='sans-serif' font-size='12'>\n");
    add(String.format(Locale.ROOT, "<rect width='%d' height='%d' fill='white'/>\n", WIDTH, HEIGHT));
    add(String.format(Locale.ROOT, "<text x='%d' y='20' font-size='14'>%s</text>\n", LEFT, title));
    for (int decade = left; decade <= right; decade++) {
      double x = x(Math.pow(10, decade));
      line(x, TOP, x, HEIGHT - BOTTOM);
      add(
          String.format(
              Locale.ROOT, "<text x='%.1f' y='%d' text-anchor='middle'>", x, HEIGHT - BOTTOM + 18));
      add(String.format(Locale.ROOT, "%s</text>\n", number(decade)));
    }
    for (int decade = low; decade <= high; decade++) {
      double y = y(Math.pow(10, decade));
      line(LEFT, y, WIDTH - RIGHT, y);
      add(String.format(Locale.ROOT, "<text x='%d' y='%.1f' text-anchor='end'>", LEFT - 6, y + 4));
      add(String.format(Locale.ROOT, "%s</text>\n", number(decade)));
    }
    add("<polyline fill='none' stroke='#0057b8' stroke-width='2' points='");
    points.forEach((size, time) -> add(String.format(Locale.ROOT, "%.1f,%.1f ", x(size), y(time))));
    add("'/>\n");
    points.forEach(
        (size, time) ->
            add(
                String.format(
                    Locale.ROOT,
                    "<circle cx='%.1f' cy='%.1f' r='3' fill='#0057b8'/>\n",
                    x(size),
                    y(time))));
    return add("</svg>\n").svg.toString();
  }

  private void line(double x1, double y1, double x2, double y2) {
    add(
        String.format(
            Locale.ROOT,
            "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='#ddd'/>\n",
            x1,
            y1,
            x2,
            y2));
  }

  private static String number(int decade) {
    return decade < 0
        ? String.format(Locale.ROOT, "%." + -decade + "f", Math.pow(10, decade))
        : String.format(Locale.ROOT, "%,d", Math.round(Math.pow(10, decade)));
  }

  private double x(double value) {
    return LEFT + (Math.log10(value) - left) / (right - left) * (WIDTH - LEFT - RIGHT);
  }

  private double y(double value) {
    return HEIGHT - BOTTOM - (Math.log10(value) - low) / (high - low) * (HEIGHT - BOTTOM - TOP);
  }

  private LogChart add(String text) {
    svg.append(text);
    return this;
  }
}
