package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.LANES;

import io.mgnm.ops.TransformerEncoder;
import java.util.Arrays;

/** The backward of {@link CpuTransformerEncoder} for one worker. */
final class CpuTransformerBackward extends CpuTransformerBlock {
  private final CpuTensor zs;
  private final CpuTensor tapes;
  private final CpuTensor dYs;
  private final CpuTensor dZs;
  private final CpuTensor dW;

  // Transposed weights, made for every micro-batch.
  private final float[] attentionTransposed; // of q, k, v and o
  private final float[] firstTransposed;
  private final float[] secondTransposed;

  private final LayerGradient[] attentionGradients = new LayerGradient[4]; // of q, k, v and o
  private final LayerGradient first;
  private final LayerGradient second;
  private final float[] normSums; // of gain and bias of the first and the second, lane by lane
  private final float[] dSum; // by what a norm took, then by x
  private final float[] dContext;
  private final float[] dQkv;
  private final float[] inner; // GELU's values, then the derivatives by its arguments
  private final float[] room; // of a position of the feed-forward
  private final float[] zero;
  private final float[] result; // the first norm's

  CpuTransformerBackward(
      TransformerEncoder.Options options,
      int maxLength,
      CpuTensor z,
      CpuTensor w,
      CpuTensor tape,
      CpuTensor dY,
      CpuTensor dZ,
      CpuTensor dW) {
    super(options, maxLength, w);
    this.zs = z;
    this.tapes = tape;
    this.dYs = dY;
    this.dZs = dZ;
    this.dW = dW;
    attentionTransposed = new float[4 * d * d];
    firstTransposed = new float[2 * d * d];
    secondTransposed = new float[2 * d * d];
    Arrays.setAll(attentionGradients, i -> new LayerGradient(attentionWeights(i), d, d));
    first = new LayerGradient(options.feedForward(), d, 2 * d);
    second = new LayerGradient(secondLayer(), 2 * d, d);
    normSums = new float[4 * d * LANES];
    int values = maxLength * d * LANES;
    int square = LANES * LANES; // rows up to a multiple of 16 are read
    dSum = new float[values + square];
    dContext = new float[values];
    dQkv = new float[3 * values + square];
    inner = new float[2 * values + square];
    room = new float[2 * d * LANES];
    zero = new float[2 * d * LANES];
    result = new float[values];
  }

  void run(MicroBatch micro) {
    for (int which = 0; which < 4; which++) {
      LaneProducts.transpose(
          w, wAt + attentionWeights(which), d, d, attentionTransposed, which * d * d);
    }
    LaneProducts.transpose(w, wAt + options.feedForward(), d, 2 * d, firstTransposed, 0);
    LaneProducts.transpose(w, wAt + secondLayer(), 2 * d, d, secondTransposed, 0);
    for (LayerGradient gradient : attentionGradients) {
      gradient.clear();
    }
    first.clear();
    second.clear();
    Arrays.fill(normSums, 0);
    float[] tape = tapes.array(micro);
    float[] slot = dW.slot(micro);
    for (int g = 0; g < micro.groups(); g++) {
      int n = micro.groupLength(g);
      int row = micro.groupPosition(g) * LANES;
      int at = tapes.base(micro) + row * (step / LANES);
      boolean ragged = measure(micro, g);
      LaneRows.copyAlive(dYs.array(micro), dYs.base(micro) + row * d, dSum, 0, d, n, lengths, 0);
      feedForward(tape, at, n);
      attend(tape, at, n, zs.array(micro), zs.base(micro) + row * d);
      positionGradient(n, slot);
      float[] dZ = dZs.array(micro);
      int dZAt = dZs.base(micro) + row * d;
      LaneRows.add(dYs.array(micro), dYs.base(micro) + row * d, dSum, 0, dZ, dZAt, n * d);
      if (ragged) {
        LaneRows.copyAlive(dZ, dZAt, dZ, dZAt, d, n, lengths, 0);
      }
    }
    for (LayerGradient gradient : attentionGradients) {
      gradient.store(slot, dW.offset());
    }
    first.store(slot, dW.offset());
    second.store(slot, dW.offset());
    LaneRows.addLanes(normSums, 0, 2 * d, slot, dW.offset() + options.firstNorm());
    int secondSums = 2 * d * LANES;
    LaneRows.addLanes(normSums, secondSums, 2 * d, slot, dW.offset() + options.secondNorm());
  }

  /** From the derivative by f to that by the first norm's result. */
  private void feedForward(float[] tape, int at, int n) {
    int vector = d * LANES;
    int gain = options.secondNorm();
    LaneNorm.backward(
        tape,
        at + secondNormal,
        at + secondScale,
        step,
        n,
        d,
        w,
        wAt + gain,
        dSum,
        normSums,
        2 * vector);
    for (int t = 0; t < n; t++) {
      Gelu.forward(tape, at + t * step + hidden, inner, 2 * t * vector, 2 * vector);
    }
    LaneNorm.scale(tape, at + firstNormal, step, n, d, w, wAt + options.firstNorm(), result, 0);
    second.add(inner, 0, 2 * vector, dSum, 0, vector, n);
    LaneProducts.multiply(
        zero, 0, 0, dSum, 0, vector, secondTransposed, 0, d, 2 * d, inner, 0, 2 * vector, n);
    for (int t = 0; t < n; t++) {
      Gelu.backward(tape, at + t * step + hidden, inner, 2 * t * vector, 2 * vector, room);
    }
    first.add(result, 0, vector, inner, 0, 2 * vector, n);
    LaneProducts.multiply(
        dSum, 0, vector, inner, 0, 2 * vector, firstTransposed, 0, 2 * d, d, dSum, 0, vector, n);
  }

  /** From the derivative by the first norm's result to that by x. */
  private void attend(float[] tape, int at, int n, float[] z, int zAt) {
    int vector = d * LANES;
    int gain = options.firstNorm();
    LaneNorm.backward(
        tape, at + firstNormal, at + firstScale, step, n, d, w, wAt + gain, dSum, normSums, 0);
    attentionGradients[3].add(tape, at + context, step, dSum, 0, vector, n);
    LaneProducts.multiply(
        zero, 0, 0, dSum, 0, vector, attentionTransposed, 3 * d * d, d, d, dContext, 0, vector, n);
    Arrays.fill(dQkv, 0, 3 * n * vector, 0);
    for (int head = 0; head < HEADS; head++) {
      int offset = head * (vector / HEADS);
      attention.backward(
          tape,
          at + q + offset,
          at + k + offset,
          at + v + offset,
          at + stats + 2 * head * LANES,
          step,
          n,
          lengths,
          dContext,
          offset,
          vector,
          dQkv,
          offset,
          vector + offset,
          2 * vector + offset,
          3 * vector);
    }
    position(z, zAt, n);
    for (int which = 0; which < 3; which++) {
      int from = which * vector;
      attentionGradients[which].add(x, 0, vector, dQkv, from, 3 * vector, n);
      LaneProducts.multiply(
          dSum,
          0,
          vector,
          dQkv,
          from,
          3 * vector,
          attentionTransposed,
          which * d * d,
          d,
          d,
          dSum,
          0,
          vector,
          n);
    }
  }

  /** ṗ, which is the derivative by x of the positions counted from each lane's end. */
  private void positionGradient(int n, float[] slot) {
    for (int t = 0; t < n; t++) {
      for (int lane = 0; lane < LANES; lane++) {
        int fromEnd = (int) lengths[lane] - 1 - t;
        if (fromEnd >= 0) {
          for (int i = 0; i < d; i++) {
            slot[dW.offset() + fromEnd * d + i] += dSum[(t * d + i) * LANES + lane];
          }
        }
      }
    }
  }
}
