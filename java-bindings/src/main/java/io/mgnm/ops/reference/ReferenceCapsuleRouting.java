package io.mgnm.ops.reference;

import io.mgnm.ops.Batch;
import io.mgnm.ops.CapsuleRouting;
import io.mgnm.ops.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Equations (6) to (9) and their derivative as the contract has them, one (history, level) at a
 * time: nothing of the routing reaches beyond it. {@code [i][j]} is interest and position.
 */
final class ReferenceCapsuleRouting implements CapsuleRouting {
  private final ReferenceBackend backend;
  private final Precision precision;
  private final Options options;

  ReferenceCapsuleRouting(ReferenceBackend backend, Options options) {
    this.backend = backend;
    this.precision = backend.precision();
    this.options = options;
  }

  private void each(Batch batch, Consumer<RoutedLevel> body) {
    backend.run(() -> RoutedLevel.each(batch, body));
  }

  /** Couplings, weighted sums and outputs of one iteration. */
  private record Iteration(double[][] c, double[][] v, double[][] o) {}

  @Override
  public void before(Batch batch, Tensor projected, Tensor logits, Tensor updated) {
    CapsuleRouting.check("before", batch, List.of(projected), List.of(logits, updated), List.of());
    ReferenceTensor z = ReferenceTensor.of(projected);
    ReferenceTensor start = ReferenceTensor.of(logits);
    ReferenceTensor end = ReferenceTensor.of(updated);
    each(
        batch,
        at -> {
          double[][] g = at.logits(start);
          at.setLogits(end, agreed(at, g, iterate(at, g, z), z));
        });
  }

  @Override
  public void after(Batch batch, Tensor projected, Tensor encoded, Tensor updated, Tensor outputs) {
    Tensor summed = options.summed(projected, encoded);
    CapsuleRouting.check(
        "after", batch, List.of(encoded, summed), List.of(updated), List.of(outputs));
    ReferenceTensor y = ReferenceTensor.of(encoded);
    ReferenceTensor source = ReferenceTensor.of(summed);
    ReferenceTensor start = ReferenceTensor.of(updated);
    ReferenceTensor o = ReferenceTensor.of(outputs);
    each(
        batch,
        at -> {
          List<Iteration> all = iterations(at, at.logits(start), source, y);
          at.setOutputs(o, all.getLast().o);
        });
  }

  @Override
  public void afterBackward(
      Batch batch,
      Tensor projected,
      Tensor encoded,
      Tensor updated,
      Tensor outputGradients,
      Tensor encodedGradients,
      Tensor updatedGradients,
      Tensor projectedGradients) {
    Tensor summed = options.summed(projected, encoded);
    Tensor summedGradients = options.summed(projectedGradients, encodedGradients);
    CapsuleRouting.check(
        "afterBackward",
        batch,
        List.of(encoded, encodedGradients, summed, summedGradients),
        List.of(updated, updatedGradients),
        List.of(outputGradients));
    ReferenceTensor y = ReferenceTensor.of(encoded);
    ReferenceTensor source = ReferenceTensor.of(summed);
    ReferenceTensor start = ReferenceTensor.of(updated);
    ReferenceTensor dO = ReferenceTensor.of(outputGradients);
    ReferenceTensor dY = ReferenceTensor.of(encodedGradients);
    ReferenceTensor dSource = ReferenceTensor.of(summedGradients);
    ReferenceTensor dStart = ReferenceTensor.of(updatedGradients);
    each(
        batch,
        at -> {
          at.clear(dY);
          at.clear(dSource);
          List<Iteration> all = iterations(at, at.logits(start), source, y);
          double[][] gamma = new double[at.interests][at.n];
          for (int t = all.size() - 1; t >= 0; t--) {
            Iteration iteration = all.get(t);
            boolean last = t == all.size() - 1;
            double[][] outputGradient =
                last
                    ? at.outputs(dO)
                    : agreementBackward(
                        at, gamma, iteration, agreement(t, source, y), agreement(t, dSource, dY));
            double[][] dC = iterationBackward(at, iteration, outputGradient, source, dSource);
            if (options.gradient() == Gradient.LAST) {
              break; // the couplings are constants: γ stays 0
            }
            couplingsBackward(gamma, iteration.c, dC);
          }
          at.setLogits(dStart, gamma);
        });
  }

  @Override
  public void beforeBackward(
      Batch batch,
      Tensor projected,
      Tensor logits,
      Tensor updatedGradients,
      Tensor directGradients,
      Tensor projectedGradients) {
    boolean adds = options.encoded() == Encoded.AGREEMENT;
    CapsuleRouting.check(
        "beforeBackward",
        batch,
        List.of(projected, projectedGradients, adds ? directGradients : projectedGradients),
        List.of(logits, updatedGradients),
        List.of());
    ReferenceTensor z = ReferenceTensor.of(projected);
    ReferenceTensor start = ReferenceTensor.of(logits);
    ReferenceTensor dEnd = ReferenceTensor.of(updatedGradients);
    ReferenceTensor dZ = ReferenceTensor.of(projectedGradients);
    ReferenceTensor direct = ReferenceTensor.of(adds ? directGradients : projectedGradients);
    each(
        batch,
        at -> {
          if (adds) {
            at.add(dZ, direct);
          }
          Iteration first = iterate(at, at.logits(start), z);
          double[][] dO = agreementBackward(at, at.logits(dEnd), first, z, dZ);
          iterationBackward(at, first, dO, z, dZ);
        });
  }

  /** What iteration t of {@link #after} agrees with; its first is iteration 2 of all. */
  private ReferenceTensor agreement(int t, ReferenceTensor source, ReferenceTensor y) {
    return t == 0 ? y : source;
  }

  private List<Iteration> iterations(
      RoutedLevel at, double[][] start, ReferenceTensor source, ReferenceTensor y) {
    List<Iteration> all = new ArrayList<>();
    double[][] g = start;
    int count = options.afterEncoder();
    for (int t = 0; t < count; t++) {
      Iteration iteration = iterate(at, g, source);
      all.add(iteration);
      if (t + 1 < count) {
        g = agreed(at, g, iteration, agreement(t, source, y));
      }
    }
    return all;
  }

  /** c = softmax(g) (6), v = Σ c z (8), o = squash(v) (7). */
  private Iteration iterate(RoutedLevel at, double[][] g, ReferenceTensor z) {
    double[][] c = softmax(g);
    double[][] v = new double[at.interests][at.d];
    double[][] o = new double[at.interests][];
    for (int i = 0; i < at.interests; i++) {
      for (int j = 0; j < at.n; j++) {
        for (int k = 0; k < at.d; k++) {
          v[i][k] = precision.store(v[i][k] + c[i][j] * at.get(z, i, j, k));
        }
      }
      o[i] = ReferenceCapsuleSquash.squash(v[i], precision);
    }
    return new Iteration(c, v, o);
  }

  /** g + o · z (9). */
  private double[][] agreed(RoutedLevel at, double[][] g, Iteration iteration, ReferenceTensor z) {
    double[][] next = new double[at.interests][at.n];
    for (int i = 0; i < at.interests; i++) {
      for (int j = 0; j < at.n; j++) {
        next[i][j] = precision.store(g[i][j] + dot(at, iteration.o[i], z, i, j));
      }
    }
    return next;
  }

  /** ȯ = Σ γ z of (9), and ż += γ o. */
  private double[][] agreementBackward(
      RoutedLevel at,
      double[][] gamma,
      Iteration iteration,
      ReferenceTensor z,
      ReferenceTensor dZ) {
    double[][] dO = new double[at.interests][at.d];
    for (int i = 0; i < at.interests; i++) {
      for (int j = 0; j < at.n; j++) {
        for (int k = 0; k < at.d; k++) {
          dO[i][k] = precision.store(dO[i][k] + gamma[i][j] * at.get(z, i, j, k));
          at.add(dZ, i, j, k, gamma[i][j] * iteration.o[i][k]);
        }
      }
    }
    return dO;
  }

  /** v̇ = squash'(v) ȯ, ż += c v̇; returns ċ = z · v̇. */
  private double[][] iterationBackward(
      RoutedLevel at, Iteration iteration, double[][] dO, ReferenceTensor z, ReferenceTensor dZ) {
    double[][] dC = new double[at.interests][at.n];
    for (int i = 0; i < at.interests; i++) {
      double[] dV = ReferenceCapsuleSquash.squashBackward(iteration.v[i], dO[i], precision);
      for (int j = 0; j < at.n; j++) {
        for (int k = 0; k < at.d; k++) {
          at.add(dZ, i, j, k, iteration.c[i][j] * dV[k]);
        }
        dC[i][j] = dot(at, dV, z, i, j);
      }
    }
    return dC;
  }

  /** γ += c (ċ − Σ c ċ). */
  private void couplingsBackward(double[][] gamma, double[][] c, double[][] dC) {
    boolean positions = options.softmax() == Softmax.POSITIONS;
    double[] sum = new double[positions ? c.length : c[0].length];
    for (int i = 0; i < c.length; i++) {
      for (int j = 0; j < c[i].length; j++) {
        int s = positions ? i : j;
        sum[s] = precision.store(sum[s] + c[i][j] * dC[i][j]);
      }
    }
    for (int i = 0; i < c.length; i++) {
      for (int j = 0; j < c[i].length; j++) {
        double change = c[i][j] * precision.store(dC[i][j] - sum[positions ? i : j]);
        gamma[i][j] = precision.store(gamma[i][j] + change);
      }
    }
  }

  /** (6): over the positions of each interest, or over the interests at each position. */
  private double[][] softmax(double[][] g) {
    boolean positions = options.softmax() == Softmax.POSITIONS;
    int sums = positions ? g.length : g[0].length;
    double[] largest = new double[sums];
    Arrays.fill(largest, Double.NEGATIVE_INFINITY);
    for (int i = 0; i < g.length; i++) {
      for (int j = 0; j < g[i].length; j++) {
        int s = positions ? i : j;
        largest[s] = Math.max(largest[s], g[i][j]);
      }
    }
    double[][] c = new double[g.length][g[0].length];
    double[] sum = new double[sums];
    for (int i = 0; i < g.length; i++) {
      for (int j = 0; j < g[i].length; j++) {
        int s = positions ? i : j;
        c[i][j] = precision.store(Math.exp(precision.store(g[i][j] - largest[s])));
        sum[s] = precision.store(sum[s] + c[i][j]);
      }
    }
    for (int i = 0; i < g.length; i++) {
      for (int j = 0; j < g[i].length; j++) {
        c[i][j] = precision.store(c[i][j] / sum[positions ? i : j]);
      }
    }
    return c;
  }

  private double dot(RoutedLevel at, double[] o, ReferenceTensor z, int i, int j) {
    double sum = 0;
    for (int k = 0; k < at.d; k++) {
      sum = precision.store(sum + o[k] * at.get(z, i, j, k));
    }
    return sum;
  }
}
