package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.LANES;

import io.mgnm.ops.TransformerEncoder;
import java.util.Arrays;

/**
 * What the forward and the backward of the transformer block share for one worker: places in the
 * tape, the attention, and the group at hand.
 *
 * <p>The tape of a position: q, k, v and the context (d rows each), the first norm's normalised
 * values (d), the feed-forward's hidden values before GELU (2d), the second norm's (d), the factor
 * of each norm (1 each), and for each head the largest score and 1 / the sum of its exponentials.
 *
 * <p>What stands behind a lane's end in z is taken as 0, and keys there have the weight 0, so that
 * nothing of it reaches a live position or a sum over lanes.
 */
class CpuTransformerBlock {
  static final int HEADS = TransformerEncoder.HEADS;

  final TransformerEncoder.Options options;
  final int d;
  final float[] w;
  final int wAt;
  final int step; // of positions in the tape
  final int q = 0;
  final int k;
  final int v;
  final int context;
  final int firstNormal;
  final int hidden;
  final int secondNormal;
  final int firstScale;
  final int secondScale;
  final int stats;
  final LaneAttention attention;
  final float[] lengths = new float[LANES];
  final float[] x; // z + p, or 0 behind a lane's end

  static int tapeWidth(int d) {
    return 8 * d + 2 + 2 * HEADS;
  }

  CpuTransformerBlock(TransformerEncoder.Options options, int maxLength, CpuTensor weights) {
    this.options = options;
    this.d = options.d();
    this.w = weights.array();
    this.wAt = weights.offset();
    int vector = d * LANES;
    step = tapeWidth(d) * LANES;
    k = vector;
    v = 2 * vector;
    context = 3 * vector;
    firstNormal = 4 * vector;
    hidden = 5 * vector;
    secondNormal = 7 * vector;
    firstScale = 8 * vector;
    secondScale = firstScale + LANES;
    stats = secondScale + LANES;
    attention = new LaneAttention(d / HEADS, maxLength);
    x = new float[maxLength * vector];
  }

  /** Where the weights of q, k, v or o (0 to 3) begin. */
  int attentionWeights(int which) {
    return options.attention() + which * (d * d + d);
  }

  /** Where W2 begins. */
  int secondLayer() {
    return options.feedForward() + 2 * d * d + 2 * d;
  }

  /** Sets the lanes' lengths; whether one is shorter than the group. */
  boolean measure(MicroBatch micro, int group) {
    Arrays.fill(lengths, micro.groupLength(group));
    return LaneRows.ragged(micro, group, lengths);
  }

  /** {@code x = z + p[length − 1 − t]}. */
  void position(float[] z, int zAt, int n) {
    LaneRows.copyAlive(z, zAt, x, 0, d, n, lengths, 0);
    for (int t = 0; t < n; t++) {
      for (int lane = 0; lane < LANES; lane++) {
        int fromEnd = (int) lengths[lane] - 1 - t;
        if (fromEnd >= 0) {
          for (int i = 0; i < d; i++) {
            x[(t * d + i) * LANES + lane] += w[wAt + fromEnd * d + i];
          }
        }
      }
    }
  }
}
