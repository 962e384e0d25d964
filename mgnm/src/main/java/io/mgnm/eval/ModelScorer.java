package io.mgnm.eval;

import io.mgnm.model.Parameters;
import io.mgnm.model.ScoringStep;
import io.mgnm.ops.Backend;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.RaggedIds;
import io.mgnm.ops.Scope;
import io.mgnm.ops.TopK;
import java.util.function.IntUnaryOperator;

/** The model on its backend. Not for several threads: a backend is used by one at a time. */
public final class ModelScorer implements Scorer, AutoCloseable {
  private final Backend backend;
  private final Parameters parameters;
  private final ScoringStep step;
  private final IntUnaryOperator userRow;
  private long nanos;
  private long histories;

  /**
   * @param userRow the parameter row of a user of the data set
   * @param step with room for the blocks to come
   */
  public ModelScorer(
      Backend backend, Parameters parameters, ScoringStep step, IntUnaryOperator userRow) {
    this.backend = backend;
    this.parameters = parameters;
    this.step = step;
    this.userRow = userRow;
  }

  @Override
  public String name() {
    return "model";
  }

  @Override
  public void score(Block block, float[] scores) {
    long start = System.nanoTime();
    encode(block);
    float[] all = step.scores();
    System.arraycopy(all, 0, scores, 0, all.length);
    count(block, start);
  }

  @Override
  public void rank(Block block, int[] counts) {
    long start = System.nanoTime();
    encode(block);
    int n = block.size();
    int[] offsets = new int[n + 1];
    int[][] earlier = new int[n][];
    int capacity = step.batch().shape().histories();
    int[] targets = new int[capacity]; // row 0 where the last block has no history
    for (int i = 0; i < n; i++) {
      targets[i] = block.target(i);
      earlier[i] = block.keepSeen() ? new int[0] : block.earlier(i);
      offsets[i + 1] = offsets[i] + earlier[i].length;
    }
    try (Scope scope = backend.scope("ranking")) {
      IntTensor targetIds = scope.ints(capacity);
      targetIds.upload(targets);
      IntTensor results = scope.ints(3 * capacity);
      RaggedIds excluded = scope.raggedIds(n, offsets[n]);
      int[] ids = new int[offsets[n]];
      for (int i = 0; i < n; i++) {
        System.arraycopy(earlier[i], 0, ids, offsets[i], earlier[i].length);
      }
      excluded.upload(offsets, ids);
      backend
          .topK(
              new TopK.Options(
                  step.config().readout().attention(), step.config().readout().readout()))
          .rank(step.batch(), step.interests(), parameters.items(), excluded, targetIds, results);
      int[] values = results.download();
      for (int i = 0; i < n; i++) {
        if (values[3 * i + 2] != 0) {
          throw new ArithmeticException("the model gave a score that is not a number");
        }
        counts[2 * i] = values[3 * i];
        counts[2 * i + 1] = values[3 * i + 1];
      }
    }
    count(block, start);
  }

  private void encode(Block block) {
    int[] users = new int[block.size()];
    for (int i = 0; i < users.length; i++) {
      users[i] = userRow.applyAsInt(block.user(i));
    }
    step.run(block.histories(users, step.config().truncation()));
  }

  private void count(Block block, long start) {
    nanos += System.nanoTime() - start;
    histories += block.size();
  }

  /** Histories encoded and scored in a second, drawing candidates not counted. */
  public double historiesPerSecond() {
    return histories / (nanos * 1e-9);
  }

  @Override
  public void close() {
    step.close();
  }
}
