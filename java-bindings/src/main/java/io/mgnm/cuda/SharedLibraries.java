package io.mgnm.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Optional;

/** Loads shared libraries for good, and has the loader's own words where one cannot be loaded. */
final class SharedLibraries {
  private static final int RTLD_LAZY = 1;
  private static final long LONGEST_MESSAGE = 1 << 16;

  private SharedLibraries() {}

  /** Whether this is Linux, whose loader is asked by {@code dlopen}. */
  static boolean isLinux() {
    return System.getProperty("os.name").equals("Linux");
  }

  static boolean isWindows() {
    return System.getProperty("os.name").startsWith("Windows");
  }

  /** Whether the processor is an x86-64 one. */
  static boolean isX86() {
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    return arch.equals("amd64") || arch.equals("x86_64");
  }

  /**
   * Loads a library and keeps it.
   *
   * @param name a path, or a name that the system's loader looks for
   * @return why it cannot be loaded; empty where it now is
   */
  static Optional<String> load(String name) {
    return isLinux() ? dlopen(name) : lookup(name);
  }

  private static Optional<String> lookup(String name) {
    try {
      SymbolLookup.libraryLookup(name, Arena.global());
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of(e.getMessage());
    }
  }

  /** Panama's own lookup drops the loader's message, so the loader is called directly. */
  private static Optional<String> dlopen(String name) {
    try (Arena arena = Arena.ofConfined()) {
      // Both before the call: making a handle may itself use the loader and clear its message.
      MethodHandle open = Loader.OPEN;
      MethodHandle error = Loader.ERROR;
      MemorySegment handle = (MemorySegment) open.invokeExact(arena.allocateFrom(name), RTLD_LAZY);
      if (handle.address() != 0) {
        return Optional.empty();
      }
      MemorySegment text = (MemorySegment) error.invokeExact();
      return Optional.of(
          text.address() == 0
              ? "cannot load " + name
              : text.reinterpret(LONGEST_MESSAGE).getString(0));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall has no checked exceptions", e);
    }
  }

  private static final class Loader {
    static final MethodHandle OPEN =
        handle(
            "dlopen",
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    static final MethodHandle ERROR = handle("dlerror", FunctionDescriptor.of(ValueLayout.ADDRESS));

    private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
    }
  }
}
