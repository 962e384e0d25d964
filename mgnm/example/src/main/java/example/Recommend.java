package example;

import io.mgnm.recommend.Recommendation;
import io.mgnm.recommend.Recommender;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A trained run inside another program. */
public final class Recommend {
  private Recommend() {}

  /** The ten best items after a history. */
  public static List<String> next(Path run, List<String> history) throws IOException {
    try (Recommender recommender = Recommender.open(run)) {
      Recommendation answer = recommender.recommend(history, 10);
      float[][] interests = recommender.interests(history); // for a vector index
      float[] item = recommender.itemVector(answer.items().getFirst().id());
      System.out.println(interests.length + " interests of " + item.length + " values");
      return answer.items().stream().map(Recommendation.Item::id).toList();
    }
  }
}
