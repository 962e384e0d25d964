package io.mgnm.train;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.data.Dataset;
import io.mgnm.data.Part;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Tensor;
import java.util.stream.IntStream;

/** Puts a data set's training part into a backend's memory. */
final class TrainingSamples {
  private TrainingSamples() {}

  static BatchSampling.Samples upload(Scope scope, Dataset data, Settings settings) {
    int[] counts = data.trainingCounts();
    boolean popularity = settings.is(Key.NEGATIVES_DISTRIBUTION, "popularity");
    boolean trained = popularity || settings.is(Key.NEGATIVES_CATALOGUE, "train");
    int[] catalogue =
        IntStream.range(0, data.items()).filter(i -> !trained || counts[i] > 0).toArray();
    int[] weights =
        popularity
            ? BatchSampling.Samples.thresholds(
                popularity(counts, catalogue, settings.real(Key.NEGATIVES_EXPONENT)))
            : new int[0];
    return new BatchSampling.Samples(
        ints(scope, data.itemsOfEvents()),
        ints(scope, data.userOffsets()),
        ints(scope, data.sampleUsers(Part.TRAIN)),
        ints(scope, data.sampleEvents(Part.TRAIN)),
        ints(scope, catalogue),
        ints(scope, weights),
        settings.is(Key.NEGATIVES_CORRECTION, "logq")
            ? logQ(scope, BatchSampling.Samples.logProbabilities(data.items(), catalogue, weights))
            : scope.floats(0, 1));
  }

  /** Counts to a power; strict, since the draws depend on its bits. */
  private static double[] popularity(int[] counts, int[] catalogue, double exponent) {
    return IntStream.of(catalogue)
        .mapToDouble(item -> StrictMath.pow(counts[item], exponent))
        .toArray();
  }

  private static Tensor logQ(Scope scope, float[] values) {
    Tensor tensor = scope.floats(values.length, 1);
    tensor.upload(values);
    return tensor;
  }

  private static IntTensor ints(Scope scope, int[] values) {
    IntTensor tensor = scope.ints(values.length);
    tensor.upload(values);
    return tensor;
  }
}
