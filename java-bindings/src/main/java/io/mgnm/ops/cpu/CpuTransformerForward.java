package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.LANES;

import io.mgnm.ops.TransformerEncoder;

/** The forward of {@link CpuTransformerEncoder} for one worker. */
final class CpuTransformerForward extends CpuTransformerBlock {
  private final CpuTensor zs;
  private final CpuTensor ys;
  private final CpuTensor tapes;
  private final float[] sum; // of a residual and what is added to it
  private final float[] inner; // of the feed-forward
  private final float[] bias; // of a layer, in all lanes

  CpuTransformerForward(
      TransformerEncoder.Options options,
      int maxLength,
      CpuTensor z,
      CpuTensor w,
      CpuTensor y,
      CpuTensor tape) {
    super(options, maxLength, w);
    this.zs = z;
    this.ys = y;
    this.tapes = tape;
    sum = new float[maxLength * d * LANES];
    inner = new float[maxLength * 2 * d * LANES];
    bias = new float[2 * d * LANES];
  }

  void run(MicroBatch micro) {
    float[] z = zs.array(micro);
    float[] y = ys.array(micro);
    float[] tape = tapes.array(micro);
    for (int g = 0; g < micro.groups(); g++) {
      int n = micro.groupLength(g);
      int row = micro.groupPosition(g) * LANES;
      int tapeAt = tapes.base(micro) + row * (step / LANES);
      boolean ragged = measure(micro, g);
      int zAt = zs.base(micro) + row * d;
      position(z, zAt, n);
      attend(tape, tapeAt, n);
      feedForward(tape, tapeAt, n);
      int yAt = ys.base(micro) + row * d;
      output(tape, tapeAt, z, zAt, y, yAt, n);
      if (ragged) {
        LaneRows.copyAlive(y, yAt, y, yAt, d, n, lengths, 0);
      }
    }
  }

  /** The first half of the block, up to the normalised values of the first norm. */
  private void attend(float[] tape, int at, int n) {
    int vector = d * LANES;
    for (int which = 0; which < 3; which++) {
      layer(x, 0, vector, attentionWeights(which), d, d, tape, at + which * vector, step, n);
    }
    for (int head = 0; head < HEADS; head++) {
      int offset = at + head * (vector / HEADS);
      attention.forward(
          tape,
          offset + q,
          offset + k,
          offset + v,
          offset + context,
          at + stats + 2 * head * LANES,
          step,
          n,
          lengths);
    }
    layer(tape, at + context, step, attentionWeights(3), d, d, sum, 0, vector, n);
    LaneRows.add(x, 0, sum, 0, sum, 0, n * d);
    LaneNorm.forward(
        sum, d, TransformerEncoder.EPSILON, tape, at + firstNormal, at + firstScale, step, n);
  }

  /** The second half, up to the normalised values of the second norm. */
  private void feedForward(float[] tape, int at, int n) {
    int vector = d * LANES;
    LaneNorm.scale(tape, at + firstNormal, step, n, d, w, wAt + options.firstNorm(), x, 0);
    layer(x, 0, vector, options.feedForward(), d, 2 * d, tape, at + hidden, step, n);
    for (int t = 0; t < n; t++) {
      Gelu.forward(tape, at + t * step + hidden, inner, 2 * t * vector, 2 * vector);
    }
    layer(inner, 0, 2 * vector, secondLayer(), 2 * d, d, sum, 0, vector, n);
    LaneRows.add(x, 0, sum, 0, sum, 0, n * d);
    LaneNorm.forward(
        sum, d, TransformerEncoder.EPSILON, tape, at + secondNormal, at + secondScale, step, n);
  }

  private void output(float[] tape, int at, float[] z, int zAt, float[] y, int yAt, int n) {
    LaneNorm.scale(tape, at + secondNormal, step, n, d, w, wAt + options.secondNorm(), y, yAt);
    LaneRows.add(z, zAt, y, yAt, y, yAt, n * d);
  }

  /** {@code to = from · W + b}, with W[in][out] and b behind it. */
  private void layer(
      float[] from,
      int fromAt,
      int fromStep,
      int weight,
      int in,
      int out,
      float[] to,
      int toAt,
      int toStep,
      int n) {
    LaneRows.fill(w, wAt + weight + in * out, out, bias);
    LaneProducts.multiply(
        bias, 0, 0, from, fromAt, fromStep, w, wAt + weight, in, out, to, toAt, toStep, n);
  }
}
