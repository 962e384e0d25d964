package io.mgnm.cuda;

import java.util.List;
import java.util.Map;

/**
 * CUDA source text.
 *
 * @param fileName as the compiler and its messages name it
 * @param text the source
 * @param headers what it may include, by the name in the {@code #include}
 */
public record KernelSource(String fileName, String text, Map<String, String> headers) {

  /** Copies the map. */
  public KernelSource {
    headers = Map.copyOf(headers);
  }

  /** The kernels it declares. */
  public List<KernelSignature> kernels() {
    return KernelSignature.of(text);
  }
}
