package io.mgnm.train;

import java.util.Map;

/**
 * Where a run stands.
 *
 * @param step steps done
 * @param bestNdcg the best validation NDCG@5 so far; 0 before the first
 * @param bestEpoch the epoch (from 1) that reached it; 0 before the first
 * @param validatedEpochs epochs that were validated
 * @param sums of the epoch that is running
 */
public record TrainingProgress(
    long step, double bestNdcg, int bestEpoch, int validatedEpochs, Sums sums) {
  /** Nothing done. */
  static final TrainingProgress START = new TrainingProgress(0, 0, 0, 0, Sums.ZERO);

  /**
   * Sums over the histories of an epoch so far.
   *
   * @param loss the ranking loss
   * @param l1 |A|
   */
  public record Sums(double loss, double l1, long histories, long candidates) {
    static final Sums ZERO = new Sums(0, 0, 0, 0);

    double lossPerCandidate() {
      return loss / candidates;
    }

    double l1PerHistory() {
      return l1 / histories;
    }
  }

  void write(Map<String, String> metadata) {
    metadata.put("step", Long.toString(step));
    metadata.put("best_ndcg@5", Double.toString(bestNdcg));
    metadata.put("best_epoch", Integer.toString(bestEpoch));
    metadata.put("validated_epochs", Integer.toString(validatedEpochs));
    metadata.put("epoch_loss", Double.toString(sums.loss));
    metadata.put("epoch_l1", Double.toString(sums.l1));
    metadata.put("epoch_histories", Long.toString(sums.histories));
    metadata.put("epoch_candidates", Long.toString(sums.candidates));
  }

  static TrainingProgress read(Map<String, String> metadata) {
    return new TrainingProgress(
        Long.parseLong(metadata.get("step")),
        Double.parseDouble(metadata.get("best_ndcg@5")),
        Integer.parseInt(metadata.get("best_epoch")),
        Integer.parseInt(metadata.get("validated_epochs")),
        new Sums(
            Double.parseDouble(metadata.get("epoch_loss")),
            Double.parseDouble(metadata.get("epoch_l1")),
            Long.parseLong(metadata.get("epoch_histories")),
            Long.parseLong(metadata.get("epoch_candidates"))));
  }
}
