package io.mgnm.simulator.natives;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Compiles, loads and connects stub libraries to a {@link CallHandler}, for the JVM's lifetime. */
public final class StubLoader {
  private static final ValueLayout POINTER =
      ValueLayout.ADDRESS.withTargetLayout(
          MemoryLayout.sequenceLayout(Long.MAX_VALUE, ValueLayout.JAVA_BYTE));

  private StubLoader() {}

  /**
   * Loads a library, so that any library loaded later that needs its soname gets this one.
   *
   * @throws NativesUnsupportedException without {@code cc}, or on another system than Linux
   */
  public static void load(StubLibrary library, CallHandler handler) {
    if (!System.getProperty("os.name").startsWith("Linux")) {
      throw new NativesUnsupportedException(
          "the simulated CUDA device runs on Linux, not on " + System.getProperty("os.name"));
    }
    Path directory;
    try {
      directory = Files.createTempDirectory("simulated-cuda");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try {
      Path file = StubCompiler.compile(library, directory);
      System.load(file.toString());
      connect(library, SymbolLookup.libraryLookup(file, Arena.global()), handler);
    } finally {
      delete(directory);
    }
  }

  /** Mapped libraries outlive their files, so nothing stays behind even if the JVM is killed. */
  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void connect(StubLibrary library, SymbolLookup lookup, CallHandler handler) {
    List<String> symbols = library.symbols();
    MemorySegment table =
        lookup
            .find(library.tableSymbol())
            .orElseThrow()
            .reinterpret(ValueLayout.ADDRESS.byteSize() * (symbols.size() + 2));
    MemorySegment unimplemented = upcall("call", new Unimplemented(library, handler));
    table.setAtIndex(ValueLayout.ADDRESS, symbols.size(), unimplemented);
    MemorySegment binder = upcall("bind", new Binder(library, handler, table));
    table.setAtIndex(ValueLayout.ADDRESS, symbols.size() + 1, binder);
  }

  private static MemorySegment upcall(Bound bound) {
    MethodType type = MethodType.methodType(bound.returnType, bound.parameterTypes);
    MethodHandle call = find(Bound.class, "call", Object.class, Object[].class).bindTo(bound);
    FunctionDescriptor descriptor =
        FunctionDescriptor.of(
            layout(bound.returnType),
            Stream.of(bound.parameterTypes).map(StubLoader::layout).toArray(MemoryLayout[]::new));
    return Linker.nativeLinker()
        .upcallStub(
            call.asCollector(Object[].class, type.parameterCount()).asType(type),
            descriptor,
            Arena.global());
  }

  /** A method of {@code target} that takes the index of a symbol. */
  private static MemorySegment upcall(String method, Object target) {
    MethodHandle call = find(target.getClass(), method, int.class, int.class).bindTo(target);
    FunctionDescriptor descriptor =
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    return Linker.nativeLinker().upcallStub(call, descriptor, Arena.global());
  }

  private static MethodHandle find(Class<?> type, String name, Class<?> result, Class<?> argument) {
    try {
      return MethodHandles.lookup()
          .findVirtual(type, name, MethodType.methodType(result, argument));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private static MemoryLayout layout(Class<?> type) {
    if (type == int.class) {
      return ValueLayout.JAVA_INT;
    }
    if (type == long.class) {
      return ValueLayout.JAVA_LONG;
    }
    if (type == float.class) {
      return ValueLayout.JAVA_FLOAT;
    }
    if (type == double.class) {
      return ValueLayout.JAVA_DOUBLE;
    }
    return POINTER;
  }

  /** One implemented function, as its upcall sees it. */
  private static final class Bound {
    private final String name;
    private final CallHandler handler;
    private final MethodHandle implementation;
    private final Class<?> declaring;
    private final Class<?> returnType;
    private final Class<?>[] parameterTypes;
    private final int failure;

    Bound(StubLibrary library, CallHandler handler, Method method) {
      this.name = method.getName();
      this.handler = handler;
      this.declaring = method.getDeclaringClass();
      this.returnType = method.getReturnType();
      this.parameterTypes = method.getParameterTypes();
      this.failure = library.unimplementedCode();
      try {
        method.setAccessible(true);
        MethodHandle handle = MethodHandles.lookup().unreflect(method);
        this.implementation = handle.asSpreader(Object[].class, parameterTypes.length);
      } catch (IllegalAccessException e) {
        throw new IllegalArgumentException(e);
      }
    }

    /** Catches everything: what left here would end the JVM. */
    @SuppressWarnings({"CatchAndPrintStackTrace", "UnusedMethod"}) // found by its name
    Object call(Object[] arguments) {
      try {
        return handler.call(name, implementation, declaring, arguments);
      } catch (Throwable e) {
        e.printStackTrace();
        if (returnType == int.class) {
          return failure;
        }
        return returnType == long.class ? (Object) 0L : MemorySegment.NULL;
      }
    }
  }

  /** All other functions of a library. */
  private record Unimplemented(StubLibrary library, CallHandler handler) {
    @SuppressWarnings({"CatchAndPrintStackTrace", "UnusedMethod"}) // found by its name
    int call(int index) {
      try {
        return handler.unimplemented(library.symbols().get(index));
      } catch (Throwable e) {
        e.printStackTrace();
        return library.unimplementedCode();
      }
    }
  }

  /** Connects a function when it is called first: a program uses few, and each costs time. */
  private record Binder(StubLibrary library, CallHandler handler, MemorySegment table) {
    @SuppressWarnings({"CatchAndPrintStackTrace", "UnusedMethod"}) // found by its name
    int bind(int index) {
      try {
        Method method = library.implemented().get(library.symbols().get(index));
        table.setAtIndex(ValueLayout.ADDRESS, index, upcall(new Bound(library, handler, method)));
        return 0;
      } catch (Throwable e) {
        e.printStackTrace();
        return library.unimplementedCode();
      }
    }
  }
}
