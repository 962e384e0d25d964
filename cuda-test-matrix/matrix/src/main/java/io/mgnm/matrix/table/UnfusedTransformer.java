package io.mgnm.matrix.table;

import static io.mgnm.ops.TransformerEncoder.EPSILON;
import static io.mgnm.ops.TransformerEncoder.HEADS;

import io.mgnm.ops.TransformerEncoder.Options;
import java.util.ArrayList;
import java.util.List;

/**
 * The block of {@code transformer_encoder}, operator by operator, of sequences {@code
 * [sequence][1][position][d]} of one length. What the forward makes is kept for the backward.
 */
final class UnfusedTransformer {
  private final int n;
  private final int d;
  private final float scale;
  private final Array positions; // as they are added: those of the last item last
  private final Linear query;
  private final Linear key;
  private final Linear value;
  private final Linear output;
  private final Norm firstNorm;
  private final Linear widen;
  private final Linear narrow;
  private final Norm secondNorm;

  private Array x;
  private Array q;
  private Array k;
  private Array v;
  private Array attention;
  private Array merged;
  private Array middle; // s
  private Array wide;
  private Array active;
  private Array positionGradients;

  UnfusedTransformer(Eager eager, Options options, float[] weights) {
    n = options.maxLength();
    d = options.d();
    int width = d / HEADS;
    scale = (float) (1 / Math.sqrt(width));
    positions = eager.of(reversed(weights), n, d);
    Array all = eager.of(weights, weights.length);
    int linear = d * d + d;
    query = new Linear(all, options.attention(), d, d);
    key = new Linear(all, options.attention() + linear, d, d);
    value = new Linear(all, options.attention() + 2 * linear, d, d);
    output = new Linear(all, options.attention() + 3 * linear, d, d);
    firstNorm = new Norm(all, options.firstNorm(), d);
    widen = new Linear(all, options.feedForward(), d, 2 * d);
    narrow = new Linear(all, options.feedForward() + 2 * d * d + 2 * d, 2 * d, d);
    secondNorm = new Norm(all, options.secondNorm(), d);
  }

  /** The first n rows of d values, the last one first. */
  private float[] reversed(float[] rows) {
    float[] result = new float[n * d];
    for (int t = 0; t < n; t++) {
      System.arraycopy(rows, t * d, result, (n - 1 - t) * d, d);
    }
    return result;
  }

  Array forward(Array z) {
    x = z.plus(positions);
    q = heads(query.forward(x));
    k = heads(key.forward(x));
    v = heads(value.forward(x));
    Array scores = q.matmul(k.transposed());
    Array scaled = scores.times(scale);
    attention = scaled.softmax(3);
    merged = merged(attention.matmul(v));
    scores.release();
    scaled.release();
    middle = firstNorm.forward(x.plus(output.forward(merged)));
    wide = widen.forward(middle);
    active = wide.map(Pointwise.GELU, 0);
    return z.plus(secondNorm.forward(middle.plus(narrow.forward(active))));
  }

  Array backward(Array dY) {
    Array sum = secondNorm.backward(dY);
    Array dWide = narrow.backward(active, sum).times(wide.map(Pointwise.GELU_SLOPE, 0));
    Array dMiddle = sum.plus(widen.backward(middle, dWide));
    Array attended = firstNorm.backward(dMiddle);
    Array dHeads = heads(output.backward(merged, attended));
    Array dValue = merged(attention.transposed().matmul(dHeads));
    Array dAttention = dHeads.matmul(v.transposed());
    Array products = dAttention.times(attention);
    Array centred = dAttention.minus(products.sum(3));
    Array dScores = attention.times(centred).times(scale);
    Array dQuery = merged(dScores.matmul(k));
    Array dKey = merged(dScores.transposed().matmul(q));
    Array dX =
        attended
            .plus(query.backward(x, dQuery))
            .plus(key.backward(x, dKey))
            .plus(value.backward(x, dValue));
    positionGradients = dX.reshape(1, 1, dX.size(0), n * d).sumOverRows();
    return dY.plus(dX);
  }

  /** By all weights, in their order. */
  float[] weightGradients() {
    List<float[]> parts = new ArrayList<>();
    parts.add(reversed(positionGradients.download()));
    for (Linear each : List.of(query, key, value, output)) {
      each.addGradients(parts);
    }
    firstNorm.addGradients(parts);
    widen.addGradients(parts);
    narrow.addGradients(parts);
    secondNorm.addGradients(parts);
    float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int place = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, place, part.length);
      place += part.length;
    }
    return all;
  }

  /** {@code [sequence][head][position][d / 2]}. */
  private Array heads(Array rows) {
    return rows.reshape(rows.size(0), n, HEADS, d / HEADS).permute(0, 2, 1, 3);
  }

  private Array merged(Array heads) {
    return heads.permute(0, 2, 1, 3).reshape(heads.size(0), 1, n, d);
  }

  private static Array rows(Array array) {
    int width = array.size(3);
    return array.reshape(array.elements() / width, width);
  }

  /** {@code x·W + b}. */
  private static final class Linear {
    private final Array w;
    private final Array b;
    private Array dW;
    private Array dB;

    Linear(Array weights, int begin, int in, int out) {
      w = weights.slice(3, begin, in * out).reshape(in, out);
      b = weights.slice(3, begin + in * out, out).reshape(1, out);
    }

    Array forward(Array x) {
      Array rows = rows(x).matmul(w).plus(b);
      return rows.reshape(x.size(0), x.size(1), x.size(2), w.size(3));
    }

    Array backward(Array x, Array gradient) {
      dW = rows(x).productOverRows(rows(gradient));
      dB = rows(gradient).sumOverRows();
      return rows(gradient)
          .matmul(w.transposed())
          .reshape(x.size(0), x.size(1), x.size(2), x.size(3));
    }

    void addGradients(List<float[]> parts) {
      parts.add(dW.download());
      parts.add(dB.download());
    }
  }

  /** Layer normalisation with gain and bias. */
  private static final class Norm {
    private final int d;
    private final Array gain;
    private final Array bias;
    private Array normal;
    private Array inverse;
    private Array dGain;
    private Array dBias;

    Norm(Array weights, int begin, int d) {
      this.d = d;
      gain = weights.slice(3, begin, d).reshape(1, d);
      bias = weights.slice(3, begin + d, d).reshape(1, d);
    }

    private Array mean(Array x) {
      return x.sum(3).times(1f / d);
    }

    Array forward(Array x) {
      Array centred = x.minus(mean(x));
      inverse = mean(centred.times(centred)).plus(EPSILON).sqrt().inverse();
      normal = centred.times(inverse);
      return normal.times(gain).plus(bias);
    }

    Array backward(Array gradient) {
      dGain = rows(gradient.times(normal)).sumOverRows();
      dBias = rows(gradient).sumOverRows();
      Array g = gradient.times(gain);
      Array along = normal.times(mean(g.times(normal)));
      return g.minus(mean(g)).minus(along).times(inverse);
    }

    void addGradients(List<float[]> parts) {
      parts.add(dGain.download());
      parts.add(dBias.download());
    }
  }
}
