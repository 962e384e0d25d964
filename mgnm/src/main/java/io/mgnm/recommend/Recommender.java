package io.mgnm.recommend;

import io.mgnm.data.BadInputException;
import io.mgnm.data.Dataset;
import io.mgnm.model.ScoringStep;
import io.mgnm.ops.Axis;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Histories;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.InterestReadout.Attention;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.RaggedIds;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TopK;
import io.mgnm.recommend.Recommendation.Item;
import io.mgnm.train.RunFolder;
import io.mgnm.train.TrainedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * A trained model that answers. Safe for several threads, which wait for one another.
 *
 * <pre>{@code
 * try (Recommender recommender = Recommender.open(Path.of("run"))) {
 *   for (Recommendation.Item item : recommender.recommend(List.of("17", "4711"), 10).items()) {
 *     System.out.println(item.id() + " " + item.score());
 *   }
 * }
 * }</pre>
 */
public final class Recommender implements AutoCloseable {
  private final Backend backend;
  private final Dataset data;
  private final TrainedModel model;
  private final ScoringStep step;
  private final float[] itemVectors;

  private Recommender(Backend backend, Dataset data, TrainedModel model) {
    this.backend = backend;
    this.data = data;
    this.model = model;
    this.step = model.scoringStep(1, 0);
    this.itemVectors = model.parameters().items().download();
  }

  /**
   * Opens the best model of a run on the best backend that is here, with its data set where it was.
   *
   * @throws BadInputException where there is no such run, or its data set has moved
   */
  public static Recommender open(Path run) throws IOException {
    return open(run, null, "auto", BackendOptions.defaults());
  }

  /**
   * Opens the best model of a run.
   *
   * @param data where the run's data set is now, or null for where it was
   * @param backend {@code auto}, {@code cuda}, {@code cpu} or {@code reference}
   */
  public static Recommender open(Path run, Path data, String backend, BackendOptions options)
      throws IOException {
    RunFolder folder = RunFolder.open(run);
    Dataset dataset = folder.openData(data);
    Backend opened = null;
    try {
      opened = Backends.open(backend, options);
      return new Recommender(opened, dataset, TrainedModel.open(opened, folder, dataset));
    } catch (IOException | RuntimeException e) {
      if (opened != null) {
        opened.close();
      }
      dataset.close();
      throw e;
    }
  }

  /** The data set: its ids and names. */
  public Dataset data() {
    return data;
  }

  /**
   * The k best items after a history of an unknown user, without the items of the history.
   *
   * @param history item ids, oldest first; unknown ones are left out and named in the answer
   * @throws BadInputException where no item of the history is known
   */
  public Recommendation recommend(List<String> history, int k) {
    return recommend(history, k, false);
  }

  /**
   * @param includeSeen whether items of the history may be named again
   */
  public synchronized Recommendation recommend(List<String> history, int k, boolean includeSeen) {
    List<String> unknown = new ArrayList<>();
    int[] items = known(history, unknown);
    return answer(model.userRows().unknown(), items, k, includeSeen, unknown);
  }

  /**
   * The k best items for a user of the data set, after all of that user's events.
   *
   * @throws BadInputException where the user is not in the data set
   */
  public synchronized Recommendation recommendForUser(String user, int k, boolean includeSeen) {
    OptionalInt found = data.findUser(user);
    if (found.isEmpty()) {
      throw BadInputException.option(
          "a user of the data set",
          BadInputException.quote(user),
          "give the items instead: --history a,b,c (the user's vector is then the mean)");
    }
    int row = found.getAsInt();
    int[] items = IntStream.range(data.userBegin(row), data.userEnd(row)).map(data::item).toArray();
    return answer(model.userRows().of(row), items, k, includeSeen, List.of());
  }

  /**
   * The interests of a history: (L + 1) · K vectors of d values, level by level. An item's score
   * for an interest is their inner product, so any index for inner products can search them.
   *
   * @param history item ids, oldest first; unknown ones are left out
   */
  public synchronized float[][] interests(List<String> history) {
    encode(model.userRows().unknown(), known(history, new ArrayList<>()));
    return vectors(step.interests().download());
  }

  /**
   * The vector of an item, of d values.
   *
   * @throws BadInputException where the item is unknown
   */
  public float[] itemVector(String id) {
    OptionalInt item = data.findItem(id);
    if (item.isEmpty()) {
      throw BadInputException.option(
          "an item of the data set", BadInputException.quote(id), "name another");
    }
    int d = step.config().d();
    return Arrays.copyOfRange(itemVectors, item.getAsInt() * d, (item.getAsInt() + 1) * d);
  }

  private int[] known(List<String> history, List<String> unknown) {
    List<Integer> items = new ArrayList<>();
    for (String id : history) {
      data.findItem(id).ifPresentOrElse(items::add, () -> unknown.add(id));
    }
    if (items.isEmpty()) {
      throw BadInputException.option(
          "a history with an item of the data set",
          history.isEmpty() ? "no items" : "only unknown ones: " + String.join(", ", unknown),
          "name items by the ids of the data");
    }
    return items.stream().mapToInt(Integer::intValue).toArray();
  }

  private void encode(int userRow, int[] items) {
    int n = Math.min(items.length, step.config().truncation());
    int[] last = Arrays.copyOfRange(items, items.length - n, items.length);
    step.run(new Histories(new int[] {0}, new int[] {userRow}, new int[] {0, n}, last, new int[0]));
  }

  private Recommendation answer(
      int userRow, int[] items, int k, boolean includeSeen, List<String> unknown) {
    if (k < 1) {
      throw BadInputException.option("k of at least 1", Integer.toString(k), "ask for some items");
    }
    encode(userRow, items);
    int wanted = Math.min(k, data.items());
    int[] excluded = includeSeen ? new int[0] : Arrays.stream(items).sorted().distinct().toArray();
    float[][] interests = vectors(step.interests().download());
    List<Item> answer = new ArrayList<>();
    try (Scope scope = backend.scope("recommendation")) {
      RaggedIds exclusions = scope.raggedIds(1, excluded.length);
      exclusions.upload(new int[] {0, excluded.length}, excluded);
      IntTensor ids = scope.ints(wanted);
      Tensor scores = step.batch().tensor(Axis.HISTORIES, wanted, Lifetime.KEPT);
      backend
          .topK(
              new TopK.Options(
                  step.config().readout().attention(), step.config().readout().readout()))
          .best(
              step.batch(),
              step.interests(),
              model.parameters().items(),
              exclusions,
              wanted,
              ids,
              scores);
      int[] rows = ids.download();
      float[] values = scores.download();
      for (int i = 0; i < wanted && rows[i] >= 0; i++) {
        answer.add(explain(rows[i], values[i], interests));
      }
    }
    return new Recommendation(List.copyOf(answer), List.copyOf(unknown));
  }

  /** Finds the level and interest behind an item's score, (12) to (15) once more. */
  private Item explain(int item, float score, float[][] interests) {
    int interestsOfLevel = step.config().interests();
    int levels = step.config().levels();
    boolean joint = step.config().readout().attention() == Attention.JOINT;
    double bestLevelScore = Double.NEGATIVE_INFINITY;
    int best = 0;
    for (int level = 0; level < levels; level++) {
      double[] products = new double[interestsOfLevel];
      int strongest = 0;
      for (int i = 0; i < interestsOfLevel; i++) {
        products[i] = product(interests[level * interestsOfLevel + i], item);
        strongest = products[i] > products[strongest] ? i : strongest;
      }
      double levelScore = joint ? products[strongest] : attended(products, products[strongest]);
      if (levelScore > bestLevelScore) {
        bestLevelScore = levelScore;
        best = level * interestsOfLevel + strongest;
      }
    }
    return new Item(
        data.itemId(item),
        data.hasItemNames() ? data.itemName(item) : null,
        score,
        best / interestsOfLevel,
        best % interestsOfLevel);
  }

  /** Σ softmax(s)·s. */
  private static double attended(double[] products, double largest) {
    double sum = 0;
    double weighted = 0;
    for (double product : products) {
      double weight = Math.exp(product - largest);
      sum += weight;
      weighted += weight * product;
    }
    return weighted / sum;
  }

  private double product(float[] interest, int item) {
    double sum = 0;
    for (int k = 0; k < interest.length; k++) {
      sum += (double) interest[k] * itemVectors[item * interest.length + k];
    }
    return sum;
  }

  private float[][] vectors(float[] values) {
    int d = step.config().d();
    return IntStream.range(0, values.length / d)
        .mapToObj(i -> Arrays.copyOfRange(values, i * d, (i + 1) * d))
        .toArray(float[][]::new);
  }

  @Override
  public void close() {
    step.close();
    model.close();
    backend.close();
    data.close();
  }
}
