package io.mgnm.ops.cuda;

import io.mgnm.ops.BatchShape;
import io.mgnm.ops.CapsuleRouting;
import io.mgnm.ops.CapsuleRouting.Encoded;
import io.mgnm.ops.CapsuleRouting.Gradient;
import io.mgnm.ops.CapsuleRouting.Softmax;

/**
 * How a kernel of {@code capsule_routing.cu} divides shared memory: room for the longest history
 * where it fits, so that vectors are read once; else they are read again in each pass. Results do
 * not depend on it.
 *
 * @param units of a block
 * @param threads of a block
 * @param room vectors of a capsule that are held
 * @param stride floats of a capsule's numbers
 * @param bytes dynamic shared memory of a block
 */
record RoutingPlan(int units, int threads, int room, int stride, int bytes) {
  private static final int WARP = 32;
  private static final int MOST_UNITS = 4;
  private static final int MOST_WARPS = 8; // of a unit

  /**
   * What a kernel keeps for each capsule.
   *
   * @param held times room vectors
   * @param numbers times a float for each position
   * @param vectors single vectors
   * @param sums at once
   */
  record Need(int held, int numbers, int vectors, int sums) {
    static Need before() {
      return new Need(1, 2, 1, 1);
    }

    static Need beforeBackward() {
      return new Need(0, 2, 2, 2);
    }

    static Need after(CapsuleRouting.Options options) {
      int tensors = options.encoded() == Encoded.AGREEMENT ? 2 : 1;
      return new Need(options.afterEncoder() > 1 ? tensors : 0, 2, 1, 1);
    }

    static Need afterBackward(CapsuleRouting.Options options) {
      int iterations = options.afterEncoder();
      boolean last = options.gradient() == Gradient.LAST;
      int couplings = last ? 1 : iterations;
      int terms = last ? 1 : 2 * iterations - 1;
      return new Need(
          options.encoded() == Encoded.AGREEMENT && iterations > 1 ? 2 : 1,
          terms + 1,
          iterations > 1 ? 2 * couplings : 1,
          1);
    }
  }

  /**
   * @param shared bytes of shared memory that a block may have
   * @throws IllegalArgumentException where not even the numbers of the longest history fit
   */
  static RoutingPlan of(BatchShape shape, Softmax softmax, Need need, int shared) {
    int sequences = softmax == Softmax.INTERESTS ? shape.interests() : 1;
    int warps = Math.min(MOST_WARPS, sequences);
    int stride = Math.ceilDiv(shape.maxLength(), 4) * 4;
    int padded = Math.ceilDiv(shape.d(), 4) * 4;
    long scratch = (long) warps * need.sums * abreast(padded / 4) * padded;
    long alone =
        Float.BYTES
            * (scratch + sequences * ((long) need.numbers * stride + (long) need.vectors * padded));
    long each = (long) Float.BYTES * sequences * need.held * padded; // a vector of room
    int most = warps == 1 ? MOST_UNITS : 1;
    for (int units = most; units >= 1; units /= 2) {
      if (units * (alone + each * stride) <= shared) {
        return plan(units, warps, stride, stride, units * (alone + each * stride));
      }
    }
    for (int units = most; units >= 1; units /= 2) {
      long room = (shared / units - alone) / Math.max(1, each);
      if (room >= WARP || (units == 1 && room >= 4)) {
        int whole = (int) (room >= WARP ? room / WARP * WARP : 4);
        return plan(units, warps, whole, stride, units * (alone + each * whole));
      }
    }
    throw new IllegalArgumentException(
        "capsule_routing: histories of %d with %d interests and d = %d do not fit this device's %d"
                .formatted(shape.maxLength(), shape.interests(), shape.d(), shared)
            + " bytes of shared memory; use shorter histories or the backend 'cpu'");
  }

  private static RoutingPlan plan(int units, int warps, int room, int stride, long bytes) {
    return new RoutingPlan(
        units, units * warps * WARP, room, stride, Math.toIntExact(Math.max(16, bytes)));
  }

  /** Vectors that a warp takes at once, as lanes allow. */
  private static int abreast(int quads) {
    int quadsALane = Math.ceilDiv(quads, WARP);
    return WARP / Math.ceilDiv(quads, quadsALane);
  }
}
