package io.mgnm.matrix.table;

import io.mgnm.ops.Tensor;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/** One stem's part of the table: its directions at the model's default sizes. */
interface Scene {

  /** Name of the operation, as the kernels folder has it. */
  String stem();

  /** Makes inputs on the stage; each act can be run any number of times. */
  List<Act> acts(Stage stage);

  /**
   * A direction, twice: as the operation runs it, and one operator after the other.
   *
   * @param direction its name
   * @param fused calls the operation
   * @param moved bytes that must be read and written
   * @param weights bytes that every resident block must read
   * @param results what the operation wrote
   * @param unfused computes the same, or null where there is no such sequence; what comes back is
   *     compared with as many of the results, in their order
   */
  record Act(
      String direction,
      Runnable fused,
      long moved,
      long weights,
      Supplier<List<float[]>> results,
      Supplier<List<float[]>> unfused) {

    /**
     * Of tensors alone.
     *
     * @param read that must be read
     * @param weights that every resident block must read
     * @param written that must be written: the results
     */
    Act(
        String direction,
        Runnable fused,
        List<Tensor> read,
        List<Tensor> weights,
        List<Tensor> written,
        Supplier<List<float[]>> unfused) {
      this(
          direction,
          fused,
          bytes(read) + bytes(written),
          bytes(weights),
          () -> written.stream().map(Tensor::download).toList(),
          unfused);
    }

    /** Bytes of tensors. */
    static long bytes(Collection<Tensor> tensors) {
      return tensors.stream().mapToLong(tensor -> 4L * tensor.size()).sum();
    }
  }
}
