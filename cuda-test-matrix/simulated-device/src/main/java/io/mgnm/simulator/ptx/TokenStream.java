package io.mgnm.simulator.ptx;

import io.mgnm.simulator.ptx.Lexer.Kind;
import io.mgnm.simulator.ptx.Lexer.Token;
import java.util.List;

/** A cursor over tokens, with the constants that every part of the grammar reads. */
final class TokenStream {
  private final String text;
  private final List<Token> tokens;
  private int at;

  TokenStream(String text) {
    this.text = text;
    this.tokens = Lexer.tokens(text);
  }

  Token peek() {
    return tokens.get(at);
  }

  Token peek(int ahead) {
    return tokens.get(Math.min(at + ahead, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(at);
    if (token.kind() != Kind.END) {
      at++;
    }
    return token;
  }

  Token previous() {
    return tokens.get(at - 1);
  }

  boolean accept(String what) {
    if (peek().is(what)) {
      at++;
      return true;
    }
    return false;
  }

  void expect(String what) {
    if (!accept(what)) {
      throw error("expected '" + what + "' before '" + peek().text() + "'");
    }
  }

  String word() {
    Token token = next();
    if (token.kind() != Kind.WORD) {
      throw new PtxException(token.line(), "expected a name before '" + token.text() + "'");
    }
    return token.text();
  }

  int integer() {
    return Math.toIntExact(signedInteger());
  }

  long signedInteger() {
    boolean negative = accept("-");
    if (!negative) {
      accept("+");
      negative = accept("-");
    }
    Token token = next();
    if (token.kind() != Kind.NUMBER || token.text().matches("0[fFdD].*|.*\\..*")) {
      throw new PtxException(token.line(), "expected an integer before '" + token.text() + "'");
    }
    long value = parseInteger(token);
    return negative ? -value : value;
  }

  private static long parseInteger(Token token) {
    String digits = token.text().replace("U", "");
    try {
      if (digits.startsWith("0x") || digits.startsWith("0X")) {
        return Long.parseUnsignedLong(digits.substring(2), 16);
      }
      if (digits.startsWith("0b") || digits.startsWith("0B")) {
        return Long.parseUnsignedLong(digits.substring(2), 2);
      }
      if (digits.length() > 1 && digits.startsWith("0")) {
        return Long.parseUnsignedLong(digits, 8);
      }
      return Long.parseUnsignedLong(digits);
    } catch (NumberFormatException e) {
      throw new PtxException(token.line(), "not an integer: " + token.text());
    }
  }

  /** A constant as an operand: an integer, or the bits of a float or double. */
  Operand constant() {
    boolean negative = accept("-");
    Token token = next();
    if (token.kind() != Kind.NUMBER) {
      throw new PtxException(token.line(), "expected a constant before '" + token.text() + "'");
    }
    String s = token.text();
    if (s.length() == 10 && (s.startsWith("0f") || s.startsWith("0F"))) {
      int bits = Integer.parseUnsignedInt(s.substring(2), 16);
      return new Operand.Float32(negative ? bits ^ 0x80000000 : bits);
    }
    if (s.length() == 18 && (s.startsWith("0d") || s.startsWith("0D"))) {
      long bits = Long.parseUnsignedLong(s.substring(2), 16);
      return new Operand.Float64(negative ? bits ^ Long.MIN_VALUE : bits);
    }
    if (s.indexOf('.') >= 0 || (!s.startsWith("0x") && s.matches(".*[eE].*"))) {
      double value = Double.parseDouble(s);
      return new Operand.Float64(Double.doubleToRawLongBits(negative ? -value : value));
    }
    long value = parseInteger(token);
    return new Operand.Int(negative ? -value : value);
  }

  void skipTo(String what) {
    while (!peek().is(what)) {
      if (peek().kind() == Kind.END) {
        throw error("expected '" + what + "'");
      }
      at++;
    }
    at++;
  }

  void skipBraces() {
    expect("{");
    int depth = 1;
    while (depth > 0) {
      Token token = next();
      if (token.kind() == Kind.END) {
        throw error("'{' is never closed");
      }
      if (token.is("{")) {
        depth++;
      } else if (token.is("}")) {
        depth--;
      }
    }
  }

  /** The text between two places, white space collapsed. */
  String text(int start, int end) {
    return text.substring(start, end).replaceAll("\\s+", " ").trim();
  }

  PtxException error(String message) {
    return new PtxException(peek().line(), message);
  }
}
