package io.mgnm.eval;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Sums of ranking metrics over samples: HIT@k, NDCG@k = 1/log2(rank + 1), MRR@k = 1/rank, each 0
 * where the rank is over k, for k = 5 and 10; and GAUC.
 */
public final class Metrics {
  private static final int[] CUTS = {5, 10};

  private final Ties ties;
  private final double[] hit = new double[CUTS.length];
  private final double[] ndcg = new double[CUTS.length];
  private final double[] mrr = new double[CUTS.length];
  private long samples;
  private double auc;
  private double aucWeight;

  /** Empty sums. */
  public Metrics(Ties ties) {
    this.ties = ties;
  }

  /**
   * Adds one sample.
   *
   * @param greater candidates with a greater score than the target
   * @param equal other candidates with the same score
   */
  public void add(int greater, int equal) {
    int first = ties == Ties.PESSIMISTIC ? greater + equal + 1 : greater + 1;
    int last = ties == Ties.OPTIMISTIC ? greater + 1 : greater + equal + 1;
    samples++;
    for (int c = 0; c < CUTS.length; c++) {
      double hits = 0;
      double gains = 0;
      double reciprocals = 0;
      for (int rank = first; rank <= Math.min(last, CUTS[c]); rank++) {
        hits++;
        gains += Math.log(2) / Math.log(rank + 1.0);
        reciprocals += 1.0 / rank;
      }
      int places = last - first + 1;
      hit[c] += hits / places;
      ndcg[c] += gains / places;
      mrr[c] += reciprocals / places;
    }
  }

  /**
   * Adds one user's area under the ROC curve.
   *
   * @param area 0 to 1
   * @param weight how many candidates were pooled
   */
  public void addArea(double area, double weight) {
    auc += area * weight;
    aucWeight += weight;
  }

  /** Samples added. */
  public long samples() {
    return samples;
  }

  /** NDCG@5, which early stopping looks at. */
  public double ndcg5() {
    return samples == 0 ? 0 : ndcg[0] / samples;
  }

  /** All means by name: {@code hit@5 ndcg@5 mrr@5 hit@10 ndcg@10 mrr@10 gauc}. */
  public Map<String, Double> means() {
    Map<String, Double> means = new LinkedHashMap<>();
    for (int c = 0; c < CUTS.length; c++) {
      means.put("hit@" + CUTS[c], mean(hit[c]));
      means.put("ndcg@" + CUTS[c], mean(ndcg[c]));
      means.put("mrr@" + CUTS[c], mean(mrr[c]));
    }
    means.put("gauc", aucWeight == 0 ? Double.NaN : auc / aucWeight);
    return means;
  }

  private double mean(double sum) {
    return samples == 0 ? Double.NaN : sum / samples;
  }
}
