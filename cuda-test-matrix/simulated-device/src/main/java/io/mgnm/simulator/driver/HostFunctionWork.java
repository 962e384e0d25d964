package io.mgnm.simulator.driver;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** A host function in a stream ({@code cuLaunchHostFunc}). */
final class HostFunctionWork extends Work {
  private static final MethodHandle CALL =
      Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG));

  private final long function;
  private final long userData;
  private final Machine machine;

  HostFunctionWork(Machine machine, long function, long userData) {
    this.machine = machine;
    this.function = function;
    this.userData = userData;
  }

  @Override
  int nodeType() {
    return 3;
  }

  @Override
  String describe() {
    return "host function";
  }

  @Override
  @SuppressWarnings("CatchingUnchecked")
  void run(Operation operation) {
    machine.inHostFunction = true;
    try {
      CALL.invokeExact(MemorySegment.ofAddress(function), userData);
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    } finally {
      machine.inHostFunction = false;
      machine.hostMemory.hostFunctionRan();
    }
  }
}
