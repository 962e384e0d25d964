package io.mgnm.bench;

import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.Scope;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Users with a random past, each of whose last events is a sample with a history of a given length.
 *
 * @param lengths of the histories; user i has length {@code lengths[i mod n]}
 * @param users how many
 * @param items size of the catalogue
 */
record Events(List<Integer> lengths, int users, int items) {

  /** Puts them into a backend's memory. */
  BatchSampling.Samples upload(Scope scope) {
    SplittableRandom random = new SplittableRandom(1);
    int[] offsets = offsets();
    int[] last = IntStream.range(0, users).map(user -> offsets[user + 1] - 1).toArray();
    return new BatchSampling.Samples(
        ints(scope, random.ints(offsets[users], 0, items).toArray()),
        ints(scope, offsets),
        ints(scope, IntStream.range(0, users).toArray()),
        ints(scope, last),
        ints(scope, IntStream.range(0, items).toArray()),
        ints(scope, new int[0]),
        scope.floats(0, 1));
  }

  private int[] offsets() {
    int[] offsets = new int[users + 1];
    for (int user = 0; user < users; user++) {
      offsets[user + 1] = offsets[user] + lengths.get(user % lengths.size()) + 1;
    }
    return offsets;
  }

  /** Mean length of a history. */
  double meanLength() {
    return (offsets()[users] - users) / (double) users;
  }

  private static IntTensor ints(Scope scope, int[] values) {
    IntTensor tensor = scope.ints(values.length);
    tensor.upload(values);
    return tensor;
  }
}
