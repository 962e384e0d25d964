package io.mgnm.ops.cuda;

import io.mgnm.cuda.Cublas;
import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.CudnnLstm;
import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.cuda.ElementType;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.BiLstm;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * cuDNN's LSTM over one batch: what lies between its forward and its backward, and the copies into
 * cuDNN's layouts and back. The scope of the batch owns it.
 */
final class CudnnPass {
  private static final String STEM = "bilstm";
  private static final int BLOCK = 128;

  private final CudaBackend backend;
  private final BiLstm.Options options;
  private final CudaBatch batch;
  private final CudaScope scope;
  private final CudnnLstm lstm;
  private final Cublas products; // null where nothing is projected
  private final Map<String, DeviceBuffer> room = new HashMap<>();
  private final DeviceBuffer weights; // in cuDNN's places
  private final DeviceBuffer places; // of each of the contract's weights
  private int rows; // packed ones of the last forward

  CudnnPass(CudaBackend backend, BiLstm.Options options, CudaBatch batch) {
    this.backend = backend;
    this.options = options;
    this.batch = batch;
    this.scope = batch.scope();
    lstm = scope.own(new CudnnLstm(backend.stream(), options.d(), options.hidden()));
    products = options.projected() ? scope.own(new Cublas(backend.stream())) : null;
    weights = scope.allocateFloats(lstm.weightSpace(), "cuDNN: weights");
    places =
        scope.allocateInts(2 * options.directionWeights(), "cuDNN: places of weights").buffer();
    if (!backend.stream().isMeasuring()) { // there are no places without memory
      backend.stream().upload(places, places());
    }
    describeLargest();
  }

  /** So that cuDNN's work spaces have their last size from the start. */
  private void describeLargest() {
    BatchShape shape = batch.shape();
    int[] lengths = new int[Math.multiplyExact(shape.histories(), shape.capsules())];
    if (lengths.length > 0) {
      Arrays.fill(lengths, shape.maxLength());
      lstm.describe(lengths);
    }
  }

  private int[] places() {
    int[] found = new int[2 * options.directionWeights()];
    int d = options.d();
    int h = options.hidden();
    lstm.eachWeight(
        weights,
        (direction, gate, unit, source, place) -> {
          int first;
          if (source < d) {
            first = options.inputWeights(direction) + source * 4 * h;
          } else if (source < d + h) {
            first = options.hiddenWeights(direction) + (source - d) * 4 * h;
          } else {
            first = options.bias(direction);
          }
          found[first + gate * h + unit] = place;
        });
    return found;
  }

  CudaBatch batch() {
    return batch;
  }

  /** y = z + LSTM(z), or its projection. */
  void forward(DeviceBuffer z, DeviceBuffer w, DeviceBuffer y) {
    int[] lengths = batch.lengths();
    int capsules = batch.shape().capsules();
    rows = Math.multiplyExact(Arrays.stream(lengths).sum(), capsules);
    if (rows == 0) {
      return;
    }
    describe(lengths, capsules);
    copyWeights("bilstm_spread", w, weights);
    DeviceBuffer x = packed("x", options.d());
    DeviceBuffer h = packed("h", 2 * options.hidden());
    pack(z, x);
    lstm.forward(weights, x, h);
    if (products == null) {
      unpack(z, h, y);
    } else {
      DeviceBuffer projected = packed("h R", options.d());
      products.multiply(states(h), projection(w), sequences(projected), false);
      unpack(z, projected, y);
    }
  }

  /** dZ = dY + what comes back, and the weights' derivatives; after forward of the same batch. */
  void backward(DeviceBuffer w, DeviceBuffer dY, DeviceBuffer dZ, DeviceBuffer dW) {
    if (rows == 0) {
      backend.stream().clear(dW);
      return;
    }
    DeviceBuffer x = packed("x", options.d());
    DeviceBuffer h = packed("h", 2 * options.hidden());
    DeviceBuffer dX = packed("dX", options.d());
    DeviceBuffer dH = packed("dH", 2 * options.hidden());
    DeviceBuffer dWeights =
        room.computeIfAbsent(
            "dW", label -> scope.allocateScratch(ElementType.FLOAT32, weights.count(), label));
    if (products == null) {
      pack(dY, dH);
    } else {
      DeviceBuffer projected = packed("h R", options.d());
      pack(dY, projected);
      products.multiply(states(h).transpose(), sequences(projected), projection(dW), false);
      products.multiply(sequences(projected), projection(w).transpose(), states(dH), false);
    }
    backend.stream().clear(dWeights);
    lstm.backward(weights, x, h, dH, dX, dWeights);
    copyWeights("bilstm_collect", dWeights, dW);
    unpack(dY, dX, dZ);
  }

  private Cublas.Matrix states(DeviceBuffer packed) {
    return Cublas.Matrix.of(packed, rows, 2 * options.hidden());
  }

  private Cublas.Matrix sequences(DeviceBuffer packed) {
    return Cublas.Matrix.of(packed, rows, options.d());
  }

  /** R, or its derivative. */
  private Cublas.Matrix projection(DeviceBuffer all) {
    int size = 2 * options.hidden() * options.d();
    return Cublas.Matrix.of(
        all.slice(options.projection(), size), 2 * options.hidden(), options.d());
  }

  /** Tells cuDNN and the kernels where each sequence lies: the longest history's first. */
  private void describe(int[] lengths, int capsules) {
    int longest = batch.shape().maxLength();
    int[] first = new int[longest + 2]; // by descending length, histories before those so long
    for (int length : lengths) {
      first[longest - length + 1]++;
    }
    for (int i = 1; i < first.length; i++) {
      first[i] += first[i - 1];
    }
    int[] starts = new int[longest]; // packed rows of a capsule before each position
    for (int t = 1; t < longest; t++) {
      starts[t] = starts[t - 1] + first[longest - t + 1]; // histories longer than t - 1
    }
    int[] rank = new int[batch.shape().histories()];
    int[] sorted = new int[Math.multiplyExact(lengths.length, capsules)];
    for (int history = 0; history < lengths.length; history++) {
      rank[history] = first[longest - lengths[history]]++;
      int from = rank[history] * capsules;
      Arrays.fill(sorted, from, from + capsules, lengths[history]);
    }
    lstm.describe(sorted);
    backend.stream().upload(ints("rank", rank.length), rank);
    backend.stream().upload(ints("starts", starts.length), starts);
  }

  private void pack(DeviceBuffer values, DeviceBuffer packed) {
    CudaKernel kernel = kernel("bilstm_pack");
    backend.launch(
        kernel.prepare(
            sequenceBlocks(),
            values,
            packed,
            batch.offsets(),
            batch.live(),
            batch.shape().capsules(),
            rank(),
            starts()));
  }

  private void unpack(DeviceBuffer base, DeviceBuffer packed, DeviceBuffer sums) {
    CudaKernel kernel = kernel("bilstm_unpack");
    backend.launch(
        kernel.prepare(
            sequenceBlocks(),
            base,
            packed,
            sums,
            batch.offsets(),
            batch.live(),
            batch.shape().capsules(),
            rank(),
            starts()));
  }

  private LaunchShape sequenceBlocks() {
    long sequences = (long) batch.shape().histories() * batch.shape().capsules();
    return LaunchShape.of(backend.blocks(sequences, 1, BLOCK), BLOCK);
  }

  private void copyWeights(String name, DeviceBuffer from, DeviceBuffer to) {
    int size = 2 * options.directionWeights();
    backend.launch(
        kernel(name)
            .prepare(
                LaunchShape.of(backend.blocks(size, BLOCK, BLOCK), BLOCK), from, to, places, size));
  }

  private CudaKernel kernel(String name) {
    return backend.kernel(STEM, name, Map.of("D", options.d(), "CUDNN", 1));
  }

  private DeviceBuffer packed(String label, int width) {
    long capacity = (long) batch.shape().items() * batch.shape().capsules();
    return room.computeIfAbsent(
        label,
        name ->
            scope.allocateScratch(
                ElementType.FLOAT32, Math.multiplyExact(capacity, width), "cuDNN: " + name));
  }

  private DeviceBuffer rank() {
    return ints("rank", batch.shape().histories());
  }

  private DeviceBuffer starts() {
    return ints("starts", batch.shape().maxLength());
  }

  private DeviceBuffer ints(String label, int count) {
    return room.computeIfAbsent(
        label, name -> scope.allocateScratch(ElementType.INT32, count, "cuDNN: " + name));
  }
}
