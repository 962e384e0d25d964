package io.mgnm.ops.cpu;

import io.mgnm.ops.Batch;
import io.mgnm.ops.CapsuleRouting;
import io.mgnm.ops.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Equations (6) to (9) with a lane a capsule. Nothing of an iteration is kept for the backward: it
 * iterates again, in the same order and so with the same bits. A gradient of vectors is a sum of
 * outer products, which are collected over the iterations and written in one sweep.
 */
final class CpuCapsuleRouting implements CapsuleRouting {
  private final CpuBackend backend;
  private final Options options;

  CpuCapsuleRouting(CpuBackend backend, Options options) {
    this.backend = backend;
    this.options = options;
  }

  @Override
  public void before(Batch batch, Tensor z, Tensor logits, Tensor updated) {
    CapsuleRouting.check("before", batch, List.of(z), List.of(logits, updated), List.of());
    CpuTensor vectors = backend.own(z);
    CpuTensor start = backend.own(logits);
    CpuTensor end = backend.own(updated);
    CpuBatch own = backend.own(batch);
    RoutingPass pass = pass(own, 1);
    backend.perHistory(
        own,
        micro -> {
          DeadCells.clear(micro, vectors);
          pass.start(micro, start);
          pass.iterate(micro, 0, vectors);
          pass.agree(micro, 0, vectors);
          pass.write(micro, pass.of(micro).g, end);
        });
  }

  @Override
  public void after(Batch batch, Tensor z, Tensor y, Tensor updated, Tensor o) {
    Tensor summed = options.summed(z, y);
    CapsuleRouting.check("after", batch, List.of(y, summed), List.of(updated), List.of(o));
    CpuTensor vectors = backend.own(summed);
    CpuTensor encoded = backend.own(y);
    CpuTensor start = backend.own(updated);
    CpuTensor outputs = backend.own(o);
    CpuBatch own = backend.own(batch);
    RoutingPass pass = pass(own, options.afterEncoder());
    backend.perHistory(
        own,
        micro -> {
          iterations(pass, micro, vectors, encoded, start);
          pass.writeOutputs(micro, pass.of(micro).o[options.afterEncoder() - 1], outputs);
        });
  }

  private void iterations(
      RoutingPass pass, MicroBatch micro, CpuTensor summed, CpuTensor encoded, CpuTensor start) {
    DeadCells.clear(micro, summed);
    DeadCells.clear(micro, encoded);
    pass.start(micro, start);
    int last = options.afterEncoder() - 1;
    for (int iteration = 0; iteration <= last; iteration++) {
      pass.iterate(micro, iteration, summed);
      if (iteration < last) {
        pass.agree(micro, iteration, agreement(iteration, summed, encoded));
      }
    }
  }

  /** What an iteration behind the encoder agrees with: the first, which is the second of all, y. */
  private static CpuTensor agreement(int iteration, CpuTensor summed, CpuTensor encoded) {
    return iteration == 0 ? encoded : summed;
  }

  @Override
  public void afterBackward(
      Batch batch,
      Tensor z,
      Tensor y,
      Tensor updated,
      Tensor dO,
      Tensor dY,
      Tensor dUpdated,
      Tensor dZ) {
    Tensor summed = options.summed(z, y);
    Tensor dSummed = options.summed(dZ, dY);
    CapsuleRouting.check(
        "afterBackward",
        batch,
        List.of(y, dY, summed, dSummed),
        List.of(updated, dUpdated),
        List.of(dO));
    CpuTensor vectors = backend.own(summed);
    CpuTensor encoded = backend.own(y);
    CpuTensor start = backend.own(updated);
    CpuTensor outputGradients = backend.own(dO);
    CpuTensor vectorGradients = backend.own(dSummed);
    CpuTensor encodedGradients = backend.own(dY);
    CpuTensor startGradients = backend.own(dUpdated);
    CpuBatch own = backend.own(batch);
    RoutingPass pass = pass(own, options.afterEncoder());
    backend.perHistory(
        own,
        micro -> {
          iterations(pass, micro, vectors, encoded, start);
          RoutingScratch scratch = pass.of(micro);
          pass.readOutputs(micro, outputGradients, scratch.dV[options.afterEncoder() - 1]);
          backward(pass, micro, vectors, encoded);
          pass.outer(micro, scratch.summed, vectorGradients, true);
          if (options.encoded() == Encoded.AGREEMENT) {
            pass.outer(micro, scratch.agreeing, encodedGradients, true);
          }
          pass.write(micro, scratch.gamma[0], startGradients);
        });
  }

  /** γ and the outer products, from the derivative by the last output. */
  private void backward(RoutingPass pass, MicroBatch micro, CpuTensor summed, CpuTensor encoded) {
    RoutingScratch scratch = pass.of(micro);
    scratch.summed.clear();
    scratch.agreeing.clear();
    int last = options.afterEncoder() - 1;
    Arrays.fill(scratch.gamma[last + 1], 0);
    for (int iteration = last; iteration >= 0; iteration--) {
      if (iteration < last) {
        boolean agreedWithOthers = iteration == 0 && options.encoded() == Encoded.AGREEMENT;
        pass.agreeBackward(micro, iteration, agreement(iteration, summed, encoded));
        (agreedWithOthers ? scratch.agreeing : scratch.summed)
            .add(scratch.gamma[iteration + 1], scratch.o[iteration]);
      }
      pass.squashBackward(micro, iteration);
      scratch.summed.add(scratch.c[iteration], scratch.dV[iteration]);
      if (options.gradient() == Gradient.LAST) { // the couplings are constants
        Arrays.fill(scratch.gamma[0], 0);
        return;
      }
      pass.couplingsBackward(micro, iteration, summed);
    }
  }

  @Override
  public void beforeBackward(
      Batch batch, Tensor z, Tensor logits, Tensor dUpdated, Tensor dDirect, Tensor dZ) {
    boolean adds = options.encoded() == Encoded.AGREEMENT;
    Tensor added = adds ? dDirect : dZ;
    CapsuleRouting.check(
        "beforeBackward", batch, List.of(z, dZ, added), List.of(logits, dUpdated), List.of());
    CpuTensor vectors = backend.own(z);
    CpuTensor start = backend.own(logits);
    CpuTensor endGradients = backend.own(dUpdated);
    CpuTensor vectorGradients = backend.own(dZ);
    CpuTensor direct = backend.own(added);
    CpuBatch own = backend.own(batch);
    RoutingPass pass = pass(own, 1);
    backend.perHistory(
        own,
        micro -> {
          RoutingScratch scratch = pass.of(micro);
          DeadCells.clear(micro, vectors);
          pass.start(micro, start);
          pass.iterate(micro, 0, vectors);
          pass.read(micro, endGradients, scratch.gamma[1]);
          pass.agreeBackward(micro, 0, vectors);
          pass.squashBackward(micro, 0);
          scratch.summed.clear();
          scratch.summed.add(scratch.gamma[1], scratch.o[0]);
          scratch.summed.add(scratch.c[0], scratch.dV[0]);
          if (adds) {
            pass.add(micro, vectorGradients, direct);
          }
          pass.outer(micro, scratch.summed, vectorGradients, false);
        });
  }

  private RoutingPass pass(CpuBatch batch, int iterations) {
    RoutingScratch[] scratch = new RoutingScratch[backend.workers().size()];
    Arrays.setAll(scratch, worker -> new RoutingScratch(batch, options, iterations));
    return new RoutingPass(scratch, batch.shape().d());
  }
}
