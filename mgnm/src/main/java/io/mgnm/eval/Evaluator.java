package io.mgnm.eval;

import io.mgnm.data.Dataset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Evaluates scorers side by side on the same candidates, block by block, users one after another,
 * so that memory does not grow with the data.
 */
public final class Evaluator {
  /** Samples scored at a time. */
  public static final int BLOCK = 256;

  /** Seed of candidate lists: the same for every model, so that results compare. */
  private static final long SEED = 20_220_711;

  private final Dataset data;
  private final EvaluationOptions options;
  private RankListener listener = (scorer, sample, greater, equal) -> {};
  private IntConsumer progress = samples -> {};

  /** Told of every rank, in the order of samples by user. */
  public interface RankListener {
    void rank(Scorer scorer, int sample, int greater, int equal);
  }

  /** An evaluator of one part of a data set. */
  public Evaluator(Dataset data, EvaluationOptions options) {
    this.data = data;
    this.options = options;
  }

  /** Tells {@code told} of every rank. */
  public Evaluator listening(RankListener told) {
    listener = told;
    return this;
  }

  /** Tells {@code told} how many samples are done. */
  public Evaluator progress(IntConsumer told) {
    progress = told;
    return this;
  }

  /** Evaluates the scorers on all samples of the part. */
  public Evaluation evaluate(List<? extends Scorer> scorers) {
    int[] samples = samplesByUser();
    Map<String, Metrics> metrics = new LinkedHashMap<>();
    List<Tally> tallies = new ArrayList<>();
    for (Scorer scorer : scorers) {
      Metrics own = new Metrics(options.ties());
      metrics.put(scorer.name(), own);
      tallies.add(new Tally(own, options.pooled(), (s, g, e) -> listener.rank(scorer, s, g, e)));
    }
    CandidateLists lists =
        options.full() ? null : new CandidateLists(data, options.negatives(), SEED);
    int shortLists = 0;
    for (int from = 0; from < samples.length; from += BLOCK) {
      int[] some = Arrays.copyOfRange(samples, from, Math.min(from + BLOCK, samples.length));
      Block block =
          options.full()
              ? Block.full(data, some, options.keepSeen())
              : Block.sampled(data, some, lists);
      for (int s = 0; s < scorers.size(); s++) {
        evaluate(block, scorers.get(s), tallies.get(s));
      }
      shortLists += (int) Arrays.stream(block.counts()).filter(c -> c < block.width()).count();
      progress.accept(from + some.length);
    }
    tallies.forEach(Tally::finish);
    return new Evaluation(metrics, samples.length, shortLists);
  }

  private void evaluate(Block block, Scorer scorer, Tally tally) {
    if (options.full()) {
      int[] counts = new int[2 * block.size()];
      scorer.rank(block, counts);
      for (int i = 0; i < block.size(); i++) {
        tally.addRanked(block, i, counts[2 * i], counts[2 * i + 1]);
      }
    } else {
      float[] scores = new float[Math.multiplyExact(block.size(), block.width())];
      scorer.score(block, scores);
      for (int i = 0; i < block.size(); i++) {
        tally.addScored(block, i, scores);
      }
    }
  }

  /** Samples of the part, users one after another, and each user's in the order of the data. */
  private int[] samplesByUser() {
    return IntStream.range(data.partBegin(options.part()), data.partEnd(options.part()))
        .boxed()
        .sorted(
            Comparator.<Integer>comparingInt(data::sampleUser).thenComparingInt(Integer::intValue))
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
