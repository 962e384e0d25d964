package io.mgnm.eval;

import io.mgnm.data.Dataset;
import io.mgnm.ops.Histories;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Some samples with their histories and candidates.
 *
 * @param data the data set
 * @param samples sample numbers
 * @param width candidates of each sample, padding included; 0 where the catalogue is ranked
 * @param candidates samples × width item rows, the target first
 * @param counts real candidates of each sample
 * @param keepSeen whether earlier items of the user count when the catalogue is ranked
 */
public record Block(
    Dataset data, int[] samples, int width, int[] candidates, int[] counts, boolean keepSeen) {

  /** Draws the candidates of samples, on all cores. */
  static Block sampled(Dataset data, int[] samples, CandidateLists lists) {
    int width = lists.width();
    int[] candidates = new int[Math.multiplyExact(samples.length, width)];
    int[] counts = new int[samples.length];
    IntStream.range(0, samples.length)
        .parallel()
        .forEach(i -> counts[i] = lists.draw(samples[i], candidates, i * width));
    return new Block(data, samples, width, candidates, counts, true);
  }

  /** Samples whose targets are ranked among the whole catalogue. */
  static Block full(Dataset data, int[] samples, boolean keepSeen) {
    return new Block(data, samples, 0, new int[0], new int[samples.length], keepSeen);
  }

  /** How many samples. */
  public int size() {
    return samples.length;
  }

  /** The target of sample i of the block. */
  public int target(int i) {
    return data.item(data.sampleEvent(samples[i]));
  }

  /** The user of sample i of the block. */
  public int user(int i) {
    return data.sampleUser(samples[i]);
  }

  /** The last {@code most} items before the target of sample i, oldest first. */
  public int[] history(int i, int most) {
    int end = data.sampleEvent(samples[i]);
    int begin = Math.max(data.userBegin(user(i)), end - most);
    return IntStream.range(begin, end).map(data::item).toArray();
  }

  /** Items before the target of sample i, ascending and distinct, without the target. */
  public int[] earlier(int i) {
    int target = target(i);
    return IntStream.of(history(i, Integer.MAX_VALUE))
        .filter(item -> item != target)
        .sorted()
        .distinct()
        .toArray();
  }

  /**
   * The block as the model is fed.
   *
   * @param users the user row of each sample
   * @param truncation items of a history, at most
   */
  Histories histories(int[] users, int truncation) {
    int[] offsets = new int[size() + 1];
    int[][] each = new int[size()][];
    for (int i = 0; i < size(); i++) {
      each[i] = history(i, truncation);
      offsets[i + 1] = offsets[i] + each[i].length;
    }
    int[] items = new int[offsets[size()]];
    for (int i = 0; i < size(); i++) {
      System.arraycopy(each[i], 0, items, offsets[i], each[i].length);
    }
    return new Histories(
        samples, users, offsets, items, Arrays.copyOf(candidates, candidates.length));
  }
}
