package io.mgnm.matrix.table;

import io.mgnm.ops.Tensor;
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
   * @param read tensors that must be read
   * @param weights tensors that every resident block must read
   * @param written tensors that must be written
   * @param unfused computes the same, or null where there is no such sequence; what comes back is
   *     compared with those of the written tensors, in their order, that it names
   */
  record Act(
      String direction,
      Runnable fused,
      List<Tensor> read,
      List<Tensor> weights,
      List<Tensor> written,
      Supplier<List<float[]>> unfused) {}
}
