package io.mgnm.bench;

import io.mgnm.config.Key;
import io.mgnm.config.Preset;
import io.mgnm.config.Settings;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * A training step's sizes, at d = 16. It is timed in a JVM of its own, as a training has one: in
 * one that has run other sizes the compiler's choices are those of a mixture.
 *
 * @param length items of each history
 * @param rows of the item table
 * @param interests K
 * @param layers L
 */
record CurvePoint(int length, int rows, int interests, int layers) {
  private static final int ITEMS_A_STEP = 12_800;
  private static final int USERS = 1024;

  /**
   * Seconds a history, on all processors.
   *
   * @param seconds of timing, once the step has become as fast as it will be
   */
  double time(double seconds) throws IOException {
    List<String> arguments =
        List.of("" + length, "" + rows, "" + interests, "" + layers, "" + seconds);
    return Double.parseDouble(ChildJvm.run(List.of(), CurvePoint.class, arguments).strip());
  }

  /** Prints {@link #time}, measured in this JVM, of the components and the seconds. */
  public static void main(String[] arguments) {
    int[] sizes = Arrays.stream(arguments).limit(4).mapToInt(Integer::parseInt).toArray();
    CurvePoint point = new CurvePoint(sizes[0], sizes[1], sizes[2], sizes[3]);
    System.out.println(point.timeHere(Double.parseDouble(arguments[4])));
  }

  private double timeHere(double seconds) {
    Settings settings =
        Settings.of(Preset.DEFAULT)
            .with(Key.INIT_ITEM_STD, 0.1)
            .with(Key.TRUNCATION, length)
            .with(Key.BATCH, Math.clamp(ITEMS_A_STEP / length, 16, 256))
            .with(Key.INTERESTS, interests)
            .with(Key.LAYERS, layers);
    Case what = new Case("curve", settings, new Events(List.of(length), USERS, rows));
    int threads = Runtime.getRuntime().availableProcessors();
    try (Backend backend = Backends.open("cpu", new BackendOptions(threads));
        Workload step = new StepWorkload(backend, what)) {
      Rounds.settle(step, seconds);
      return Rounds.of(List.of(step), seconds).getFirst().median() / step.histories();
    }
  }
}
