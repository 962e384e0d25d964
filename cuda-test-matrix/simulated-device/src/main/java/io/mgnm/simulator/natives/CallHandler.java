package io.mgnm.simulator.natives;

import java.lang.invoke.MethodHandle;

/**
 * Receives every call that enters a stub library.
 *
 * <p>An exception that left an upcall would end the JVM, so the stubs catch whatever a handler
 * throws and return the library's code for an unsupported call; a handler is still expected to turn
 * failures into the library's own codes.
 */
public interface CallHandler {
  /**
   * A call of a function that Java implements.
   *
   * @param name the C function
   * @param implementation takes a receiver of the declaring class and the arguments as one array
   * @param declaring the class whose instance the implementation wants
   * @param arguments the C arguments: {@code Integer}, {@code Long}, {@code Float}, {@code Double}
   *     or {@code MemorySegment}
   * @return what the C function returns, of the type that the Java method declares
   */
  Object call(String name, MethodHandle implementation, Class<?> declaring, Object[] arguments);

  /** A call of a function that exists only so that the program links; returns its error code. */
  int unimplemented(String name);
}
