package io.mgnm.cuda;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;
import jcuda.nvrtc.nvrtcResult;

/**
 * Compiles kernels with NVRTC and keeps the results on disk. Needs no device and no toolkit; no
 * header but NVRTC's own and the source's. Processes may share the folder.
 */
public final class KernelCompiler implements KernelBuilder {
  /** Part of every name in the cache: raised where what is kept, or how, changes. */
  private static final String FORMAT = "1";

  private final KernelCache cache;
  private final String version;
  private final List<ComputeCapability> known;

  /**
   * A compiler whose results are kept in {@code folder}.
   *
   * @throws IllegalStateException where {@link #unavailable} says why there is none
   */
  public KernelCompiler(Path folder) {
    unavailable()
        .ifPresent(
            reason -> {
              throw new IllegalStateException("kernels cannot be compiled here: " + reason);
            });
    this.cache = new KernelCache(folder);
    int[] major = {0};
    int[] minor = {0};
    check("nvrtcVersion", JNvrtc.nvrtcVersion(major, minor), "");
    this.version = major[0] + "." + minor[0];
    this.known = supported();
  }

  /** A compiler whose results are kept in the user's cache folder. */
  public static KernelCompiler withDefaultCache() {
    return new KernelCompiler(CacheFolder.path().resolve("kernels"));
  }

  /**
   * Why kernels cannot be compiled on this machine, with a remedy; empty where they can. Loads the
   * compiler.
   */
  public static Optional<String> unavailable() {
    return NvrtcLibrary.load();
  }

  @Override
  public String version() {
    return version;
  }

  private static List<ComputeCapability> supported() {
    int[] count = {0};
    check("nvrtcGetNumSupportedArchs", JNvrtc.nvrtcGetNumSupportedArchs(count), "");
    int[] numbers = new int[count[0]];
    check("nvrtcGetSupportedArchs", JNvrtc.nvrtcGetSupportedArchs(numbers), "");
    return IntStream.of(numbers).sorted().mapToObj(ComputeCapability::ofNumber).toList();
  }

  /**
   * Compiles, or takes the result of an earlier time. For a device newer than the compiler it makes
   * PTX of the newest generation before it, which the driver translates.
   */
  @Override
  public KernelImage compile(KernelSource source, List<String> options, CompileTarget target) {
    CompileTarget possible = possible(target);
    List<String> all = new ArrayList<>(options);
    all.add("--std=c++17");
    all.add("--gpu-architecture=" + possible.architecture());
    all.add("--generate-line-info");
    if (possible.form() == CompileTarget.Form.CUBIN) {
      all.add("--ptxas-options=-v");
    }
    String key = key(source, all);
    Optional<KernelCache.Entry> kept = cache.read(key);
    if (kept.isPresent()) {
      return new KernelImage(source, possible, kept.get().code(), kept.get().log(), true);
    }
    KernelCache.Entry made = compile(source, all, possible.form());
    cache.write(key, made);
    return new KernelImage(source, possible, made.code(), made.log(), false);
  }

  private CompileTarget possible(CompileTarget target) {
    if (known.contains(target.capability())) {
      return target;
    }
    ComputeCapability newest =
        known.stream()
            .filter(capability -> capability.compareTo(target.capability()) < 0)
            .reduce((a, b) -> b)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "NVRTC %s compiles for %s, not for %s"
                            .formatted(version, known, target.capability())));
    return new CompileTarget(newest, CompileTarget.Form.PTX);
  }

  private String key(KernelSource source, List<String> options) {
    List<String> parts = new ArrayList<>(List.of(FORMAT, version));
    parts.addAll(options);
    parts.add(source.fileName());
    parts.add(source.text());
    new TreeMap<>(source.headers()).forEach((name, text) -> parts.addAll(List.of(name, text)));
    return KernelCache.key(parts);
  }

  private KernelCache.Entry compile(
      KernelSource source, List<String> options, CompileTarget.Form form) {
    Map<String, String> headers = new TreeMap<>(source.headers());
    String[] names = headers.keySet().toArray(String[]::new);
    String[] texts = headers.values().toArray(String[]::new);
    nvrtcProgram program = new nvrtcProgram();
    check(
        "nvrtcCreateProgram",
        JNvrtc.nvrtcCreateProgram(
            program, source.text(), source.fileName(), names.length, texts, names),
        source.fileName());
    try {
      int code =
          JNvrtc.nvrtcCompileProgram(program, options.size(), options.toArray(String[]::new));
      String[] log = {null};
      check("nvrtcGetProgramLog", JNvrtc.nvrtcGetProgramLog(program, log), source.fileName());
      if (code == nvrtcResult.NVRTC_ERROR_COMPILATION) {
        throw new KernelCompileException(
            "%s does not compile with NVRTC %s and %s:%n%s"
                .formatted(source.fileName(), version, options, log[0]),
            log[0]); // NVRTC shows the source's lines itself
      }
      check("nvrtcCompileProgram", code, source.fileName() + " with " + options + "\n" + log[0]);
      return new KernelCache.Entry(
          form == CompileTarget.Form.CUBIN ? cubin(program) : ptx(program), log[0]);
    } finally {
      int code = JNvrtc.nvrtcDestroyProgram(program);
      assert code == nvrtcResult.NVRTC_SUCCESS : code;
    }
  }

  private static byte[] cubin(nvrtcProgram program) {
    long[] size = {0};
    check("nvrtcGetCUBINSize", JNvrtc.nvrtcGetCUBINSize(program, size), "");
    byte[] code = new byte[Math.toIntExact(size[0])];
    check("nvrtcGetCUBIN", JNvrtc.nvrtcGetCUBIN(program, code), "");
    return code;
  }

  private static byte[] ptx(nvrtcProgram program) {
    String[] code = {null};
    check("nvrtcGetPTX", JNvrtc.nvrtcGetPTX(program, code), "");
    return code[0].getBytes(StandardCharsets.UTF_8);
  }

  private static void check(String call, int code, String detail) {
    if (code != nvrtcResult.NVRTC_SUCCESS) {
      throw new CudaException(
          call, code, call + " returned " + JNvrtc.nvrtcGetErrorString(code) + "; " + detail);
    }
  }
}
