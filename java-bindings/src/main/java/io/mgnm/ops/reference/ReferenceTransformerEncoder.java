package io.mgnm.ops.reference;

import io.mgnm.ops.Axis;
import io.mgnm.ops.Batch;
import io.mgnm.ops.Lifetime;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TransformerEncoder;

/**
 * One transformer block, sequence by sequence. The backward computes the forward again, so the tape
 * holds nothing.
 */
final class ReferenceTransformerEncoder implements TransformerEncoder {
  private static final int TAPE_WIDTH = 1;

  private final ReferenceBackend backend;
  private final Options options;

  ReferenceTransformerEncoder(ReferenceBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public int weights() {
    return options.weights();
  }

  @Override
  public Tensor tape(Batch batch, Lifetime lifetime) {
    return batch.capsules(Axis.ITEMS, TAPE_WIDTH, lifetime);
  }

  @Override
  public void forward(Batch over, Tensor in, Tensor weights, Tensor out, Tensor tape) {
    TransformerEncoder.check("forward", options, over, weights, TAPE_WIDTH, tape, in, out);
    ReferenceBatch batch = ReferenceBatch.of(over);
    ReferenceTensor z = ReferenceTensor.of(in);
    ReferenceTensor w = ReferenceTensor.of(weights);
    ReferenceTensor y = ReferenceTensor.of(out);
    backend.run(
        () ->
            batch.eachSequence(
                (begin, end, level, interest) -> {
                  double[][] input = rows(z, begin, end, level, interest);
                  double[][] f = block(w).forward(input);
                  for (int t = 0; t < f.length; t++) {
                    for (int k = 0; k < options.d(); k++) {
                      y.set(begin + t, level, interest, k, input[t][k] + f[t][k]);
                    }
                  }
                }));
  }

  @Override
  public void backward(
      Batch over,
      Tensor in,
      Tensor weights,
      Tensor out,
      Tensor tape,
      Tensor outGradients,
      Tensor inGradients,
      Tensor weightGradients) {
    TransformerEncoder.check(
        "backward", options, over, weights, TAPE_WIDTH, tape, in, out, outGradients, inGradients);
    TransformerEncoder.check("backward", options, over, weightGradients, TAPE_WIDTH, tape);
    ReferenceBatch batch = ReferenceBatch.of(over);
    ReferenceTensor z = ReferenceTensor.of(in);
    ReferenceTensor w = ReferenceTensor.of(weights);
    ReferenceTensor dY = ReferenceTensor.of(outGradients);
    ReferenceTensor dZ = ReferenceTensor.of(inGradients);
    ReferenceTensor dW = ReferenceTensor.of(weightGradients);
    backend.run(
        () -> {
          dW.fill(0);
          batch.eachSequence(
              (begin, end, level, interest) -> {
                double[][] dF = rows(dY, begin, end, level, interest);
                ReferenceTransformerBlock block = block(w);
                block.forward(rows(z, begin, end, level, interest));
                double[][] dX = block.backward(dF, dW);
                for (int t = 0; t < dX.length; t++) {
                  for (int k = 0; k < options.d(); k++) {
                    dZ.set(begin + t, level, interest, k, dF[t][k] + dX[t][k]);
                  }
                }
              });
        });
  }

  private ReferenceTransformerBlock block(ReferenceTensor w) {
    return new ReferenceTransformerBlock(backend.precision(), options, w);
  }

  private double[][] rows(ReferenceTensor from, int begin, int end, int level, int interest) {
    double[][] rows = new double[end - begin][options.d()];
    for (int t = begin; t < end; t++) {
      for (int k = 0; k < options.d(); k++) {
        rows[t - begin][k] = from.get(t, level, interest, k);
      }
    }
    return rows;
  }
}
