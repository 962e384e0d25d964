package io.mgnm.simulator.launch;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** CUDA C++ to PTX with NVIDIA's own compiler library, called directly. */
public final class Nvrtc {
  private static final String JAR_FOLDER = "/org/bytedeco/cuda/linux-x86_64/";
  private static final SymbolLookup LIBRARY = load();
  private static final Map<List<String>, String> COMPILED = new ConcurrentHashMap<>();

  private Nvrtc() {}

  /** PTX of a source for an architecture such as "sm_90". */
  public static String ptx(String name, String source, String architecture) {
    return COMPILED.computeIfAbsent(
        List.of(name, source, architecture), key -> compile(name, source, architecture));
  }

  /** What NVIDIA's assembler says against a source's PTX; empty if nothing. */
  public static String assemblerErrors(String name, String source, String architecture) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment program = create(arena, name, source);
      return run(
                  arena,
                  program,
                  "--gpu-architecture=" + architecture,
                  "-lineinfo",
                  "-default-device")
              == 0
          ? ""
          : text(arena, program, "ProgramLog");
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static String compile(String name, String source, String architecture) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment program = create(arena, name, source);
      String virtual = "--gpu-architecture=compute_" + architecture.substring(3);
      if (run(arena, program, virtual, "-lineinfo", "-default-device") != 0) {
        throw new IllegalArgumentException(text(arena, program, "ProgramLog"));
      }
      return text(arena, program, "PTX");
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static MemorySegment create(Arena arena, String name, String source) throws Throwable {
    MemorySegment handle = arena.allocate(ADDRESS);
    check(
        (int)
            function("nvrtcCreateProgram", ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS)
                .invoke(
                    handle,
                    arena.allocateFrom(source),
                    arena.allocateFrom(name),
                    0,
                    MemorySegment.NULL,
                    MemorySegment.NULL));
    return handle.get(ADDRESS, 0);
  }

  private static int run(Arena arena, MemorySegment program, String... options) throws Throwable {
    MemorySegment list = arena.allocate(ADDRESS, options.length);
    for (int i = 0; i < options.length; i++) {
      list.setAtIndex(ADDRESS, i, arena.allocateFrom(options[i]));
    }
    return (int)
        function("nvrtcCompileProgram", ADDRESS, JAVA_INT, ADDRESS)
            .invoke(program, options.length, list);
  }

  private static String text(Arena arena, MemorySegment program, String what) throws Throwable {
    MemorySegment size = arena.allocate(JAVA_LONG);
    check((int) function("nvrtcGet" + what + "Size", ADDRESS, ADDRESS).invoke(program, size));
    MemorySegment text = arena.allocate(size.get(JAVA_LONG, 0));
    check((int) function("nvrtcGet" + what, ADDRESS, ADDRESS).invoke(program, text));
    return text.getString(0);
  }

  private static MethodHandle function(String name, ValueLayout... parameters) {
    return Linker.nativeLinker()
        .downcallHandle(
            LIBRARY.find(name).orElseThrow(), FunctionDescriptor.of(JAVA_INT, parameters));
  }

  private static void check(int result) {
    if (result != 0) {
      throw new IllegalStateException("NVRTC error " + result);
    }
  }

  private static SymbolLookup load() {
    try {
      Path folder = Files.createTempDirectory("nvrtc");
      Path builtins = extract(folder, "libnvrtc-builtins.so.12.9");
      Path library = extract(folder, "libnvrtc.so.12");
      // NVRTC opens its builtins by name: they must be in the process already.
      System.load(builtins.toString());
      SymbolLookup lookup = SymbolLookup.libraryLookup(library, Arena.global());
      Files.delete(builtins);
      Files.delete(library);
      Files.delete(folder);
      return lookup;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path extract(Path folder, String name) throws IOException {
    Path target = folder.resolve(name);
    try (InputStream in = Nvrtc.class.getResourceAsStream(JAR_FOLDER + name)) {
      Files.copy(in, target, StandardCopyOption.REPLACE_EXISTING);
    }
    return target;
  }
}
