package io.mgnm.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.mgnm.data.Dataset;
import io.mgnm.data.DatasetPreparation;
import io.mgnm.data.Part;
import io.mgnm.data.PrepareOptions;
import io.mgnm.data.Split;
import io.mgnm.data.SyntheticInteractions;
import io.mgnm.data.SyntheticTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluatorTest {
  @TempDir private Path folder;
  private Dataset data;

  /** By time, so that users have several test samples. */
  @BeforeEach
  void prepare() throws IOException {
    Path table = folder.resolve("table.tsv");
    SyntheticTable.write(
        new SyntheticInteractions(
            new SyntheticInteractions.Options(300, 200, 9000, 10, 2, 0.05, 0.1, 0.5, 5)),
        table,
        null);
    Path out = folder.resolve("data");
    new DatasetPreparation(PrepareOptions.defaults().withSplit(new Split.Ratio()))
        .prepare(List.of(table), out);
    data = Dataset.open(out);
  }

  @AfterEach
  void close() {
    data.close();
  }

  @Test
  void randomIsWhereArithmeticPutsIt() {
    Metrics metrics = evaluate(EvaluationOptions.sampled(Part.TEST, 49), new RandomScorer(1));
    double p = 5.0 / 50;
    double deviation = Math.sqrt(p * (1 - p) / metrics.samples());
    assertThat(metrics.means().get("hit@5")).isCloseTo(p, within(4 * deviation));
    assertThat(metrics.means().get("gauc")).isCloseTo(0.5, within(0.03));
  }

  @Test
  void informedScorersBeatRandom() {
    EvaluationOptions options = EvaluationOptions.sampled(Part.TEST, 49);
    double random = evaluate(options, new RandomScorer(1)).ndcg5();
    assertThat(evaluate(options, new PopularityScorer(data)).ndcg5()).isGreaterThan(1.3 * random);
    assertThat(evaluate(options, new CoOccurrenceScorer(data)).ndcg5()).isGreaterThan(2 * random);
  }

  @Test
  void pooledMetricsAreThoseOfTheDefinition() {
    EvaluationOptions options = new EvaluationOptions(Part.TEST, 20, true, Ties.AVERAGE, true);
    Scorer coarse = new Coarse(); // many equal scores
    Metrics metrics = evaluate(options, coarse);

    Map<Integer, List<Float>> positives = new LinkedHashMap<>();
    Map<Integer, List<Float>> negatives = new LinkedHashMap<>();
    CandidateLists lists = new CandidateLists(data, 20, 20_220_711);
    int[] drawn = new int[21];
    for (int s = data.partBegin(Part.TEST); s < data.partEnd(Part.TEST); s++) {
      int count = lists.draw(s, drawn, 0);
      int user = data.sampleUser(s);
      positives.computeIfAbsent(user, u -> new ArrayList<>()).add(Coarse.of(drawn[0]));
      for (int c = 1; c < count; c++) {
        negatives.computeIfAbsent(user, u -> new ArrayList<>()).add(Coarse.of(drawn[c]));
      }
    }
    Metrics expected = new Metrics(Ties.AVERAGE);
    positives.forEach(
        (user, own) -> {
          float best = own.stream().max(Float::compare).orElseThrow();
          List<Float> others = negatives.get(user);
          int greater = (int) others.stream().filter(o -> o > best).count();
          int equal = (int) others.stream().filter(o -> o == best).count();
          expected.add(greater, equal);
          double area = 0;
          for (float positive : own) {
            for (float other : others) {
              area += positive > other ? 1 : positive == other ? 0.5 : 0;
            }
          }
          double pairs = (double) own.size() * others.size();
          expected.addArea(area / pairs, own.size() + others.size());
        });
    expected
        .means()
        .forEach(
            (name, value) ->
                assertThat(metrics.means().get(name)).as(name).isCloseTo(value, within(1e-12)));
    assertThat(metrics.samples()).isEqualTo(positives.size());
  }

  @Test
  void theWholeCatalogueIsTheLimitOfDrawnNegatives() {
    Scorer coarse = new Coarse();
    EvaluationOptions all =
        new EvaluationOptions(Part.TEST, data.items(), true, Ties.AVERAGE, false);
    EvaluationOptions full =
        new EvaluationOptions(Part.TEST, EvaluationOptions.FULL, false, Ties.AVERAGE, false);
    Map<String, Double> drawn = evaluate(all, coarse).means();
    Map<String, Double> ranked = evaluate(full, coarse).means();
    for (String name : List.of("hit@5", "ndcg@5", "mrr@5", "hit@10", "ndcg@10", "mrr@10")) {
      assertThat(ranked.get(name)).as(name).isCloseTo(drawn.get(name), within(1e-12));
    }
    Evaluation evaluation = new Evaluator(data, all).evaluate(List.of(coarse));
    assertThat(evaluation.shortLists()).isEqualTo(evaluation.samples());
  }

  @Test
  void everyRankIsToldOnce() {
    List<Integer> told = new ArrayList<>();
    new Evaluator(data, EvaluationOptions.sampled(Part.VALIDATION, 10))
        .listening((scorer, sample, greater, equal) -> told.add(sample))
        .evaluate(List.of(new Coarse()));
    assertThat(told)
        .doesNotHaveDuplicates()
        .hasSize(data.partEnd(Part.VALIDATION) - data.partBegin(Part.VALIDATION));
  }

  @Test
  void aScoreThatIsNotANumberIsAnError() {
    Scorer broken =
        new Coarse() {
          @Override
          public void score(Block block, float[] scores) {
            super.score(block, scores);
            scores[3] = Float.NaN;
          }
        };
    assertThatThrownBy(() -> evaluate(EvaluationOptions.sampled(Part.TEST, 10), broken))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("not a number");
  }

  private Metrics evaluate(EvaluationOptions options, Scorer scorer) {
    return new Evaluator(data, options).evaluate(List.of(scorer)).metrics().get(scorer.name());
  }

  /** Few distinct scores, so that ties are common. */
  private static class Coarse implements Scorer {
    static float of(int item) {
      return item * 7 % 13;
    }

    @Override
    public String name() {
      return "coarse";
    }

    @Override
    public void score(Block block, float[] scores) {
      for (int c = 0; c < scores.length; c++) {
        scores[c] = of(block.candidates()[c]);
      }
    }

    @Override
    public void rank(Block block, int[] counts) {
      for (int i = 0; i < block.size(); i++) {
        int target = block.target(i);
        int[] excluded = block.keepSeen() ? new int[0] : block.earlier(i);
        for (int item = 0; item < block.data().items(); item++) {
          if (item != target && Arrays.binarySearch(excluded, item) < 0) {
            counts[2 * i] += of(item) > of(target) ? 1 : 0;
            counts[2 * i + 1] += of(item) == of(target) ? 1 : 0;
          }
        }
      }
    }
  }
}
