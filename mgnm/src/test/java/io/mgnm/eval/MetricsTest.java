package io.mgnm.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class MetricsTest {

  @Test
  void aTargetAloneAtRankThree() {
    Metrics metrics = new Metrics(Ties.AVERAGE);
    metrics.add(2, 0);
    assertThat(metrics.means())
        .containsEntry("hit@5", 1.0)
        .containsEntry("ndcg@5", 0.5)
        .containsEntry("mrr@5", 1.0 / 3)
        .containsEntry("hit@10", 1.0);
  }

  @Test
  void tiesAreTheMeanOverAllOrders() {
    for (int greater = 0; greater < 12; greater++) {
      for (int equal = 0; equal < 12; equal++) {
        double hit = 0;
        double ndcg = 0;
        double mrr = 0;
        for (int place = 0; place <= equal; place++) {
          int rank = greater + place + 1;
          hit += rank <= 10 ? 1 : 0;
          ndcg += rank <= 10 ? 1 / (Math.log(rank + 1) / Math.log(2)) : 0;
          mrr += rank <= 10 ? 1.0 / rank : 0;
        }
        Metrics metrics = new Metrics(Ties.AVERAGE);
        metrics.add(greater, equal);
        assertThat(metrics.means().get("hit@10")).isCloseTo(hit / (equal + 1), within(1e-12));
        assertThat(metrics.means().get("ndcg@10")).isCloseTo(ndcg / (equal + 1), within(1e-12));
        assertThat(metrics.means().get("mrr@10")).isCloseTo(mrr / (equal + 1), within(1e-12));
      }
    }
  }

  @Test
  void optimisticAndPessimisticAreTheEnds() {
    Metrics best = new Metrics(Ties.OPTIMISTIC);
    best.add(0, 7);
    assertThat(best.means()).containsEntry("hit@5", 1.0).containsEntry("mrr@5", 1.0);
    Metrics worst = new Metrics(Ties.PESSIMISTIC);
    worst.add(0, 7);
    assertThat(worst.means()).containsEntry("hit@5", 0.0).containsEntry("mrr@10", 1.0 / 8);
  }

  @Test
  void areasAreWeighted() {
    Metrics metrics = new Metrics(Ties.AVERAGE);
    metrics.addArea(1, 30);
    metrics.addArea(0.5, 10);
    assertThat(metrics.means().get("gauc")).isCloseTo(0.875, within(1e-12));
  }

  @Test
  void nothingAddedIsNotANumber() {
    assertThat(new Metrics(Ties.AVERAGE).means().values()).allMatch(v -> v.isNaN());
  }
}
