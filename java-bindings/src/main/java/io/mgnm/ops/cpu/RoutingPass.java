package io.mgnm.ops.cpu;

import static io.mgnm.ops.cpu.Lanes.LANES;

import java.util.Arrays;

/**
 * The steps of routing over one micro-batch, each for all its groups, so that a softmax may look
 * across groups. Vectors that were summed up and vectors agreed with are tensors of the batch;
 * everything else is the worker's {@link RoutingScratch}.
 */
final class RoutingPass {
  private final RoutingScratch[] scratch; // of each worker
  private final int d;

  RoutingPass(RoutingScratch[] scratch, int d) {
    this.scratch = scratch;
    this.d = d;
  }

  RoutingScratch of(MicroBatch micro) {
    return scratch[micro.worker()];
  }

  /** Takes the logits to start from. */
  void start(MicroBatch micro, CpuTensor logits) {
    float[] g = of(micro).g;
    read(micro, logits, g);
    DeadCells.fill(micro, g, 0, 1, -Float.MAX_VALUE);
  }

  /** c = softmax(g), v = Σ c z, o = squash(v). */
  void iterate(MicroBatch micro, int iteration, CpuTensor z) {
    RoutingScratch own = of(micro);
    own.couplings.softmax(micro, own.g, own.c[iteration]);
    sum(micro, own.c[iteration], z, own.v[iteration]);
    for (int g = 0; g < micro.groups(); g++) {
      CpuCapsuleSquash.squash(own.v[iteration], g * d * LANES, d, own.o[iteration]);
    }
  }

  /** g += o · z. */
  void agree(MicroBatch micro, int iteration, CpuTensor z) {
    RoutingScratch own = of(micro);
    dots(micro, own.o[iteration], z, own.numbers);
    CapsuleSweeps.add(own.g, 0, own.numbers, 0, micro.positions() * LANES);
  }

  /** ȯ = Σ γ z of what {@link #agree} did, and where γ is 0, 0. */
  void agreeBackward(MicroBatch micro, int iteration, CpuTensor z) {
    RoutingScratch own = of(micro);
    sum(micro, own.gamma[iteration + 1], z, own.dV[iteration]);
  }

  /** v̇ = squash'(v) ȯ, from ȯ in its place. */
  void squashBackward(MicroBatch micro, int iteration) {
    RoutingScratch own = of(micro);
    float[] dV = own.dV[iteration];
    for (int g = 0; g < micro.groups(); g++) {
      CpuCapsuleSquash.squashBackward(own.v[iteration], dV, g * d * LANES, d, dV);
    }
  }

  /** ċ = z · v̇, and γ of this iteration from γ of the next. */
  void couplingsBackward(MicroBatch micro, int iteration, CpuTensor z) {
    RoutingScratch own = of(micro);
    dots(micro, own.dV[iteration], z, own.numbers);
    own.couplings.backward(
        micro, own.c[iteration], own.numbers, own.gamma[iteration + 1], own.gamma[iteration]);
  }

  /** Numbers of a tensor, of the micro-batch alone; dead cells are 0. */
  void read(MicroBatch micro, CpuTensor from, float[] numbers) {
    int size = micro.positions() * LANES;
    System.arraycopy(from.array(micro), from.base(micro), numbers, 0, size);
    DeadCells.fill(micro, numbers, 0, 1, 0);
  }

  void write(MicroBatch micro, float[] numbers, CpuTensor to) {
    int size = micro.positions() * LANES;
    System.arraycopy(numbers, 0, to.array(micro), to.base(micro), size);
    DeadCells.clear(micro, to);
  }

  void readOutputs(MicroBatch micro, CpuTensor from, float[] vectors) {
    int size = micro.groups() * d * LANES;
    System.arraycopy(from.array(micro), from.base(micro), vectors, 0, size);
  }

  void writeOutputs(MicroBatch micro, float[] vectors, CpuTensor to) {
    int size = micro.groups() * d * LANES;
    System.arraycopy(vectors, 0, to.array(micro), to.base(micro), size);
  }

  /** Writes, or adds, a sum of outer products; with no terms, 0. */
  void outer(MicroBatch micro, OuterTerms terms, CpuTensor to, boolean fresh) {
    float[] z = to.array(micro);
    int row = d * LANES;
    if (fresh && terms.count() == 0) {
      Arrays.fill(z, to.base(micro), to.base(micro) + micro.positions() * row, 0);
    }
    for (int g = 0; g < micro.groups(); g++) {
      int first = micro.groupPosition(g);
      int at = to.base(micro) + first * row;
      CapsuleSweeps.outer(terms, first * LANES, g * row, z, at, micro.groupLength(g), d, fresh);
    }
    DeadCells.clear(micro, to);
  }

  /** Adds all vectors of one tensor to another's. */
  void add(MicroBatch micro, CpuTensor to, CpuTensor added) {
    CapsuleSweeps.add(
        to.array(micro),
        to.base(micro),
        added.array(micro),
        added.base(micro),
        micro.positions() * d * LANES);
  }

  private void sum(MicroBatch micro, float[] weights, CpuTensor z, float[] sums) {
    int row = d * LANES;
    for (int g = 0; g < micro.groups(); g++) {
      int first = micro.groupPosition(g);
      int at = z.base(micro) + first * row;
      CapsuleSweeps.weightedSum(
          weights, first * LANES, z.array(micro), at, micro.groupLength(g), d, sums, g * row);
    }
  }

  private void dots(MicroBatch micro, float[] vectors, CpuTensor z, float[] numbers) {
    int row = d * LANES;
    for (int g = 0; g < micro.groups(); g++) {
      int first = micro.groupPosition(g);
      int at = z.base(micro) + first * row;
      CapsuleSweeps.dots(
          vectors, g * row, z.array(micro), at, micro.groupLength(g), d, numbers, first * LANES);
    }
  }
}
