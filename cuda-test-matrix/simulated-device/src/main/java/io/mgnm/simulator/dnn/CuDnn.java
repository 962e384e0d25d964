package io.mgnm.simulator.dnn;

import io.mgnm.simulator.driver.LibraryHandler;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.natives.CallHandler;
import io.mgnm.simulator.natives.StubLibrary;
import java.util.List;

/** cuDNN as a library of simulated machines. */
public final class CuDnn {
  private CuDnn() {}

  /** The stub library and which of its functions Java implements. */
  public static StubLibrary library() {
    return new StubLibrary(
        "libcudnn.so.9",
        true,
        DnnStatus.CUDNN_STATUS_NOT_SUPPORTED.code(),
        StubLibrary.symbolsOf(StubLibrary.class, "libcudnn.txt"),
        List.of(DnnHandleCalls.class, DescriptorCalls.class, RnnCalls.class));
  }

  public static CallHandler handler() {
    return new LibraryHandler(
        DnnStatus.CUDNN_STATUS_NOT_INITIALIZED.code(),
        DnnStatus.CUDNN_STATUS_NOT_SUPPORTED.code(),
        DnnStatus.CUDNN_STATUS_INTERNAL_ERROR.code());
  }

  /** Gives a machine its cuDNN. */
  public static void provide(Machine machine) {
    DnnObjects objects = new DnnObjects(machine);
    machine.provide(new DnnHandleCalls(machine, objects));
    machine.provide(new DescriptorCalls(machine, objects));
    machine.provide(new RnnCalls(objects));
  }
}
