package io.mgnm.tune;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HalvingTest {

  private static TrialResult result(int trial, double ndcg, String failure) {
    Map<String, Double> validation = Map.of("ndcg@5", ndcg, "hit@5", 1 - ndcg);
    return new TrialResult(trial, 1, 3, 2, Map.of(), validation, 1, failure);
  }

  @Test
  void rungsAreThirds() {
    assertThat(Halving.rungs(9)).containsExactly(1, 3, 9);
    assertThat(Halving.rungs(50)).containsExactly(6, 17, 50);
    assertThat(Halving.rungs(3)).containsExactly(1, 3);
    assertThat(Halving.rungs(2)).containsExactly(1, 2);
    assertThat(Halving.rungs(1)).containsExactly(1);
  }

  @Test
  void theBetterThirdByValidationGoesOnTheBestFirst() {
    List<TrialResult> rung =
        List.of(
            result(1, 0.1, null),
            result(2, 0.3, null),
            result(3, 0.2, null),
            result(4, 0.3, null),
            result(5, 0.9, "the loss of step 3 is not finite"));
    assertThat(Halving.better(rung)).containsExactly(2, 4);
    assertThat(Halving.better(rung.subList(0, 3))).containsExactly(2);
    assertThat(Halving.better(rung.subList(4, 5))).isEmpty();
  }
}
