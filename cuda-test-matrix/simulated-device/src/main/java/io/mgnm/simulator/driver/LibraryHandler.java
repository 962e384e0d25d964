package io.mgnm.simulator.driver;

import io.mgnm.simulator.natives.CallHandler;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Set;

/**
 * Takes the calls of one library to the installed machine: writes them down, injects planned
 * faults, and turns exceptions into the library's codes.
 */
public final class LibraryHandler implements CallHandler {
  /**
   * What a driver answers however little of it there is: JCuda follows the pointer that they are to
   * write, whatever they return.
   */
  private static final Set<String> NAMES_OF_CODES = Set.of("cuGetErrorName", "cuGetErrorString");

  private final int noMachineCode;
  private final int unsupportedCode;
  private final int internalCode;

  /**
   * @param noMachineCode what every call returns while no machine is installed
   * @param unsupportedCode what functions return that nobody implements
   * @param internalCode what a call returns that the simulator fails in
   */
  public LibraryHandler(int noMachineCode, int unsupportedCode, int internalCode) {
    this.noMachineCode = noMachineCode;
    this.unsupportedCode = unsupportedCode;
    this.internalCode = internalCode;
  }

  @Override
  public Object call(
      String name, MethodHandle implementation, Class<?> declaring, Object[] arguments) {
    Class<?> result = implementation.type().returnType();
    Machine machine = Machine.installed();
    if (machine == null && NAMES_OF_CODES.contains(name)) {
      machine = Words.MACHINE;
    }
    if (machine == null) {
      return failure(result, noMachineCode);
    }
    synchronized (machine) {
      machine.begin(name);
      int injected = machine.faults().next(name);
      if (injected != 0) {
        machine.trace().add(name, injected, "injected");
        return failure(result, injected);
      }
      try {
        Object value = implementation.invoke(machine.implementation(declaring), arguments);
        machine.trace().add(name, value instanceof Integer code ? code : 0, "");
        return value;
      } catch (ApiException e) {
        machine.trace().add(name, e.code(), e.getMessage());
        return failure(result, e.code());
      } catch (Throwable e) {
        machine.internal(e);
        machine.trace().add(name, internalCode, e.toString());
        return failure(result, internalCode);
      }
    }
  }

  @Override
  public int unimplemented(String name) {
    Machine machine = Machine.installed();
    if (machine == null) {
      return noMachineCode;
    }
    synchronized (machine) {
      machine.begin(name);
      int injected = machine.faults().next(name);
      machine.findings.add(
          Finding.Kind.UNSUPPORTED, "the simulated device does not implement " + name);
      machine.trace().add(name, injected == 0 ? unsupportedCode : injected, "not implemented");
      return injected == 0 ? unsupportedCode : injected;
    }
  }

  /** Knows the names of codes while no machine is installed. */
  private static final class Words {
    static final Machine MACHINE = new Machine(MachineOptions.defaults().withDevices(0));
  }

  private static Object failure(Class<?> result, int code) {
    if (result == int.class) {
      return code;
    }
    return result == long.class ? (Object) 0L : MemorySegment.NULL;
  }
}
