package io.mgnm.simulator.ptx;

import io.mgnm.simulator.ptx.Lexer.Kind;
import io.mgnm.simulator.ptx.Lexer.Token;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Module scope: header, variables, kernels and functions. */
final class ModuleParser {
  private static final Pattern FILE =
      Pattern.compile("^\\s*\\.file\\s+(\\d+)\\s+\"([^\"]*)\"", Pattern.MULTILINE);

  private final TokenStream in;
  private final Map<Integer, String> files = new HashMap<>();
  private final Map<String, PtxFunction> functions = new LinkedHashMap<>();
  private final Map<String, Variable> variables = new LinkedHashMap<>();
  private String version;
  private String target;

  ModuleParser(String text) {
    in = new TokenStream(text);
    // Compilers put .file at the end, after the .loc that use it.
    Matcher matcher = FILE.matcher(text);
    while (matcher.find()) {
      files.put(Integer.parseInt(matcher.group(1)), matcher.group(2));
    }
  }

  PtxModule parse() {
    while (in.peek().kind() != Kind.END) {
      item();
    }
    if (version == null || target == null) {
      throw new PtxException(0, "no PTX module: .version or .target is missing");
    }
    return new PtxModule(version, target, functions, variables);
  }

  private void item() {
    boolean external = false;
    while (in.peek().is(".visible")
        || in.peek().is(".extern")
        || in.peek().is(".weak")
        || in.peek().is(".common")) {
      external |= in.next().is(".extern");
    }
    Token token = in.next();
    switch (token.text()) {
      case ".version" -> version = in.next().text();
      case ".target" -> {
        target = in.word();
        while (in.accept(",")) {
          in.word();
        }
      }
      case ".address_size" -> {
        if (in.integer() != 64) {
          throw new PtxException(token.line(), "only .address_size 64 is simulated");
        }
      }
      case ".file" -> {
        in.integer();
        in.next();
        while (in.accept(",")) {
          in.integer();
        }
      }
      case ".section" -> {
        in.next();
        in.skipBraces();
      }
      case ".pragma" -> in.skipTo(";");
      case ".global", ".const", ".shared" -> {
        Space space = Space.valueOf(token.text().substring(1).toUpperCase(java.util.Locale.ROOT));
        for (Variable variable : Declarations.variables(in, space, external)) {
          variables.put(variable.name(), variable);
        }
      }
      case ".entry" -> function(true);
      case ".func" -> function(false);
      case ";" -> {}
      default -> throw new PtxException(token.line(), "not known at module scope: " + token.text());
    }
  }

  private void function(boolean kernel) {
    int line = in.previous().line();
    List<Variable> results = new ArrayList<>();
    if (!kernel && in.peek().is("(")) {
      results = Declarations.parameters(in);
    }
    String name = in.word();
    List<Variable> parameters = in.peek().is("(") ? Declarations.parameters(in) : List.of();
    int[] required = null;
    int[] max = null;
    int minBlocks = 0;
    while (in.peek().kind() == Kind.DIRECTIVE) {
      Token directive = in.next();
      switch (directive.text()) {
        case ".maxntid" -> max = dimensions();
        case ".reqntid" -> required = dimensions();
        case ".minnctapersm" -> minBlocks = in.integer();
        case ".maxnreg" -> in.integer();
        case ".noreturn" -> {}
        case ".pragma" -> in.skipTo(";");
        default ->
            throw new PtxException(
                directive.line(), "not known on a function: " + directive.text());
      }
    }
    boolean declaration = in.accept(";");
    PtxFunction known = functions.get(name);
    if (declaration && known != null && !known.declarationOnly()) {
      return;
    }
    BodyParser body = new BodyParser(in, files);
    if (!declaration) {
      body.parse();
    }
    functions.put(
        name,
        new PtxFunction(
            name,
            kernel,
            parameters,
            results,
            body.registers,
            body.locals,
            body.statements,
            body.labels,
            body.branchTargets,
            required,
            max,
            minBlocks,
            declaration,
            line));
  }

  private int[] dimensions() {
    int[] result = {in.integer(), 1, 1};
    for (int i = 1; i < 3 && in.accept(","); i++) {
      result[i] = in.integer();
    }
    return result;
  }
}
