package io.mgnm.matrix.mutation;

/** A change of a source: characters {@code [begin, end)} become {@code replacement}. */
record Edit(int begin, int end, String replacement) {

  String apply(String text) {
    return text.substring(0, begin) + replacement + text.substring(end);
  }
}
