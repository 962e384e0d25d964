package io.mgnm.simulator.natives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.simulator.blas.CuBlas;
import io.mgnm.simulator.dnn.CuDnn;
import io.mgnm.simulator.driver.CudaDriver;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The stubs define all that JCuda's natives import, and their C follows from the Java methods. */
class StubLibraryTest {
  private static final int DYNAMIC_SYMBOLS = 11;
  private static final int SECTION_BYTES = 64;
  private static final int SYMBOL_BYTES = 24;

  @Test
  void everyImportOfTheNativesIsDefined() throws IOException {
    assertThat(CudaDriver.library().symbols())
        .containsAll(imports("/lib/libJCudaDriver-12.6.0-linux-x86_64.so", "cu[A-Z].*"));
    assertThat(CuBlas.library().symbols())
        .containsAll(imports("/lib/libJCublas2-12.6.0-linux-x86_64.so", "cublas.*"));
    assertThat(CuDnn.library().symbols())
        .containsAll(imports("/lib/libJCudnn-12.6.0-linux-x86_64.so", "cudnn.*"));
  }

  /** Undefined symbols of an ELF library: section headers, then its dynamic symbol table. */
  private static Set<String> imports(String resource, String pattern) throws IOException {
    byte[] file;
    try (InputStream in = StubLibraryTest.class.getResourceAsStream(resource)) {
      file = in.readAllBytes();
    }
    ByteBuffer elf = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int sections = (int) elf.getLong(40);
    Set<String> names = new TreeSet<>();
    for (int s = 0; s < elf.getShort(60); s++) {
      int section = sections + s * SECTION_BYTES;
      if (elf.getInt(section + 4) == DYNAMIC_SYMBOLS) {
        int strings = (int) elf.getLong(sections + elf.getInt(section + 40) * SECTION_BYTES + 24);
        int table = (int) elf.getLong(section + 24);
        int end = table + (int) elf.getLong(section + 32);
        for (int symbol = table; symbol < end; symbol += SYMBOL_BYTES) {
          String name = text(file, strings + elf.getInt(symbol));
          if (elf.getShort(symbol + 6) == 0 && name.matches(pattern)) {
            names.add(name);
          }
        }
      }
    }
    assertThat(names).as(resource).hasSizeGreaterThan(100);
    return names;
  }

  private static String text(byte[] file, int start) {
    int end = start;
    while (file[end] != 0) {
      end++;
    }
    return new String(file, start, end - start, StandardCharsets.US_ASCII);
  }

  /** A library of two functions. */
  static final class Calls {
    public int twice(int x, long y, float z, double w, java.lang.foreign.MemorySegment p) {
      return 2;
    }
  }

  @Test
  void prototypesFollowFromTheMethods() {
    StubLibrary library =
        new StubLibrary("libx.so.1", true, 801, List.of("twice", "other"), List.of(Calls.class));
    assertThat(library.source())
        .contains("int twice(int a0, long long a1, float a2, double a3, void * a4)")
        .contains("int other(void) { return unimplemented(0); }");
    assertThat(library.versionScript()).isEqualTo("libx.so.1 { global: *; };\n");
  }

  @Test
  void aMethodWithoutItsSymbolIsRefused() {
    assertThatThrownBy(
            () -> new StubLibrary("libx.so.1", false, 1, List.of("other"), List.of(Calls.class)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("twice");
  }
}
