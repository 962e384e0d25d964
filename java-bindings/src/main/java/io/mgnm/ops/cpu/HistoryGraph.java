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
  private final float[] thetaTerms; // ½ρ D^-½ − 2θ D^½
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
    thetaTerms = new float[padded];
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
          FloatVector.fromArray(FLOATS, x.values(), at + p)
              .mul(user[k])
              .intoArray(weighted.values(), at + p);
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

  /**
   * A, equation (1). Apart from {@link #adjacencyAndRest} so that no method of the two calls exp
   * twice: the compiler stops inlining somewhere, and then allocates the vectors it hands over.
   */
  void adjacency() {
    operator.upperProduct(x, tiles, d, weighted);
    for (int t = 0; t < tiles; t++) {
      sigmoid(operator.values(), operator.tile(t) + t * SQUARE, operator.tile(t + 1));
    }
    mirrorDiagonals();
    mirrorSquares(operator);
  }

  /** A, and 1 − A for the way back. */
  void adjacencyAndRest() {
    operator.upperProduct(x, tiles, d, weighted);
    for (int t = 0; t < tiles; t++) {
      int from = operator.tile(t) + t * SQUARE;
      sigmoidAndRest(operator.values(), rest.values(), from, operator.tile(t + 1));
    }
    mirrorDiagonals();
    mirrorSquares(operator);
  }

  private static void sigmoid(float[] a, int from, int to) {
    for (int i = from; i < to; i += STEP) {
      FloatVector s = FloatVector.fromArray(FLOATS, a, i);
      FloatVector e = VectorMath.exp(s.abs().neg());
      FloatVector large = FloatVector.broadcast(FLOATS, 1f).div(e.add(1f));
      FloatVector value = large.blend(e.mul(large), s.compare(VectorOperators.LT, 0f));
      value.blend(0f, s.compare(VectorOperators.LT, LEAST)).intoArray(a, i);
    }
  }

  private static void sigmoidAndRest(float[] a, float[] rest, int from, int to) {
    for (int i = from; i < to; i += STEP) {
      FloatVector s = FloatVector.fromArray(FLOATS, a, i);
      FloatVector e = VectorMath.exp(s.abs().neg());
      FloatVector large = FloatVector.broadcast(FLOATS, 1f).div(e.add(1f));
      FloatVector small = e.mul(large);
      FloatVector value = large.blend(small, s.compare(VectorOperators.LT, 0f));
      FloatVector other = small.blend(large, s.compare(VectorOperators.LT, 0f));
      value.blend(0f, s.compare(VectorOperators.LT, LEAST)).intoArray(a, i);
      other.blend(0f, s.compare(VectorOperators.GT, -LEAST)).intoArray(rest, i);
    }
  }

  /** Makes the squares of the diagonal symmetric to the bit. */
  private void mirrorDiagonals() {
    float[] a = operator.values();
    for (int t = 0; t < tiles; t++) {
      int at = operator.tile(t) + t * SQUARE;
      for (int r = 0; r < LANES; r++) {
        for (int c = 0; c < r; c++) {
          a[at + r * LANES + c] = a[at + c * LANES + r];
        }
      }
    }
  }

  /** Copies the squares above the diagonal to those below. */
  private void mirrorSquares(LaneMatrix a) {
    for (int i = 0; i < tiles; i++) {
      for (int j = i + 1; j < tiles; j++) {
        SquareTranspose.turn(
            a.values(), a.tile(i) + j * SQUARE, a.values(), a.tile(j) + i * SQUARE);
      }
    }
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
      s0 = s0.add(FloatVector.fromArray(FLOATS, a, from + j * LANES));
      s1 = s1.add(FloatVector.fromArray(FLOATS, a, from + (j + 1) * LANES));
      s2 = s2.add(FloatVector.fromArray(FLOATS, a, from + (j + 2) * LANES));
      s3 = s3.add(FloatVector.fromArray(FLOATS, a, from + (j + 3) * LANES));
    }
    for (; j < columns; j++) {
      s0 = s0.add(FloatVector.fromArray(FLOATS, a, from + j * LANES));
    }
    s0.add(s1).add(s2.add(s3)).intoArray(sums, to);
  }

  private void scale(float[] a, int tile, int firstRow) {
    for (int p = 0; p < LANES; p += STEP) {
      FloatVector own = FloatVector.fromArray(FLOATS, roots, firstRow + p);
      for (int j = 0; j < paddedItems(); j++) {
        int at = tile + j * LANES + p;
        FloatVector.fromArray(FLOATS, a, at).mul(own).mul(roots[j]).intoArray(a, at);
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
    throughOperator();
    boolean scaled = normalisation != Normalisation.NONE;
    for (int i = 0; i < n; i++) {
      rho[i] += Lanes.sum(columnSums, i * LANES);
      rho[i] = scaled ? rho[i] * roots[i] / 2 : 0;
      thetaTerms[i] = rho[i] - 2 * l1 * degreeRoots[i];
    }
    Arrays.fill(thetaTerms, n, paddedItems(), 0);
    throughSigmoid();
    mirrorSquares(gradient);
  }

  /** F = N ⊙ (Ṗ + Ṗᵀ), and ρ, the sums of F's rows, without what is in {@link #columnSums}. */
  private void throughOperator() {
    Arrays.fill(columnSums, 0, paddedItems() * LANES, 0);
    for (int i = 0; i < tiles; i++) {
      for (int j = i; j < tiles; j++) {
        int at = gradient.tile(i) + j * SQUARE;
        SquareTranspose.turn(gradient.values(), gradient.tile(j) + i * SQUARE, square, 0);
        for (int p = 0; p < LANES; p += STEP) {
          symmetrise(gradient.values(), at + p, square, p, operator.values());
          sumRows(gradient.values(), at + p, rho, i * LANES + p);
        }
        if (i != j) { // the rows below the diagonal
          addSquare(gradient.values(), at, columnSums, j * SQUARE);
        }
      }
    }
  }

  private static void symmetrise(float[] g, int at, float[] turned, int from, float[] n) {
    for (int c = 0; c < SQUARE; c += LANES) {
      FloatVector.fromArray(FLOATS, g, at + c)
          .add(FloatVector.fromArray(FLOATS, turned, from + c))
          .mul(FloatVector.fromArray(FLOATS, n, at + c))
          .intoArray(g, at + c);
    }
  }

  private static void sumRows(float[] f, int at, float[] sums, int to) {
    FloatVector sum = FloatVector.fromArray(FLOATS, sums, to);
    for (int c = 0; c < SQUARE; c += LANES) {
      sum = sum.add(FloatVector.fromArray(FLOATS, f, at + c));
    }
    sum.intoArray(sums, to);
  }

  private static void addSquare(float[] f, int at, float[] sums, int to) {
    for (int c = 0; c < SQUARE; c += STEP) {
      FloatVector.fromArray(FLOATS, sums, to + c)
          .add(FloatVector.fromArray(FLOATS, f, at + c))
          .intoArray(sums, to + c);
    }
  }

  /**
   * Q_ij = (1 − A_ij) [F_ij − N_ij (α_i β_j + β_i (α_j − 2θ β_j))], with α = ½ρ D^-½ and β = D^½: N
   * β_i β_j is A, and no 1/D is formed, which might overflow.
   */
  private void throughSigmoid() {
    for (int i = 0; i < tiles; i++) {
      int end = gradient.tile(i) + gradient.tile(1);
      for (int p = 0; p < LANES; p += STEP) {
        bracket(gradient.values(), gradient.tile(i) + i * SQUARE + p, end, i * LANES, p);
      }
      timesRest(gradient.values(), rest.values(), gradient.tile(i) + i * SQUARE, end);
    }
  }

  private void bracket(float[] g, int from, int end, int row, int p) {
    float[] normalised = operator.values();
    FloatVector alpha = FloatVector.fromArray(FLOATS, rho, row + p);
    FloatVector beta = FloatVector.fromArray(FLOATS, degreeRoots, row + p);
    int j = row;
    for (int at = from; at < end; at += LANES) {
      FloatVector byDegrees = beta.mul(thetaTerms[j]).add(alpha.mul(degreeRoots[j]));
      FloatVector.fromArray(FLOATS, g, at)
          .sub(FloatVector.fromArray(FLOATS, normalised, at).mul(byDegrees))
          .intoArray(g, at);
      j++;
    }
  }

  private static void timesRest(float[] g, float[] rest, int from, int end) {
    for (int at = from; at < end; at += STEP) {
      FloatVector.fromArray(FLOATS, g, at)
          .mul(FloatVector.fromArray(FLOATS, rest, at))
          .intoArray(g, at);
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
    FloatVector u = FloatVector.fromArray(FLOATS, user, component);
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int at = from; at < from + n * LANES; at += LANES) {
      FloatVector product = FloatVector.fromArray(FLOATS, r, at);
      sum = product.fma(FloatVector.fromArray(FLOATS, xT.values(), at), sum);
      FloatVector result = product.mul(u);
      if (direct != null) {
        result = result.add(FloatVector.fromArray(FLOATS, direct.values(), at));
      }
      result.intoArray(r, at);
    }
    sum.mul(0.5f).intoArray(userGradient, component);
  }

  /** u̇ = ½ Σ_i x_i R_i, after {@link #storeItemGradient}. */
  void storeUserGradient(float[] dU, int base) {
    System.arraycopy(userGradient, 0, dU, base, d);
  }
}
