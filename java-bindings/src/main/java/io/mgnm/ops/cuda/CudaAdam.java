package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.Adam;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import java.util.Map;
import java.util.stream.Stream;

/** Launches {@code adam.cu}, whose header says how. */
final class CudaAdam implements Adam {
  private static final String STEM = "adam";
  private static final int BLOCK = 256;
  private static final int SLOTS_A_BLOCK = BLOCK / 2;

  private final CudaBackend backend;
  private final Object[] options; // as every kernel's last arguments

  CudaAdam(CudaBackend backend, Options options) {
    this.backend = backend;
    this.options =
        new Object[] {
          options.beta1(),
          options.beta2(),
          (float) options.l2(),
          (float) (1 - options.beta1()),
          (float) (1 - options.beta2()),
          (float) options.epsilon()
        };
  }

  @Override
  public void dense(Tensor p, Tensor gradient, Tensor m, Tensor v, StepState stepState) {
    Adam.checkDense(p, gradient, m, v);
    CudaTensor[] own = own(p, gradient, m, v);
    CudaStepState state = begun(stepState);
    int size = p.size();
    if (size == 0) {
      return;
    }
    int access = Stream.of(own).allMatch(CudaTensor::aligned16) ? 4 : 1;
    CudaKernel kernel = backend.kernel(STEM, "adam_dense", Map.of("D", access, "VECTOR", access));
    launch(
        kernel,
        backend.blocks(Math.ceilDiv(size, access), BLOCK, BLOCK),
        own[0].buffer(),
        own[1].buffer(),
        own[2].buffer(),
        own[3].buffer(),
        size,
        state.words());
  }

  @Override
  public void touched(
      Tensor p, RowGradients sums, Tensor m, Tensor v, IntTensor steps, StepState stepState) {
    Adam.checkRows("touched", p, sums, m, v);
    Adam.checkSteps(p, steps);
    CudaTensor[] own = own(p, m, v);
    CudaRowGradients gradients = backend.own(sums);
    CudaStepState state = backend.own(stepState);
    if (gradients.room() == 0) {
      return;
    }
    launch(
        backend.kernel(STEM, "adam_touched", constants(gradients.width(), own)),
        backend.blocks(gradients.room(), SLOTS_A_BLOCK, BLOCK),
        own[0].buffer(),
        own[1].buffer(),
        own[2].buffer(),
        backend.own(steps).buffer(),
        gradients.rows(),
        gradients.sums(),
        gradients.count(),
        state.words());
  }

  @Override
  public void table(Tensor p, RowGradients sums, Tensor m, Tensor v, StepState stepState) {
    Adam.checkRows("table", p, sums, m, v);
    CudaTensor[] own = own(p, m, v);
    CudaRowGradients gradients = backend.own(sums);
    CudaStepState state = begun(stepState);
    if (p.rows() == 0) {
      return;
    }
    Map<String, Integer> constants = constants(gradients.width(), own);
    int accesses = constants.get("D") / constants.get("VECTOR");
    launch(
        backend.kernel(STEM, "adam_table", constants),
        backend.blocks(p.rows(), Math.max(1, 2 * BLOCK / accesses), BLOCK),
        own[0].buffer(),
        own[1].buffer(),
        own[2].buffer(),
        p.rows(),
        gradients.rows(),
        gradients.sums(),
        gradients.count(),
        state.words());
  }

  private void launch(CudaKernel kernel, int blocks, Object... arguments) {
    Object[] all = Stream.of(arguments, options).flatMap(Stream::of).toArray(Object[]::new);
    backend.launch(kernel.prepare(LaunchShape.of(blocks, BLOCK), all));
  }

  private CudaTensor[] own(Tensor... tensors) {
    return Stream.of(tensors).map(backend::own).toArray(CudaTensor[]::new);
  }

  private static Map<String, Integer> constants(int d, CudaTensor... tables) {
    boolean vector = d % 4 == 0 && Stream.of(tables).allMatch(CudaTensor::aligned16);
    return Map.of("D", d, "VECTOR", vector ? 4 : 1);
  }

  /** A state that has begun a step, as far as the host can tell; the device looks again. */
  private CudaStepState begun(StepState stepState) {
    CudaStepState state = backend.own(stepState);
    if (!backend.isRecording() && !state.mayHaveBegun()) {
      throw new IllegalStateException("adam: no step has begun");
    }
    return state;
  }
}
