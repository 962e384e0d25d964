package io.mgnm.simulator.ptx;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** PTX text to tokens. Comments and white space are gone; every token knows its place. */
final class Lexer {
  /** What a token is. */
  enum Kind {
    /** A name, register or opcode with all its modifiers. */
    WORD,
    /** ".reg", ".loc" and so on. */
    DIRECTIVE,
    NUMBER,
    STRING,
    PUNCTUATION,
    END
  }

  /** One token, its line from 1 and its range in the text. */
  record Token(Kind kind, String text, int line, int start, int end) {
    boolean is(String what) {
      return text.equals(what) && kind != Kind.STRING;
    }
  }

  private static final Pattern TOKEN =
      Pattern.compile(
          "(?<space>\\s+|//[^\\n]*|/\\*.*?\\*/)"
              + "|(?<number>0[fF][0-9a-fA-F]{8}(?!\\w)|0[dD][0-9a-fA-F]{16}(?!\\w)"
              + "|0[xX][0-9a-fA-F]+U?|0[bB][01]+U?"
              + "|[0-9]+\\.[0-9]*(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|[0-9]+U?)"
              + "|(?<word>[A-Za-z_$%][\\w$]*(?:\\.\\w+(?:::\\w+)*)*)"
              + "|(?<directive>\\.[A-Za-z_]\\w*(?:::\\w+)*)"
              + "|(?<string>\"[^\"\\n]*\")"
              + "|(?<punctuation>[-+*/!@,;:|<>={}()\\[\\]])",
          Pattern.DOTALL);

  private Lexer() {}

  static List<Token> tokens(String text) {
    List<Token> result = new ArrayList<>();
    Matcher matcher = TOKEN.matcher(text);
    int at = 0;
    int line = 1;
    while (at < text.length()) {
      matcher.region(at, text.length());
      if (text.charAt(at) == '\0' && text.substring(at).isBlank()) {
        break;
      }
      if (!matcher.lookingAt()) {
        if (text.charAt(at) == '\0') {
          break;
        }
        throw new PtxException(line, "unexpected character '" + text.charAt(at) + "'");
      }
      Kind kind =
          matcher.group("space") != null
              ? null
              : matcher.group("number") != null
                  ? Kind.NUMBER
                  : matcher.group("word") != null
                      ? Kind.WORD
                      : matcher.group("directive") != null
                          ? Kind.DIRECTIVE
                          : matcher.group("string") != null ? Kind.STRING : Kind.PUNCTUATION;
      String token = matcher.group();
      if (kind != null) {
        String value = kind == Kind.STRING ? token.substring(1, token.length() - 1) : token;
        result.add(new Token(kind, value, line, at, matcher.end()));
      }
      for (int i = 0; i < token.length(); i++) {
        if (token.charAt(i) == '\n') {
          line++;
        }
      }
      at = matcher.end();
    }
    result.add(new Token(Kind.END, "end of the text", line, at, at));
    return result;
  }
}
