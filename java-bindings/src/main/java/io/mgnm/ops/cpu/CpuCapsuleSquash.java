package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.FLOATS;
import static io.mgnm.ops.cpu.Lanes.LANES;
import static io.mgnm.ops.cpu.Lanes.STEP;

import io.mgnm.ops.CapsuleSquash;
import io.mgnm.ops.Tensor;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Rows in tiles of 16, one row a lane: a tile is turned on its side into a buffer of d × 16, worked
 * on, and turned back. Inside the model the same arithmetic ({@link #squash}) runs on capsules that
 * already lie in lanes.
 */
final class CpuCapsuleSquash implements CapsuleSquash {
  private static final int TILES_A_PIECE = 64;

  private final CpuBackend backend;

  CpuCapsuleSquash(CpuBackend backend) {
    this.backend = backend;
  }

  @Override
  public void forward(Tensor vectors, Tensor outputs) {
    CapsuleSquash.check("forward", vectors, outputs);
    CpuTensor v = backend.own(vectors);
    CpuTensor o = backend.own(outputs);
    float[][] tiles = new float[backend.workers().size()][v.width() * LANES];
    shareOut(
        v.rows(),
        (first, rows, worker) -> {
          float[] tile = tiles[worker];
          load(v, first, rows, tile);
          squash(tile, 0, v.width(), tile);
          store(tile, o, first, rows);
        });
  }

  @Override
  public void backward(Tensor vectors, Tensor outputGradients, Tensor vectorGradients) {
    CapsuleSquash.check("backward", vectors, outputGradients, vectorGradients);
    CpuTensor v = backend.own(vectors);
    CpuTensor dO = backend.own(outputGradients);
    CpuTensor dV = backend.own(vectorGradients);
    int d = v.width();
    float[][] tiles = new float[2 * backend.workers().size()][d * LANES];
    shareOut(
        v.rows(),
        (first, rows, worker) -> {
          float[] tile = tiles[2 * worker];
          float[] gradient = tiles[2 * worker + 1];
          load(v, first, rows, tile);
          load(dO, first, rows, gradient);
          squashBackward(tile, gradient, 0, d, gradient);
          store(gradient, dV, first, rows);
        });
  }

  /** Squashes 16 vectors, {@code [d][16]} from {@code at} on in both arrays, which may be one. */
  static void squash(float[] v, int at, int d, float[] o) {
    for (int p = at; p < at + LANES; p += STEP) {
      FloatVector phi = factor(norm(v, p, d));
      for (int k = 0; k < d; k++) {
        FloatVector.fromArray(FLOATS, v, k * LANES + p).mul(phi).intoArray(o, k * LANES + p);
      }
    }
  }

  /** v̇ of 16 vectors, {@code [d][16]} from {@code at} on in all arrays; dV may be dO. */
  static void squashBackward(float[] v, float[] dO, int at, int d, float[] dV) {
    for (int p = at; p < at + LANES; p += STEP) {
      FloatVector r = norm(v, p, d);
      FloatVector phi = factor(r);
      FloatVector inverse = reciprocalOrZero(r);
      FloatVector along = FloatVector.zero(FLOATS); // e · ȯ
      for (int k = 0; k < d; k++) {
        along =
            FloatVector.fromArray(FLOATS, v, k * LANES + p)
                .mul(inverse)
                .fma(FloatVector.fromArray(FLOATS, dO, k * LANES + p), along);
      }
      FloatVector scale = along.mul(radial(r));
      for (int k = 0; k < d; k++) {
        int place = k * LANES + p;
        FloatVector e = FloatVector.fromArray(FLOATS, v, place).mul(inverse);
        FloatVector result = FloatVector.fromArray(FLOATS, dO, place).mul(phi);
        e.fma(scale, result).intoArray(dV, place);
      }
    }
  }

  /** φ(r) = r / (1 + r²), written so that r² cannot overflow: 1 / (r + 1/r) for r above 1. */
  static FloatVector factor(FloatVector r) {
    FloatVector one = FloatVector.broadcast(FLOATS, 1f);
    FloatVector small = r.div(r.fma(r, one));
    FloatVector large = one.div(r.add(one.div(r)));
    return small.blend(large, r.compare(VectorOperators.GT, 1f));
  }

  /**
   * r·φ'(r) = r (1 − r²) / (1 + r²)². With 1/r for r it only changes sign, so the argument is kept
   * at most 1 and nothing overflows.
   */
  static FloatVector radial(FloatVector r) {
    FloatVector one = FloatVector.broadcast(FLOATS, 1f);
    VectorMask<Float> isLarge = r.compare(VectorOperators.GT, 1f);
    FloatVector s = r.blend(one.div(r), isLarge);
    FloatVector square = s.mul(s);
    FloatVector denominator = square.add(1f);
    FloatVector result = s.div(denominator).mul(one.sub(square).div(denominator));
    return result.blend(result.neg(), isLarge);
  }

  /** 1/r, and 0 where r is 0 or too small to have a reciprocal. */
  static FloatVector reciprocalOrZero(FloatVector r) {
    FloatVector inverse = FloatVector.broadcast(FLOATS, 1f).div(r);
    return inverse.blend(0f, r.compare(VectorOperators.LT, Float.MIN_NORMAL));
  }

  /**
   * |v| of {@code STEP} lanes of a {@code [d][16]} tile, from components divided by the largest so
   * that no square overflows or vanishes.
   */
  static FloatVector norm(float[] tile, int p, int d) {
    FloatVector largest = FloatVector.zero(FLOATS);
    for (int k = 0; k < d; k++) {
      FloatVector magnitude = FloatVector.fromArray(FLOATS, tile, k * LANES + p).abs();
      // Not max: a NaN must win, so that it reaches the result.
      largest = largest.blend(magnitude, magnitude.compare(VectorOperators.LE, largest).not());
    }
    FloatVector inverse = reciprocalOrZero(largest);
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int k = 0; k < d; k++) {
      FloatVector scaled = FloatVector.fromArray(FLOATS, tile, k * LANES + p).mul(inverse);
      sum = scaled.fma(scaled, sum);
    }
    return sum.sqrt().mul(largest);
  }

  private interface Tile {
    void run(int firstRow, int rows, int worker);
  }

  private void shareOut(int rows, Tile tile) {
    int piece = TILES_A_PIECE * LANES;
    Workers.Pieces pieces =
        (number, worker) -> {
          int end = Math.min(rows, (number + 1) * piece);
          for (int first = number * piece; first < end; first += LANES) {
            tile.run(first, Math.min(LANES, end - first), worker);
          }
        };
    backend.whole(() -> backend.workers().run((rows + piece - 1) / piece, pieces));
  }

  private static void load(CpuTensor from, int first, int rows, float[] tile) {
    int d = from.width();
    float[] source = from.array();
    for (int lane = 0; lane < LANES; lane++) {
      int row = from.offset() + (first + lane) * d;
      for (int k = 0; k < d; k++) {
        tile[k * LANES + lane] = lane < rows ? source[row + k] : 0;
      }
    }
  }

  private static void store(float[] tile, CpuTensor to, int first, int rows) {
    int d = to.width();
    float[] target = to.array();
    for (int lane = 0; lane < rows; lane++) {
      int row = to.offset() + (first + lane) * d;
      for (int k = 0; k < d; k++) {
        target[row + k] = tile[k * LANES + lane];
      }
    }
  }
}
