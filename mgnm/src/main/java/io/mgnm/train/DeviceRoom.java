package io.mgnm.train;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.data.BadInputException;
import io.mgnm.data.Dataset;
import io.mgnm.eval.Evaluator;
import io.mgnm.model.ModelConfig;
import io.mgnm.model.Optimizer;
import io.mgnm.model.Parameters;
import io.mgnm.model.ScoringStep;
import io.mgnm.model.TrainingStep;
import io.mgnm.ops.Backend;
import io.mgnm.ops.Backend.DeviceMemory;
import io.mgnm.ops.Scope;
import java.util.Optional;

/**
 * How a training fits a device's memory, worked out before anything of it is taken: with the whole
 * batch at once, in parts where the settings allow that, or not.
 */
final class DeviceRoom {
  private static final long MIB = 1 << 20;

  private DeviceRoom() {}

  /**
   * In how many parts a batch must go through the network: 1 where it fits, else the least power of
   * two that makes it fit, so that a little memory more or less seldom changes the result.
   *
   * @throws BadInputException where it does not fit: with what it needs, what is free, and which
   *     setting to lower to what
   */
  static int parts(Backend backend, Dataset data, Settings settings) {
    Optional<DeviceMemory> all = memory(backend, data, settings, 1);
    if (all.isEmpty() || fits(all.get())) {
      return 1;
    }
    if (settings.flag(Key.MEMORY_FIT)) {
      for (int parts = 2; parts / 2 < settings.integer(Key.BATCH); parts *= 2) {
        if (fits(memory(backend, data, settings, parts).orElseThrow())) {
          return parts;
        }
      }
    }
    throw doesNotFit(backend, data, settings, all.get());
  }

  private static BadInputException doesNotFit(
      Backend backend, Dataset data, Settings settings, DeviceMemory memory) {
    DeviceMemory least = memory(backend, data, settings.with(Key.BATCH, 1), 1).orElseThrow();
    String remedy;
    if (fits(least)) {
      // What grows with the batch grows with it in proportion.
      long rest = memory.needed() - least.needed();
      long room = least.free() - least.needed();
      int batch = (int) Math.max(1, (settings.integer(Key.BATCH) - 1L) * room / rest);
      while (batch > 1 && !fits(memory(backend, data, settings.with(Key.BATCH, batch), 1).get())) {
        batch -= Math.ceilDiv(batch, 8);
      }
      remedy = "lower batch from %d to %d".formatted(settings.integer(Key.BATCH), batch);
      if (!settings.flag(Key.MEMORY_FIT)) {
        remedy += ", or set memory.fit: true";
      }
    } else {
      remedy =
          ("lower model.d (%d) or truncation (%d), or use --backend cpu: with batch 1 it still needs"
                  + " %d MiB")
              .formatted(
                  settings.integer(Key.D), settings.integer(Key.TRUNCATION), mib(least.needed()));
    }
    return BadInputException.option(
        "a training that fits the %d MiB of device memory that are free"
            .formatted(memory.free() / MIB),
        "one that needs " + mib(memory.needed()) + " MiB",
        remedy + ".");
  }

  private static boolean fits(DeviceMemory memory) {
    return memory.needed() <= memory.free();
  }

  private static long mib(long bytes) {
    return Math.ceilDiv(bytes, MIB);
  }

  private static Optional<DeviceMemory> memory(
      Backend backend, Dataset data, Settings settings, int parts) {
    return backend.deviceMemory(
        () -> {
          try (Scope scope = backend.scope("model")) {
            Parameters parameters =
                Parameters.allocate(scope, ModelConfig.of(settings), data.items(), data.users());
            Optimizer optimizer = Optimizer.allocate(scope, parameters);
            try (TrainingStep training =
                    new TrainingStep(
                        backend,
                        settings,
                        parameters,
                        optimizer,
                        TrainingSamples.upload(scope, data, settings),
                        scope.stepState(),
                        parts);
                ScoringStep validation = validation(backend, settings, parameters)) {
              assert training != null && validation != null;
            }
          }
        });
  }

  /** The step that validates. */
  static ScoringStep validation(Backend backend, Settings settings, Parameters parameters) {
    return new ScoringStep(
        backend,
        settings,
        parameters,
        Evaluator.BLOCK,
        1 + settings.integer(Key.VALIDATION_CANDIDATES));
  }
}
