package io.mgnm.simulator.natives;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The C side of one library: every symbol that its users import, of which Java implements some.
 *
 * <p>The C prototype of an implemented function follows from its Java method ({@code int}, {@code
 * long}, {@code float}, {@code double}, and {@code MemorySegment} for any pointer), so the two
 * cannot drift apart. All other symbols are defined too, since one that is missing would end the
 * JVM when the importing library is loaded or first calls it.
 */
public final class StubLibrary {
  private final String soname;
  private final boolean versioned;
  private final int unimplementedCode;
  private final List<String> symbols;
  private final Map<String, Method> implemented;

  /**
   * @param soname the file name and soname, such as {@code libcuda.so.1}
   * @param versioned whether importers expect symbols of a version named like the soname
   * @param unimplementedCode what functions return that Java does not implement
   * @param symbols every symbol to define
   * @param calls classes whose public methods implement the symbols of the same name
   */
  public StubLibrary(
      String soname,
      boolean versioned,
      int unimplementedCode,
      List<String> symbols,
      List<Class<?>> calls) {
    this.soname = soname;
    this.versioned = versioned;
    this.unimplementedCode = unimplementedCode;
    this.symbols = List.copyOf(new TreeSet<>(symbols));
    this.implemented = implementations(soname, this.symbols, calls);
  }

  /** Reads a list of symbols, one a line, {@code #} for comments, beside {@code owner}. */
  public static List<String> symbolsOf(Class<?> owner, String resource) {
    try (InputStream in = owner.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalArgumentException("no resource " + resource + " beside " + owner);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(String::strip)
          .filter(line -> !line.isEmpty() && !line.startsWith("#"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Method> implementations(
      String soname, List<String> symbols, List<Class<?>> calls) {
    Map<String, Method> found = new LinkedHashMap<>();
    for (Class<?> type : calls) {
      for (Method method : type.getDeclaredMethods()) {
        if (!Modifier.isPublic(method.getModifiers()) || method.isSynthetic()) {
          continue;
        }
        if (Collections.binarySearch(symbols, method.getName()) < 0) {
          throw new IllegalArgumentException(
              type.getName() + "." + method.getName() + " is no symbol of " + soname);
        }
        if (found.put(method.getName(), method) != null) {
          throw new IllegalArgumentException(method.getName() + " is implemented twice");
        }
      }
    }
    return found;
  }

  public String soname() {
    return soname;
  }

  public int unimplementedCode() {
    return unimplementedCode;
  }

  /**
   * Symbols in the order of the call table. Two more slots take the unimplemented calls and the
   * call that binds an implemented function before its first use.
   */
  public List<String> symbols() {
    return symbols;
  }

  /** The implementing methods by symbol. */
  public Map<String, Method> implemented() {
    return Collections.unmodifiableMap(implemented);
  }

  /** The exported name of the function-pointer table. */
  String tableSymbol() {
    return "simulated_calls_of_" + soname.replaceAll("[^a-z0-9]", "_");
  }

  /** The linker's version script, or null where importers expect none. */
  String versionScript() {
    return versioned ? soname + " { global: *; };\n" : null;
  }

  /** The C source: one function per symbol that jumps through the table. */
  String source() {
    int n = symbols.size();
    StringBuilder c = new StringBuilder();
    c.append("typedef int (*unimplemented_call)(int);\n")
        .append("void *")
        .append(tableSymbol())
        .append('[')
        .append(n + 2)
        .append("];\n")
        .append("#define CALLS ")
        .append(tableSymbol())
        .append('\n')
        .append("static int unimplemented(int index) {\n")
        .append("  unimplemented_call f = (unimplemented_call)CALLS[")
        .append(n)
        .append("];\n")
        .append("  return f ? f(index) : ")
        .append(unimplementedCode)
        .append(";\n}\n")
        // Java puts a function's address into the table when it is called first.
        .append("static void *bound(int index) {\n")
        .append("  unimplemented_call f = (unimplemented_call)CALLS[")
        .append(n + 1)
        .append("];\n")
        .append("  if (f) f(index);\n")
        .append("  return CALLS[index];\n}\n");
    for (int i = 0; i < n; i++) {
      Method method = implemented.get(symbols.get(i));
      if (method == null) {
        c.append("int ").append(symbols.get(i)).append("(void) { return unimplemented(");
        c.append(i).append("); }\n");
      } else {
        function(c, i, method);
      }
    }
    return c.toString();
  }

  private void function(StringBuilder c, int index, Method method) {
    List<String> types = Arrays.stream(method.getParameterTypes()).map(StubLibrary::cType).toList();
    StringBuilder parameters = new StringBuilder();
    StringBuilder arguments = new StringBuilder();
    for (int k = 0; k < types.size(); k++) {
      String comma = k == 0 ? "" : ", ";
      parameters.append(comma).append(types.get(k)).append(" a").append(k);
      arguments.append(comma).append('a').append(k);
    }
    String result = cType(method.getReturnType());
    String empty = types.isEmpty() ? "void" : "";
    c.append(result).append(' ').append(method.getName()).append('(').append(parameters);
    c.append(empty).append(") {\n  ").append(result).append(" (*f)(");
    c.append(String.join(", ", types)).append(empty).append(") = (").append(result).append(" (*)(");
    c.append(String.join(", ", types))
        .append(empty)
        .append("))(CALLS[")
        .append(index)
        .append("] ? CALLS[")
        .append(index)
        .append("] : bound(")
        .append(index)
        .append("));\n");
    c.append("  return f ? f(").append(arguments).append(") : (").append(result).append(')');
    c.append(unimplementedCode).append(";\n}\n");
  }

  private static String cType(Class<?> type) {
    if (type == int.class) {
      return "int";
    }
    if (type == long.class) {
      return "long long";
    }
    if (type == float.class) {
      return "float";
    }
    if (type == double.class) {
      return "double";
    }
    if (type == MemorySegment.class) {
      return "void *";
    }
    throw new IllegalArgumentException("no C type for " + type);
  }
}
