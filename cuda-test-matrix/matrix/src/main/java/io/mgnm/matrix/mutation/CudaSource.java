package io.mgnm.matrix.mutation;

import io.mgnm.matrix.mutation.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * CUDA source as words, without comments and lines of the preprocessor, and just enough grammar for
 * the operators of mutation: where an operand begins and ends, which bracket closes which. It knows
 * no types and relies on the sources' format: an operator between two operands has a space on both
 * sides, a {@code *} of a pointer or a {@code <} of a template has not.
 */
final class CudaSource {
  private static final Pattern WORD =
      Pattern.compile(
          "(?<skip>//[^\\n]*|/\\*(?s:.*?)\\*/|\\s+|(?m:^[ \\t]*#(?:[^\\n\\\\]|\\\\\\n|\\\\.)*))"
              + "|(?<text>\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*')"
              + "|(?<number>0[xX][0-9a-fA-F]+[uUlL]*"
              + "|(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?[fFuUlL]*)"
              + "|(?<name>[A-Za-z_]\\w*)"
              + "|(?<sign><<=|>>=|->|\\+\\+|--|<<|>>|<=|>=|==|!=|&&|\\|\\||\\+=|-=|\\*=|/=|%=|&="
              + "|\\|=|\\^=|::|.)");

  private final String text;
  private final List<Token> tokens = new ArrayList<>();
  private final int[] partner; // of brackets

  CudaSource(String text) {
    this.text = text;
    Matcher matcher = WORD.matcher(text);
    while (matcher.lookingAt()) {
      add(Kind.TEXT, matcher, "text");
      add(Kind.NUMBER, matcher, "number");
      add(Kind.NAME, matcher, "name");
      add(Kind.SIGN, matcher, "sign");
      matcher.region(matcher.end(), text.length());
    }
    if (matcher.regionStart() != text.length()) {
      throw new IllegalArgumentException("no word of CUDA at " + matcher.regionStart());
    }
    partner = partners(tokens);
  }

  private void add(Kind kind, Matcher matcher, String group) {
    if (matcher.group(group) != null) {
      tokens.add(new Token(kind, matcher.group(group), matcher.start(), matcher.end()));
    }
  }

  private static int[] partners(List<Token> tokens) {
    int[] partner = new int[tokens.size()];
    List<Integer> open = new ArrayList<>();
    for (int i = 0; i < partner.length; i++) {
      partner[i] = -1;
      switch (tokens.get(i).text()) {
        case "(", "[", "{" -> open.add(i);
        case ")", "]", "}" -> {
          int other = open.removeLast();
          partner[i] = other;
          partner[other] = i;
        }
        default -> {}
      }
    }
    return partner;
  }

  List<Token> tokens() {
    return tokens;
  }

  Token at(int i) {
    return tokens.get(i);
  }

  int size() {
    return tokens.size();
  }

  /** Whether token i is the word; no where there is no such token. */
  boolean is(int i, String word) {
    return i >= 0 && i < tokens.size() && tokens.get(i).is(word);
  }

  boolean is(int i, Kind kind) {
    return i >= 0 && i < tokens.size() && tokens.get(i).kind() == kind;
  }

  /** The bracket that belongs to bracket i. */
  int partner(int i) {
    return partner[i];
  }

  /** Source from token {@code first} to token {@code last}, both included. */
  String between(int first, int last) {
    return text.substring(tokens.get(first).begin(), tokens.get(last).end());
  }

  /** The opening bracket around token i, or -1. */
  int around(int i) {
    for (int j = i - 1; j >= 0; j--) {
      if (partner[j] > j && partner[j] > i) {
        return j;
      }
    }
    return -1;
  }

  /** Whether token i stands between two operands. */
  boolean isBinary(int i) {
    return i > 0
        && i + 1 < tokens.size()
        && Character.isWhitespace(text.charAt(at(i).begin() - 1))
        && Character.isWhitespace(text.charAt(at(i).end()))
        && (is(i - 1, Kind.NAME) || is(i - 1, Kind.NUMBER) || is(i - 1, ")") || is(i - 1, "]"));
  }

  /** First token of the operand that ends with token {@code last}: a name, a call, an element. */
  int operandBegin(int last) {
    int i = last;
    while (true) {
      if (is(i, ")") || is(i, "]")) {
        i = partner[i];
        if (is(i - 1, Kind.NAME) || is(i - 1, ")") || is(i - 1, "]")) {
          i--;
          continue;
        }
        int template = is(i - 1, ">") ? templateName(i - 1) : -1;
        if (template >= 0) {
          i = template;
        }
      }
      if (is(i - 1, ".") || is(i - 1, "->") || is(i - 1, "::")) {
        i -= 2;
      } else {
        return i;
      }
    }
  }

  /** The name before the {@code <...>} that ends with token i, or -1. */
  private int templateName(int i) {
    int depth = 0;
    for (int j = i; j > 0 && !is(j, ";"); j--) {
      depth += is(j, ">") ? 1 : is(j, "<") ? -1 : 0;
      if (depth == 0) {
        return is(j - 1, Kind.NAME) && at(j - 1).end() == at(j).begin() ? j - 1 : -1;
      }
    }
    return -1;
  }

  /** Last token of the operand that begins with token {@code first}, signs before it included. */
  int operandEnd(int first) {
    int i = first;
    while (is(i, "-") || is(i, "!") || is(i, "~") || is(i, "*") || is(i, "&")) {
      i++;
    }
    if (is(i, "(")) {
      i = partner[i];
    }
    while (true) {
      if (is(i + 1, "(") || is(i + 1, "[")) {
        i = partner[i + 1];
      } else if (is(i + 1, ".") || is(i + 1, "->") || is(i + 1, "::")) {
        i += 2;
      } else if (is(i, Kind.NAME) && is(i + 1, "<") && at(i).end() == at(i + 1).begin()) {
        i = templateEnd(i + 1);
      } else {
        return i;
      }
    }
  }

  private int templateEnd(int open) {
    int depth = 0;
    for (int j = open; j < tokens.size(); j++) {
      depth += is(j, "<") ? 1 : is(j, ">") ? -1 : is(j, ">>") ? -2 : 0;
      if (depth <= 0) {
        return j;
      }
    }
    throw new IllegalStateException("a template argument without an end");
  }

  /**
   * Last token of the product that begins with token {@code first}: operands with * / % between.
   */
  int productEnd(int first) {
    int end = operandEnd(first);
    while ((is(end + 1, "*") || is(end + 1, "/") || is(end + 1, "%")) && isBinary(end + 1)) {
      end = operandEnd(end + 2);
    }
    return end;
  }

  /** Last token before one of the words that is not inside brackets, from token {@code first}. */
  int until(int first, List<String> words) {
    int i = first;
    while (i < tokens.size()) {
      if (words.contains(at(i).text())) {
        return i - 1;
      }
      i = partner[i] > i ? partner[i] + 1 : i + 1;
    }
    throw new IllegalStateException("none of " + words + " follows");
  }

  /**
   * Arguments of the call whose opening bracket is token {@code open}, as first and last tokens.
   */
  List<int[]> arguments(int open) {
    List<int[]> arguments = new ArrayList<>();
    int close = partner[open];
    int first = open + 1;
    while (first < close) {
      int last = until(first, List.of(",", ")"));
      arguments.add(new int[] {first, last});
      first = last + 2;
    }
    return arguments;
  }
}
