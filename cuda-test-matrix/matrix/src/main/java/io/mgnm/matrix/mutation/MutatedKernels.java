package io.mgnm.matrix.mutation;

import io.mgnm.cuda.CompileTarget;
import io.mgnm.cuda.KernelBuilder;
import io.mgnm.cuda.KernelCompileException;
import io.mgnm.cuda.KernelCompiler;
import io.mgnm.cuda.KernelImage;
import io.mgnm.cuda.KernelSource;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Compiles a mutant, notes what was asked for, and knows where the mistake changes nothing. */
final class MutatedKernels implements KernelBuilder {
  private final Mutant mutant;
  private final KernelCompiler compiler;
  private final Set<Constants> asked = new HashSet<>();
  private String error = "";

  /** What a source is compiled with. */
  record Constants(KernelSource source, List<String> options, CompileTarget target) {}

  MutatedKernels(Mutant mutant) {
    this.mutant = mutant;
    this.compiler = KernelCompiler.withDefaultCache();
  }

  @Override
  public String version() {
    return compiler.version();
  }

  /**
   * Compiles the mutant.
   *
   * @throws KernelCompileException where it is no CUDA any more
   */
  @Override
  public KernelImage compile(KernelSource source, List<String> options, CompileTarget target) {
    asked.add(new Constants(source, List.copyOf(options), target));
    return tried(mutant.applyTo(source), options, target);
  }

  private KernelImage tried(KernelSource source, List<String> options, CompileTarget target) {
    try {
      return compiler.compile(source, options, target);
    } catch (KernelCompileException e) {
      error = e.log().lines().findFirst().orElse("no reason");
      throw e;
    }
  }

  /** Why it does not compile; empty as far as it does. */
  String error() {
    return error;
  }

  /** What has been asked for so far. */
  Set<Constants> asked() {
    return asked;
  }

  /**
   * Whether the mutant's code differs from the right one, compiled with the same constants.
   *
   * @throws KernelCompileException where it is no CUDA with these constants
   */
  boolean differs(Constants constants) {
    KernelSource source = constants.source();
    KernelSource mutated = mutant.applyTo(source);
    return !mutated.equals(source) && !code(source, constants).equals(code(mutated, constants));
  }

  /** PTX without what says where in the source it comes from. */
  private String code(KernelSource source, Constants constants) {
    KernelImage image = tried(source, constants.options(), constants.target());
    String ptx = new String(image.code(), StandardCharsets.UTF_8);
    int debug = ptx.indexOf("\t.section");
    return (debug < 0 ? ptx : ptx.substring(0, debug))
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("//"))
        .filter(line -> !line.startsWith(".loc") && !line.startsWith(".file"))
        .collect(Collectors.joining("\n"));
  }
}
