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
}
