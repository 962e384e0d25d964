package io.mgnm.simulator.ptx;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A parsed PTX module.
 *
 * @param version {@code .version}, as "8.8"
 * @param target {@code .target}, as "sm_90"
 * @param functions kernels and functions by name
 * @param variables variables of module scope by name, in order of declaration
 */
public record PtxModule(
    String version,
    String target,
    Map<String, PtxFunction> functions,
    Map<String, Variable> variables) {

  /**
   * Parses PTX text.
   *
   * @throws PtxException on a syntax error, with its line
   */
  public static PtxModule parse(String ptx) {
    return new ModuleParser(ptx).parse();
  }

  public List<PtxFunction> kernels() {
    List<PtxFunction> result = new ArrayList<>();
    for (PtxFunction function : functions.values()) {
      if (function.kernel()) {
        result.add(function);
      }
    }
    return result;
  }

  /**
   * Shared memory a kernel uses without the dynamic part, in bytes: its own variables and those of
   * module scope that it or a function it calls names.
   */
  public int staticSharedBytes(PtxFunction kernel) {
    return new SharedLayout(this, kernel).staticBytes();
  }
}
