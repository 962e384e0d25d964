package io.mgnm.train;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.model.ModelConfig;
import io.mgnm.model.Parameters;
import io.mgnm.model.WeightLayout;
import io.mgnm.ops.BiLstm;
import io.mgnm.ops.Philox;
import io.mgnm.ops.TransformerEncoder;
import java.util.Arrays;

/**
 * The parameters before the first step, drawn on the host by counter, so that they are the same for
 * every backend.
 *
 * <p>U is normal with deviation {@code init.user_std}. The rest is Glorot uniform, ±√(6/(in +
 * out)): W, W_i, W'_i with (d, d), the LSTM's matrices by gate, V with (M, d) unless {@code
 * init.item_std} gives a deviation. Biases are 0, the forget gate's 1; a norm's gain is 1.
 */
final class InitialValues {
  // What the counter of a draw names as its tensor.
  private static final int USERS = 0;
  private static final int ITEMS = 1;
  private static final int WEIGHTS = 2;

  private final Settings settings;
  private final ModelConfig config;
  private final long seed;

  InitialValues(Settings settings) {
    this.settings = settings;
    this.config = ModelConfig.of(settings);
    this.seed = settings.whole(Key.SEED);
  }

  /** Fills all parameters; the unseen user's row is 0 until it is known. */
  void fill(Parameters p) {
    int d = config.d();
    float[] users = new float[p.users().size()];
    normal(users, 0, p.unseenUser() * d, settings.real(Key.INIT_USER_STD), USERS);
    p.users().upload(users);

    float[] items = new float[p.items().size()];
    double deviation = settings.real(Key.INIT_ITEM_STD);
    if (deviation > 0) {
      normal(items, 0, items.length, deviation, ITEMS);
    } else {
      uniform(items, 0, items.length, glorot(p.items().rows(), d), ITEMS);
    }
    p.items().upload(items);

    float[] weights = new float[p.layout().size()];
    for (String name : new String[] {"graph", "projection", "interest"}) {
      WeightLayout.Part part = p.layout().part(name);
      uniform(weights, part.offset(), part.size(), glorot(d, d), WEIGHTS);
    }
    encoder(weights, p.layout().part("encoder").offset());
    p.weights().upload(weights);
  }

  private void encoder(float[] weights, int begin) {
    switch (config.encoder()) {
      case BILSTM -> lstm(weights, begin, new BiLstm.Options(config.d(), false));
      case BILSTM_PROJECTED -> lstm(weights, begin, new BiLstm.Options(config.d(), true));
      case TRANSFORMER ->
          transformer(
              weights, begin, new TransformerEncoder.Options(config.d(), config.truncation()));
      case NONE -> {}
    }
  }

  private void lstm(float[] weights, int begin, BiLstm.Options lstm) {
    int h = lstm.hidden();
    for (int direction = 0; direction < 2; direction++) {
      int input = begin + lstm.inputWeights(direction);
      uniform(weights, input, 4 * h * lstm.d(), glorot(lstm.d(), h), WEIGHTS);
      int hidden = begin + lstm.hiddenWeights(direction);
      uniform(weights, hidden, 4 * h * h, glorot(h, h), WEIGHTS);
      int forget = begin + lstm.bias(direction) + h;
      Arrays.fill(weights, forget, forget + h, 1f);
    }
    if (lstm.projected()) {
      uniform(
          weights, begin + lstm.projection(), 2 * h * lstm.d(), glorot(2 * h, lstm.d()), WEIGHTS);
    }
  }

  private void transformer(float[] weights, int begin, TransformerEncoder.Options block) {
    int d = block.d();
    uniform(weights, begin, block.attention(), glorot(block.maxLength(), d), WEIGHTS);
    for (int matrix = 0; matrix < 4; matrix++) {
      uniform(
          weights, begin + block.attention() + matrix * (d * d + d), d * d, glorot(d, d), WEIGHTS);
    }
    int first = begin + block.feedForward();
    uniform(weights, first, 2 * d * d, glorot(d, 2 * d), WEIGHTS);
    uniform(weights, first + 2 * d * d + 2 * d, 2 * d * d, glorot(2 * d, d), WEIGHTS);
    for (int gain : new int[] {begin + block.firstNorm(), begin + block.secondNorm()}) {
      Arrays.fill(weights, gain, gain + d, 1f);
    }
  }

  private static double glorot(double in, double out) {
    return Math.sqrt(6 / (in + out));
  }

  private void uniform(float[] values, int from, int count, double limit, int tensor) {
    int[] words = new int[4];
    for (int i = from; i < from + count; i++) {
      if (i == from || i % 4 == 0) {
        Philox.words(seed, Philox.INITIAL_VALUE, tensor, 0, i / 4, words);
      }
      values[i] = (float) ((2 * unit(words[i % 4]) - 1) * limit);
    }
  }

  /** Box and Muller's transform of two words a value; strict, so that every machine draws alike. */
  private void normal(float[] values, int from, int count, double deviation, int tensor) {
    int[] words = new int[4];
    for (int i = from; i < from + count; i++) {
      Philox.words(seed, Philox.INITIAL_VALUE, tensor, 0, i, words);
      double radius = Math.sqrt(-2 * StrictMath.log(unit(words[0])));
      double angle = 2 * Math.PI * unit(words[1]);
      values[i] = (float) (deviation * radius * StrictMath.cos(angle));
    }
  }

  /** A word as a number between 0 and 1, neither included. */
  private static double unit(int word) {
    return (Integer.toUnsignedLong(word) + 0.5) * 0x1p-32;
  }
}
