package io.mgnm.ops;

/**
 * Equation (10): {@code y = z + encoder(z)} along the positions of every capsule's sequence, with
 * one set of weights for all levels and interests.
 */
public interface SequenceEncoder {

  /** How many values the weights have; their order is the implementing contract's. */
  int weights();

  /**
   * Room for whatever {@link #backward} needs of {@link #forward} beside z and y; only this
   * operation reads it.
   */
  Tensor tape(Batch batch, Lifetime lifetime);

  /**
   * @param z capsules of {@link Axis#ITEMS}, width d
   * @param w {@link Axis#FIXED}, {@link #weights()} values in all
   * @param y capsules of {@link Axis#ITEMS}, width d, written
   * @param tape written
   */
  void forward(Batch batch, Tensor z, Tensor w, Tensor y, Tensor tape);

  /**
   * @param y as {@link #forward} wrote it
   * @param tape as {@link #forward} wrote it
   * @param dY the derivative by y
   * @param dZ written: dY and what comes back through the encoder
   * @param dW written: the sum over the batch
   */
  void backward(
      Batch batch, Tensor z, Tensor w, Tensor y, Tensor tape, Tensor dY, Tensor dZ, Tensor dW);

  /**
   * Refuses weights of another size, or sequences of another width.
   *
   * @param capsules z and whatever has its shape
   * @throws IllegalArgumentException with what was expected and what came
   */
  static void check(
      String operation,
      int d,
      int weights,
      Tensor w,
      int tapeWidth,
      Tensor tape,
      Tensor... capsules) {
    Arguments.block(operation, "w", w, weights);
    Arguments.capsules(operation, "tape", tape, Axis.ITEMS, tapeWidth);
    for (Tensor tensor : capsules) {
      Arguments.capsules(operation, "z, y, dY or dZ", tensor, Axis.ITEMS, d);
    }
  }
}
