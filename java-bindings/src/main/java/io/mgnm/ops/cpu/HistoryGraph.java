package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.LaneMatrix.SQUARE;
import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.GraphConvolution.Normalisation;
import io.mgnm.ops.HadamardSigmoidAdjacency;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The graph of one history at a time, as one worker's scratch: A, D and P, and the way back from
 * P's gradient to items and user. Sigmoids and everything else symmetric are computed on and above
 * the diagonal and mirrored, square by square.
 *
 * <p>Items beyond the history, up to a whole tile, have degree and root 0: their rows and columns
 * of P are 0.
 */
final class HistoryGraph {
  private static final float LEAST = HadamardSigmoidAdjacency.LEAST_LOGIT;

  private final int d;
  private final int componentTiles;
  private int n;
  private int tiles;

  /** Xᵀ, components in lanes. */
  final LaneMatrix xT;

  private final LaneMatrix x;
  private final LaneMatrix weighted; // X diag(u)

  /** A, then P, then its normalised part N. */
  final LaneMatrix operator;

  /** Ṗ or its transpose, then Q. */
  final LaneMatrix gradient;

  private final LaneMatrix rest; // 1 − A on and above the diagonal
  private final LaneMatrix rT; // Rᵀ
  private final float[] user;
  private final float[] degrees;
  private final float[] roots; // D^-½
  private final float[] degreeRoots; // D^½
  private final float[] diagonal; // of N, while P has the identity in it
  private final float[] rho; // ρ, then ½ρ D^-½
  private final float[] userGradient;
  private final float[] columnSums; // 16 partial sums a column
  private final float[] square = new float[SQUARE];

  /**
   * @param longest items of a history, at most
   * @param backward whether there will be a way back
   */
  HistoryGraph(int longest, int d, boolean backward) {
    this.d = d;
    componentTiles = LaneMatrix.padded(d) / LANES;
    int padded = LaneMatrix.padded(longest);
    xT = new LaneMatrix(d, longest);
    x = new LaneMatrix(longest, d);
    weighted = new LaneMatrix(longest, d);
    operator = new LaneMatrix(longest, longest);
    gradient = backward ? new LaneMatrix(longest, longest) : null;
    rest = backward ? new LaneMatrix(longest, longest) : null;
    rT = backward ? new LaneMatrix(d, longest) : null;
    user = new float[LaneMatrix.padded(d)];
    userGradient = new float[LaneMatrix.padded(d)];
    degrees = new float[padded];
    roots = new float[padded];
    degreeRoots = new float[padded];
    diagonal = new float[padded];
    rho = new float[padded];
    columnSums = new float[backward ? padded * LANES : 0];
  }

  /** Tiles of items. */
  int tiles() {
    return tiles;
  }

  /** Items, rounded up to whole tiles. */
  int paddedItems() {
    return tiles * LANES;
  }

  /**
   * Takes a history's items and, where there is one, its user; otherwise every u is 1.
   *
   * @param users null for none
   */
  void load(float[] items, int itemBase, int length, float[] users, int userBase) {
    n = length;
    tiles = LaneMatrix.padded(n) / LANES;
    xT.shape(paddedItems());
    xT.loadTransposed(items, itemBase, d, n, d);
    x.transpose(xT, componentTiles, tiles, 0);
    if (users == null) {
      Arrays.fill(user, 0, d, 1);
    } else {
      System.arraycopy(users, userBase, user, 0, d);
    }
    for (int t = 0; t < tiles; t++) {
      for (int k = 0; k < d; k++) {
        int at = x.tile(t) + k * LANES;
        for (int p = 0; p < LANES; p += STEP) {
          at(x.values(), at + p).mul(user[k]).intoArray(weighted.values(), at + p);
        }
      }
    }
    operator.shape(paddedItems());
    if (gradient != null) {
      gradient.shape(paddedItems());
      rest.shape(paddedItems());
      rT.shape(paddedItems());
    }
  }

  /** A, equation (1), and 1 − A where there will be a way back. */
  void adjacency() {
    operator.upperProduct(x, tiles, d, weighted);
    for (int t = 0; t < tiles; t++) {
      int from = operator.tile(t) + t * SQUARE;
      int to = operator.tile(t + 1);
      if (rest == null) {
        sigmoid(operator.values(), from, to);
      } else {
        sigmoidAndRest(operator.values(), rest.values(), from, to);
      }
    }
    for (int i = 0; i < tiles; i++) {
      mirrorDiagonal(operator.values(), operator.tile(i) + i * SQUARE);
      for (int j = i + 1; j < tiles; j++) {
        mirror(operator, i, j);
      }
    }
  }

  private static void sigmoid(float[] a, int from, int to) {
    for (int i = from; i < to; i += STEP) {
      FloatVector s = at(a, i);
      FloatVector e = VectorMath.exp(s.abs().neg());
      FloatVector large = FloatVector.broadcast(FLOATS, 1f).div(e.add(1f));
      FloatVector value = large.blend(e.mul(large), s.compare(VectorOperators.LT, 0f));
      value.blend(0f, s.compare(VectorOperators.LT, LEAST)).intoArray(a, i);
    }
  }

  private static void sigmoidAndRest(float[] a, float[] rest, int from, int to) {
    for (int i = from; i < to; i += STEP) {
      FloatVector s = at(a, i);
      FloatVector e = VectorMath.exp(s.abs().neg());
      FloatVector large = FloatVector.broadcast(FLOATS, 1f).div(e.add(1f));
      FloatVector small = e.mul(large);
      FloatVector value = large.blend(small, s.compare(VectorOperators.LT, 0f));
      FloatVector other = small.blend(large, s.compare(VectorOperators.LT, 0f));
      value.blend(0f, s.compare(VectorOperators.LT, LEAST)).intoArray(a, i);
      other.blend(0f, s.compare(VectorOperators.GT, -LEAST)).intoArray(rest, i);
    }
  }

  /** Makes a square of the diagonal symmetric to the bit. */
  private static void mirrorDiagonal(float[] a, int at) {
    for (int r = 0; r < LANES; r++) {
      for (int c = 0; c < r; c++) {
        a[at + r * LANES + c] = a[at + c * LANES + r];
      }
    }
  }

  private static void mirror(LaneMatrix a, int i, int j) {
    SquareTranspose.turn(a.values(), a.tile(i) + j * SQUARE, a.values(), a.tile(j) + i * SQUARE);
  }

  /**
   * Turns A into P, equation (3).
   *
   * @return Σ A
   */
  float normalise(Normalisation normalisation) {
    Arrays.fill(degrees, 0, paddedItems(), 0);
    Arrays.fill(roots, 0, paddedItems(), 0);
    Arrays.fill(degreeRoots, 0, paddedItems(), 0);
    for (int t = 0; t < tiles; t++) {
      for (int p = 0; p < LANES; p += STEP) {
        sumColumns(operator.values(), operator.tile(t) + p, n, degrees, t * LANES + p);
      }
    }
    float sum = 0;
    for (int i = 0; i < n; i++) {
      sum += degrees[i];
      float degree =
          switch (normalisation) {
            case SYMMETRIC -> degrees[i];
            case KIPF -> degrees[i] + 1;
            case NONE -> 1;
          };
      degreeRoots[i] = (float) Math.sqrt(degree);
      roots[i] = degree == 0 ? 0 : (float) (1 / Math.sqrt(degree));
    }
    for (int t = 0; t < tiles; t++) {
      scale(operator.values(), operator.tile(t), t * LANES);
    }
    for (int i = 0; i < n; i++) {
      int at = operator.row(i) + i * LANES;
      diagonal[i] = operator.values()[at];
      operator.values()[at] +=
          switch (normalisation) {
            case SYMMETRIC -> 1;
            case KIPF -> roots[i] * roots[i];
            case NONE -> 0;
          };
    }
    return sum;
  }

  private static void sumColumns(float[] a, int from, int columns, float[] sums, int to) {
    FloatVector s0 = FloatVector.zero(FLOATS);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int j = 0;
    for (; j + 3 < columns; j += 4) {
      s0 = s0.add(at(a, from + j * LANES));
      s1 = s1.add(at(a, from + (j + 1) * LANES));
      s2 = s2.add(at(a, from + (j + 2) * LANES));
      s3 = s3.add(at(a, from + (j + 3) * LANES));
    }
    for (; j < columns; j++) {
      s0 = s0.add(at(a, from + j * LANES));
    }
    s0.add(s1).add(s2.add(s3)).intoArray(sums, to);
  }

  private void scale(float[] a, int tile, int firstRow) {
    for (int p = 0; p < LANES; p += STEP) {
      FloatVector own = at(roots, firstRow + p);
      for (int j = 0; j < paddedItems(); j++) {
        int at = tile + j * LANES + p;
        at(a, at).mul(own).mul(roots[j]).intoArray(a, at);
      }
    }
  }

  /**
   * Turns {@link #gradient} from Ṗ into Q = ṡ + ṡᵀ, the gradient of the logits and its mirror
   * image.
   *
   * @param l1 weight of Σ A
   */
  void toLogits(Normalisation normalisation, float l1) {
    float[] g = gradient.values();
    for (int i = 0; i < n; i++) {
      operator.values()[operator.row(i) + i * LANES] = diagonal[i];
      // KIPF has the identity inside what is normalised
      boolean own = normalisation == Normalisation.KIPF;
      rho[i] = own ? 2 * g[gradient.row(i) + i * LANES] * roots[i] * roots[i] : 0;
    }
    Arrays.fill(rho, n, paddedItems(), 0);
    Arrays.fill(columnSums, 0, paddedItems() * LANES, 0);
    for (int i = 0; i < tiles; i++) {
      for (int j = i; j < tiles; j++) {
        SquareTranspose.turn(g, gradient.tile(j) + i * SQUARE, square, 0);
        throughOperator(gradient.tile(i) + j * SQUARE, i * LANES, j * SQUARE, i != j);
      }
    }
    boolean scaled = normalisation != Normalisation.NONE;
    for (int i = 0; i < n; i++) {
      rho[i] += Lanes.sum(columnSums, i * LANES);
      rho[i] = scaled ? rho[i] * roots[i] / 2 : 0;
    }
    for (int i = 0; i < tiles; i++) {
      for (int j = i; j < tiles; j++) {
        throughSigmoid(gradient.tile(i) + j * SQUARE, i * LANES, j * LANES, 2 * l1);
        if (i != j) {
          mirror(gradient, i, j);
        }
      }
    }
  }

  /** F = N ⊙ (Ṗ + Ṗᵀ) of a square, and its part of ρ, the sums of F's rows. */
  private void throughOperator(int at, int firstRow, int firstColumn, boolean mirrored) {
    float[] g = gradient.values();
    float[] normalised = operator.values();
    for (int p = 0; p < LANES; p += STEP) {
      FloatVector sum = at(rho, firstRow + p);
      for (int c = p; c < SQUARE; c += LANES) {
        FloatVector f = at(g, at + c).add(at(square, c)).mul(at(normalised, at + c));
        f.intoArray(g, at + c);
        sum = sum.add(f);
        if (mirrored) {
          at(columnSums, firstColumn + c).add(f).intoArray(columnSums, firstColumn + c);
        }
      }
      sum.intoArray(rho, firstRow + p);
    }
  }

  /**
   * Q_ij = (1 − A_ij) [F_ij − N_ij (α_i β_j + α_j β_i − 2θ β_i β_j)] of a square, with α = ½ρ D^-½
   * and β = D^½: N β_i β_j is A, and no 1/D is formed, which might overflow.
   */
  private void throughSigmoid(int at, int firstRow, int firstColumn, float twiceL1) {
    float[] g = gradient.values();
    for (int p = 0; p < LANES; p += STEP) {
      FloatVector alpha = at(rho, firstRow + p);
      FloatVector beta = at(degreeRoots, firstRow + p);
      for (int j = 0; j < LANES; j++) {
        int i = at + j * LANES + p;
        float otherBeta = degreeRoots[firstColumn + j];
        float other = rho[firstColumn + j] - twiceL1 * otherBeta;
        FloatVector byDegrees = beta.mul(other).add(alpha.mul(otherBeta));
        FloatVector inner = at(g, i).sub(at(operator.values(), i).mul(byDegrees));
        inner.mul(at(rest.values(), i)).intoArray(g, i);
      }
    }
  }

  /**
   * R = Q X, and from it the gradients: ẋ = R diag(u), plus what the items have already, and u̇.
   *
   * @param direct transposed, components in lanes; null for none
   * @param dX one row an item from {@code base}, written
   */
  void storeItemGradient(LaneMatrix direct, float[] dX, int base) {
    rT.product(xT, componentTiles, n, gradient, paddedItems(), 0);
    for (int k = 0; k < componentTiles; k++) {
      for (int p = 0; p < LANES; p += STEP) {
        throughProducts(direct, rT.tile(k) + p, k * LANES + p);
      }
    }
    rT.storeTransposed(dX, base, d, n, d);
  }

  private void throughProducts(LaneMatrix direct, int from, int component) {
    float[] r = rT.values();
    FloatVector u = at(user, component);
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int at = from; at < from + n * LANES; at += LANES) {
      FloatVector product = at(r, at);
      sum = product.fma(at(xT.values(), at), sum);
      FloatVector result = product.mul(u);
      if (direct != null) {
        result = result.add(at(direct.values(), at));
      }
      result.intoArray(r, at);
    }
    sum.mul(0.5f).intoArray(userGradient, component);
  }

  /** u̇ = ½ Σ_i x_i R_i, after {@link #storeItemGradient}. */
  void storeUserGradient(float[] dU, int base) {
    System.arraycopy(userGradient, 0, dU, base, d);
  }

  private static FloatVector at(float[] a, int i) {
    return FloatVector.fromArray(FLOATS, a, i);
  }
}
