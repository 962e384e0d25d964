package io.mgnm.matrix.mutation;

import io.mgnm.cuda.KernelSource;
import io.mgnm.kernels.KernelCatalogue;
import java.util.HashMap;
import java.util.Map;

/**
 * A kernel source with one mistake in it.
 *
 * @param stem whose kernels are wrong
 * @param operator what sort of mistake
 * @param file the stem's source, or a header that it includes
 * @param edit the mistake
 */
record Mutant(String stem, Operator operator, String file, Edit edit) {

  /** The text of a source or header as it is. */
  static String text(String stem, String file) {
    return file.equals(KernelCatalogue.fileName(stem))
        ? KernelCatalogue.source(stem)
        : KernelCatalogue.headers().get(file);
  }

  /** The stem's source with the mistake; sources of other stems stay as they are. */
  KernelSource applyTo(KernelSource source) {
    String own = KernelCatalogue.fileName(stem);
    if (!source.fileName().equals(own)) {
      return source;
    }
    if (file.equals(own)) {
      return new KernelSource(own, edit.apply(source.text()), source.headers());
    }
    Map<String, String> headers = new HashMap<>(source.headers());
    headers.computeIfPresent(file, (name, text) -> edit.apply(text));
    return new KernelSource(own, source.text(), headers);
  }

  /**
   * File, line as it is and line as it became: what names a mutant, and still does when lines above
   * it come or go.
   */
  String name() {
    String before = text(stem, file);
    String after = edit.apply(before);
    int begin = before.lastIndexOf('\n', edit.begin() - 1) + 1;
    int end = before.indexOf('\n', Math.max(edit.end() - 1, begin));
    int grown = after.length() - before.length();
    return "%s: %s: %s => %s"
        .formatted(
            file,
            operator,
            oneLine(before.substring(begin, end)),
            oneLine(after.substring(begin, end + grown)));
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }

  @Override
  public String toString() {
    return stem + "/" + name();
  }
}
