package io.mgnm.simulator.ptx;

import io.mgnm.simulator.ptx.Lexer.Kind;
import io.mgnm.simulator.ptx.Lexer.Token;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Declarations of variables and parameters, with initial values. */
final class Declarations {
  private Declarations() {}

  /** Parameters in parentheses, each at its offset in the parameter block. */
  static List<Variable> parameters(TokenStream in) {
    List<Variable> result = new ArrayList<>();
    in.expect("(");
    int offset = 0;
    while (!in.accept(")")) {
      in.accept(",");
      in.expect(".param");
      Variable variable = variable(in, Space.PARAM, false);
      offset = (offset + variable.align() - 1) / variable.align() * variable.align();
      result.add(variable.at(offset));
      offset = Math.toIntExact(offset + variable.bytes());
    }
    return result;
  }

  /** One declaration after its space, which may name several variables, up to its semicolon. */
  static List<Variable> variables(TokenStream in, Space space, boolean external) {
    List<Variable> result = new ArrayList<>();
    Variable first = variable(in, space, external);
    result.add(first);
    while (in.accept(",")) {
      result.add(named(in, space, external, first.elementBytes(), first.align()));
    }
    in.expect(";");
    return result;
  }

  private static Variable variable(TokenStream in, Space space, boolean external) {
    int align = 0;
    Type type = null;
    int lanes = 1;
    while (in.peek().kind() == Kind.DIRECTIVE) {
      Token token = in.next();
      String modifier = token.text().substring(1);
      if (modifier.equals("align")) {
        int value = in.integer();
        // ".ptr .align" speaks of what the pointer points at, not of the parameter.
        align = type != null && space == Space.PARAM ? align : value;
      } else if (modifier.equals("ptr")
          || (space == Space.PARAM && modifier.matches("global|const|shared|local"))) {
        continue;
      } else if (modifier.equals("attribute")) {
        throw new PtxException(token.line(), ".attribute is not simulated");
      } else if (modifier.equals("v2") || modifier.equals("v4")) {
        lanes = modifier.charAt(1) - '0';
      } else {
        type = Type.of(modifier);
        if (type == null) {
          throw new PtxException(token.line(), "not a type that is simulated: ." + modifier);
        }
      }
    }
    if (type == null) {
      throw in.error("a declaration without a type");
    }
    int bytes = type.bytes() * lanes;
    return named(in, space, external, bytes, align == 0 ? bytes : align);
  }

  private static Variable named(
      TokenStream in, Space space, boolean external, int elementBytes, int align) {
    int line = in.peek().line();
    String name = in.word();
    long count = 1;
    boolean unsized = false;
    while (in.accept("[")) {
      if (in.accept("]")) {
        unsized = true;
      } else {
        count *= in.signedInteger();
        in.expect("]");
      }
    }
    byte[] initial = null;
    List<Variable.Reference> references = new ArrayList<>();
    if (in.accept("=")) {
      List<byte[]> parts = new ArrayList<>();
      initialValues(in, elementBytes, parts, references);
      count = unsized ? parts.size() : count;
      unsized = false;
      initial = new byte[Math.toIntExact(count * elementBytes)];
      for (int i = 0; i < parts.size(); i++) {
        System.arraycopy(parts.get(i), 0, initial, i * elementBytes, elementBytes);
      }
    } else if (!external && (space == Space.GLOBAL || space == Space.CONST)) {
      initial = new byte[Math.toIntExact(count * elementBytes)];
    }
    long bytes = unsized ? 0 : count * elementBytes;
    return new Variable(name, space, elementBytes, bytes, align, 0, initial, references, line);
  }

  private static void initialValues(
      TokenStream in, int elementBytes, List<byte[]> parts, List<Variable.Reference> references) {
    if (in.accept("{")) {
      while (!in.accept("}")) {
        in.accept(",");
        initialValues(in, elementBytes, parts, references);
      }
      return;
    }
    Token token = in.peek();
    ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    if (token.kind() == Kind.WORD) {
      String symbol = in.word();
      boolean generic = symbol.equals("generic") && in.accept("(");
      if (generic) {
        symbol = in.word();
        in.expect(")");
      }
      long plus = in.peek().is("+") || in.peek().is("-") ? in.signedInteger() : 0;
      if (elementBytes != 8) {
        throw new PtxException(token.line(), "an address in an element of fewer than 8 bytes");
      }
      references.add(new Variable.Reference(parts.size() * 8, symbol, plus, generic));
    } else {
      switch (in.constant()) {
        case Operand.Int value -> bytes.putLong(0, value.value());
        case Operand.Float32 value -> bytes.putInt(0, value.bits());
        case Operand.Float64 value -> {
          if (elementBytes == 4) {
            bytes.putFloat(0, (float) Double.longBitsToDouble(value.bits()));
          } else {
            bytes.putLong(0, value.bits());
          }
        }
        default -> throw new AssertionError();
      }
    }
    byte[] element = new byte[elementBytes];
    bytes.get(0, element);
    parts.add(element);
  }
}
