package io.mgnm.simulator.blas;

import io.mgnm.simulator.driver.LibraryHandler;
import io.mgnm.simulator.driver.Machine;
import io.mgnm.simulator.natives.CallHandler;
import io.mgnm.simulator.natives.StubLibrary;
import java.util.List;

/** cuBLAS as a library of simulated machines. */
public final class CuBlas {
  private CuBlas() {}

  /** The stub library and which of its functions Java implements. */
  public static StubLibrary library() {
    return new StubLibrary(
        "libcublas.so.12",
        true,
        BlasStatus.CUBLAS_STATUS_NOT_SUPPORTED.code(),
        StubLibrary.symbolsOf(StubLibrary.class, "libcublas.txt"),
        List.of(HandleCalls.class, ProductCalls.class, VectorCalls.class));
  }

  public static CallHandler handler() {
    return new LibraryHandler(
        BlasStatus.CUBLAS_STATUS_NOT_INITIALIZED.code(),
        BlasStatus.CUBLAS_STATUS_NOT_SUPPORTED.code(),
        BlasStatus.CUBLAS_STATUS_INTERNAL_ERROR.code());
  }

  /** Gives a machine its cuBLAS. */
  public static void provide(Machine machine) {
    BlasHandles handles = new BlasHandles(machine);
    machine.provide(new HandleCalls(machine, handles));
    machine.provide(new ProductCalls(handles));
    machine.provide(new VectorCalls(handles));
  }
}
