package io.mgnm.bench;

import io.mgnm.config.Key;
import io.mgnm.config.Preset;
import io.mgnm.config.Settings;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A model and its data, as they are timed.
 *
 * @param name in reports
 * @param settings of the model
 * @param events the histories
 */
record Case(String name, Settings settings, Events events) {
  private static final int USERS = 4096;
  private static final int SMALL = 30;

  /**
   * Lengths like those of the bundled data, mean 47, and of short histories, mean 15: what a user
   * has seen when each of his events is a sample, cut at the last 100.
   */
  private static final List<Integer> DEMO = spread(47);

  private static final List<Integer> SHORT = spread(15);

  /** What {@code bench step} and {@code bench score} time. */
  static List<Case> all() {
    Settings d16 = Settings.of(Preset.DEFAULT).with(Key.INIT_ITEM_STD, 0.1);
    Settings d40 = d16.with(Key.D, 40);
    List<Integer> hundred = List.of(100);
    return List.of(
        new Case("histories of 100, d 16", d16, new Events(hundred, USERS, 20_000)),
        new Case("histories of 100, d 40", d40, new Events(hundred, USERS, 60_000)),
        new Case("the demo's lengths, d 16", d16, new Events(DEMO, USERS, 5_090)),
        new Case("mean 15, d 16", d16, new Events(SHORT, USERS, 10_000)));
  }

  /** Lengths between 1 and 100 with about the mean, most of them short. */
  private static List<Integer> spread(int mean) {
    double power = 100.0 / mean - 1;
    int n = 101; // a prime, so that batches differ
    return IntStream.range(0, n)
        .mapToObj(i -> (int) Math.ceil(100 * Math.pow((i + 0.5) / n, power)))
        .toList();
  }

  /** The same with so many histories a step. */
  Case withHistories(int histories) {
    return new Case(name, settings.with(Key.BATCH, histories), events);
  }

  /**
   * The same with a small batch, for the reference. With Adam's own epsilon the first update is the
   * gradient's sign, which rounding turns round where the gradient is almost 0; a large one keeps
   * the second step comparable. Few histories, but from the shortest to the longest.
   */
  Case small() {
    Settings fewer = settings.with(Key.BATCH, 6).with(Key.TRUNCATION, 12).with(Key.EPSILON, 0.1);
    List<Integer> lengths = events.lengths();
    List<Integer> some =
        IntStream.range(0, SMALL)
            .map(i -> i * lengths.size() / SMALL)
            .mapToObj(lengths::get)
            .toList();
    return new Case(name, fewer, new Events(some, SMALL, 200));
  }
}
