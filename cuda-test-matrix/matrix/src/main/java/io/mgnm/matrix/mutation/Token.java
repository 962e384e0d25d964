package io.mgnm.matrix.mutation;

/**
 * A word of CUDA source.
 *
 * @param begin index of its first character
 * @param end index behind its last character
 */
record Token(Kind kind, String text, int begin, int end) {

  /** What sort of word. */
  enum Kind {
    NAME,
    NUMBER,
    SIGN,
    TEXT
  }

  boolean is(String word) {
    return text.equals(word);
  }
}
