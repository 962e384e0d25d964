package io.mgnm.simulator.ptx;

import io.mgnm.simulator.ptx.Lexer.Kind;
import io.mgnm.simulator.ptx.Lexer.Token;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The body of a function. Braces open a scope, as inline assembly uses: what is declared there gets
 * a name of its own when the scope closes, so that the rest of the simulator knows one flat scope.
 */
final class BodyParser {
  final Map<String, Type> registers = new LinkedHashMap<>();
  final Map<String, Variable> locals = new LinkedHashMap<>();
  final List<Statement> statements = new ArrayList<>();
  final Map<String, Integer> labels = new HashMap<>();
  final Map<String, List<String>> branchTargets = new HashMap<>();

  private final TokenStream in;
  private final Map<Integer, String> files;
  private SourceLine source;
  private int scopes;

  BodyParser(TokenStream in, Map<Integer, String> files) {
    this.in = in;
    this.files = files;
  }

  void parse() {
    in.expect("{");
    scope("");
  }

  /** Reads up to the closing brace; {@code suffix} is appended to what is declared here. */
  private void scope(String suffix) {
    Map<String, String> names = new HashMap<>();
    int first = statements.size();
    while (!in.accept("}")) {
      Token token = in.peek();
      if (token.kind() == Kind.END) {
        throw in.error("a function is never closed");
      }
      if (in.accept("{")) {
        scope("@" + ++scopes);
      } else if (token.kind() == Kind.DIRECTIVE) {
        in.next();
        directive(token, suffix, names);
      } else if (token.kind() == Kind.WORD && in.peek(1).is(":")) {
        label(suffix, names);
      } else if (!in.accept(";")) {
        statements.add(statement());
      }
    }
    if (!suffix.isEmpty() && !names.isEmpty()) {
      for (int i = first; i < statements.size(); i++) {
        statements.set(i, Renaming.rename(statements.get(i), names));
      }
    }
  }

  private void directive(Token token, String suffix, Map<String, String> names) {
    switch (token.text()) {
      case ".reg" -> registers(suffix, names);
      case ".local", ".shared", ".param" -> {
        Space space = Space.valueOf(token.text().substring(1).toUpperCase(Locale.ROOT));
        for (Variable variable : Declarations.variables(in, space, false)) {
          names.put(variable.name(), variable.name() + suffix);
          locals.put(variable.name() + suffix, variable);
        }
      }
      case ".loc" -> location();
      case ".pragma" -> in.skipTo(";");
      default -> throw new PtxException(token.line(), "not known in a function: " + token.text());
    }
  }

  private void registers(String suffix, Map<String, String> names) {
    Token typeToken = in.next();
    Type type = Type.of(typeToken.text().substring(1));
    if (type == null || type == Type.B128) {
      throw new PtxException(
          typeToken.line(), "registers of this type are not simulated: " + typeToken.text());
    }
    do {
      String name = in.word();
      if (in.accept("<")) {
        int count = in.integer();
        in.expect(">");
        for (int i = 0; i < count; i++) {
          names.put(name + i, name + i + suffix);
          registers.put(name + i + suffix, type);
        }
      } else {
        names.put(name, name + suffix);
        registers.put(name + suffix, type);
      }
    } while (in.accept(","));
    in.expect(";");
  }

  private void label(String suffix, Map<String, String> names) {
    String name = in.word();
    in.expect(":");
    names.put(name, name + suffix);
    if (in.accept(".branchtargets")) {
      List<String> targets = new ArrayList<>();
      do {
        targets.add(in.word() + suffix);
      } while (in.accept(","));
      in.expect(";");
      branchTargets.put(name + suffix, targets);
    } else if (in.peek().is(".callprototype") || in.peek().is(".calltargets")) {
      // Only indirect calls use it, and they are refused where they are decoded.
      in.skipTo(";");
    } else {
      labels.put(name + suffix, statements.size());
    }
  }

  /**
   * {@code .loc file line column [, function_name label[+n], inlined_at file line column]}. Code
   * inlined from another file counts as the line that called it.
   */
  private void location() {
    int file = in.integer();
    int line = in.integer();
    in.integer();
    int outerFile = file;
    int outerLine = line;
    while (in.accept(",")) {
      String what = in.word();
      if (what.equals("function_name")) {
        in.word();
        if (in.accept("+")) {
          in.integer();
        }
      } else if (what.equals("inlined_at")) {
        outerFile = in.integer();
        outerLine = in.integer();
        in.integer();
      } else {
        throw in.error("not known in .loc: " + what);
      }
    }
    source =
        outerFile == file
            ? new SourceLine(files.getOrDefault(file, "file " + file), line)
            : new SourceLine(files.getOrDefault(outerFile, "file " + outerFile), outerLine);
  }

  private Statement statement() {
    int start = in.peek().start();
    int line = in.peek().line();
    String guard = null;
    boolean negated = false;
    if (in.accept("@")) {
      negated = in.accept("!");
      guard = in.word();
    }
    String opcode = in.word();
    List<Operand> operands = new ArrayList<>();
    while (!in.peek().is(";")) {
      operands.add(operand());
      if (!in.peek().is(";") && !in.accept(",")) {
        throw in.error("expected ',' or ';' before '" + in.peek().text() + "'");
      }
    }
    int end = in.next().start();
    return new Statement(line, source, guard, negated, opcode, operands, in.text(start, end));
  }

  private Operand operand() {
    Token token = in.peek();
    if (in.accept("[")) {
      String base = in.peek().kind() == Kind.WORD ? in.word() : null;
      long offset = in.peek().is("]") ? 0 : in.signedInteger();
      in.expect("]");
      return new Operand.Address(base, offset);
    }
    if (in.accept("{")) {
      return new Operand.Vector(list("}"));
    }
    if (in.accept("(")) {
      return new Operand.Arguments(list(")"));
    }
    if (in.accept("!")) {
      return new Operand.Not(in.word());
    }
    if (token.kind() == Kind.NUMBER || token.is("-")) {
      return in.constant();
    }
    String name = in.word();
    Operand result;
    if (name.equals("_")) {
      result = new Operand.Sink();
    } else {
      long plus = in.peek().is("+") || in.peek().is("-") ? in.signedInteger() : 0;
      result = new Operand.Name(name, plus);
    }
    return in.accept("|") ? new Operand.Pair(result, operand()) : result;
  }

  private List<Operand> list(String close) {
    List<Operand> elements = new ArrayList<>();
    while (!in.accept(close)) {
      if (!elements.isEmpty()) {
        in.expect(",");
      }
      elements.add(operand());
    }
    return elements;
  }
}
