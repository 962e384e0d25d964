package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.ops.CapsuleSquash;
import io.mgnm.ops.Tensor;
import java.util.Map;
import java.util.stream.Stream;

/** Launches {@code capsule_squash.cu}, whose header says how. */
final class CudaCapsuleSquash implements CapsuleSquash {
  private static final String STEM = "capsule_squash";
  private static final int BLOCK = 256;

  private final CudaBackend backend;

  CudaCapsuleSquash(CudaBackend backend) {
    this.backend = backend;
  }

  @Override
  public void forward(Tensor vectors, Tensor outputs) {
    CapsuleSquash.check("forward", vectors, outputs);
    launch("capsule_squash_forward", vectors, outputs);
  }

  @Override
  public void backward(Tensor vectors, Tensor outputGradients, Tensor vectorGradients) {
    CapsuleSquash.check("backward", vectors, outputGradients, vectorGradients);
    launch("capsule_squash_backward", vectors, outputGradients, vectorGradients);
  }

  private void launch(String name, Tensor... tensors) {
    CudaTensor[] own = Stream.of(tensors).map(backend::own).toArray(CudaTensor[]::new);
    int rows = own[0].rows();
    int d = own[0].width();
    if (own[0].size() == 0) {
      return;
    }
    boolean vector = d % 4 == 0 && Stream.of(own).allMatch(CudaTensor::aligned16);
    int access = vector ? 4 : 1;
    CudaKernel kernel = backend.kernel(STEM, name, Map.of("D", d, "VECTOR", access));
    Object[] arguments = new Object[own.length + 1];
    for (int i = 0; i < own.length; i++) {
      arguments[i] = own[i].buffer();
    }
    arguments[own.length] = rows;
    int blocks = backend.blocks(rows, rowsPerBlock(d / access), BLOCK);
    backend.launch(kernel.prepare(LaunchShape.of(blocks, BLOCK), arguments));
  }

  /** Rows that a block takes at once: a group of lanes a row. */
  private static int rowsPerBlock(int accesses) {
    return BLOCK / CudaBackend.lanesFor(accesses);
  }
}
