package io.mgnm.train;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.data.Dataset;
import io.mgnm.data.Part;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.Scope;
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
            ? thresholds(counts, catalogue, settings.real(Key.NEGATIVES_EXPONENT))
            : new int[0];
    return new BatchSampling.Samples(
        ints(scope, data.itemsOfEvents()),
        ints(scope, data.userOffsets()),
        ints(scope, data.sampleUsers(Part.TRAIN)),
        ints(scope, data.sampleEvents(Part.TRAIN)),
        ints(scope, catalogue),
        ints(scope, weights));
  }

  /** Cumulative shares of counts to a power, as unsigned 32-bit thresholds. */
  private static int[] thresholds(int[] counts, int[] catalogue, double exponent) {
    double total = 0;
    for (int item : catalogue) {
      total += StrictMath.pow(counts[item], exponent); // strict: the draws depend on its bits
    }
    int[] thresholds = new int[catalogue.length];
    double sum = 0;
    for (int i = 0; i < catalogue.length; i++) {
      sum += StrictMath.pow(counts[catalogue[i]], exponent);
      thresholds[i] = (int) Math.min(0xFFFFFFFFL, (long) (sum / total * 0x1p32));
    }
    return thresholds;
  }

  private static IntTensor ints(Scope scope, int[] values) {
    IntTensor tensor = scope.ints(values.length);
    tensor.upload(values);
    return tensor;
  }
}
