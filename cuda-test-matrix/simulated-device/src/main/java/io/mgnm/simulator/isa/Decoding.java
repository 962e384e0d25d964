package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Program.Special;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.PtxException;
import io.mgnm.simulator.ptx.Statement;
import io.mgnm.simulator.ptx.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One statement while it is decoded: the modifiers not yet taken, and the places of its operands.
 * Places of words and longs come multiplied by the number of lanes.
 */
final class Decoding {
  final Statement statement;
  final Lowering kernel;
  final String base;
  private final List<String> modifiers;

  Decoding(Statement statement, Lowering kernel) {
    this.statement = statement;
    this.kernel = kernel;
    modifiers = new ArrayList<>(statement.parts());
    base = modifiers.removeFirst();
  }

  // Modifiers.

  /** Takes a modifier if it is there. */
  boolean take(String modifier) {
    return modifiers.remove(modifier);
  }

  /** Takes whichever of these is there, or null. */
  String takeAny(String... choices) {
    for (String choice : choices) {
      if (modifiers.remove(choice)) {
        return choice;
      }
    }
    return null;
  }

  /** The next modifier that names a type. */
  Type type() {
    for (String modifier : modifiers) {
      Type type = Type.of(modifier);
      if (type != null) {
        modifiers.remove(modifier);
        return type;
      }
    }
    throw error("a type is missing");
  }

  boolean hasType() {
    return modifiers.stream().anyMatch(m -> Type.of(m) != null);
  }

  /** The last type named, not taken. */
  Type lastType() {
    Type result = null;
    for (String modifier : modifiers) {
      Type type = Type.of(modifier);
      result = type == null ? result : type;
    }
    return result;
  }

  Rounding rounding() {
    String mode = takeAny("rn", "rz", "rm", "rp");
    return mode == null ? Rounding.RN : Rounding.valueOf(mode.toUpperCase(Locale.ROOT));
  }

  /** Whatever a family has not taken is not known. */
  void finish() {
    if (!modifiers.isEmpty()) {
      throw error("modifier ." + String.join(".", modifiers) + " is not known here");
    }
  }

  PtxException error(String why) {
    return new PtxException(
        statement.line(), "not simulated: " + statement.text() + " (" + why + ")");
  }

  // Operands.

  int count() {
    return statement.operands().size();
  }

  Operand operand(int i) {
    if (i >= count()) {
      throw error("operand " + (i + 1) + " is missing");
    }
    return statement.operands().get(i);
  }

  void expectOperands(int n) {
    if (count() != n) {
      throw error("expected " + n + " operands");
    }
  }

  /** 32-bit source: a register, constant, special register or address of a variable. */
  int word(int i, Type type) {
    return word(operand(i), type);
  }

  int word(Operand operand, Type type) {
    return Warp.LANES * wordPlace(operand, type);
  }

  private int wordPlace(Operand operand, Type type) {
    int keep = type.bytes() == 2 ? 0xffff : type.bytes() == 1 ? 0xff : -1;
    return switch (operand) {
      case Operand.Int c -> kernel.places.word((int) c.value() & keep);
      case Operand.Float32 c -> kernel.places.word(c.bits());
      case Operand.Float64 c -> {
        if (type != Type.F32) {
          throw error("a floating constant");
        }
        yield kernel.places.word(
            Float.floatToRawIntBits((float) Double.longBitsToDouble(c.bits())));
      }
      case Operand.Name name -> {
        if (kernel.isRegister(name.name())) {
          yield kernel.register(name.name(), RegisterAllocation.Bank.WORD, this);
        }
        Special special = special(name.name());
        yield special != null
            ? kernel.places.special(special)
            : kernel.places.word((int) kernel.address(name.name(), name.plus(), this));
      }
      case Operand.Sink sink -> kernel.scratchWord();
      default -> throw error("operand " + operand);
    };
  }

  private Special special(String name) {
    if (name.equals("WARP_SZ") || !name.startsWith("%")) {
      return null;
    }
    String upper = name.substring(1).toUpperCase(Locale.ROOT).replace('.', '_');
    for (Special special : Special.values()) {
      if (special.name().equals(upper)) {
        return special;
      }
    }
    throw error("special register " + name);
  }

  /** 64-bit source. */
  int wide(int i, Type type) {
    return wide(operand(i), type);
  }

  int wide(Operand operand, Type type) {
    return Warp.LANES
        * switch (operand) {
          case Operand.Int c -> kernel.places.longWord(c.value());
          case Operand.Float64 c -> kernel.places.longWord(c.bits());
          case Operand.Float32 c ->
              kernel.places.longWord(Double.doubleToRawLongBits(Float.intBitsToFloat(c.bits())));
          case Operand.Name name -> {
            if (kernel.isRegister(name.name())) {
              yield kernel.register(name.name(), RegisterAllocation.Bank.LONG, this);
            }
            yield kernel.places.longWord(kernel.address(name.name(), name.plus(), this));
          }
          case Operand.Sink sink -> kernel.scratchLong();
          default -> throw error("operand " + operand);
        };
  }

  /** Place of a predicate; see {@link #negated}. */
  int predicate(int i) {
    return predicate(operand(i));
  }

  int predicate(Operand operand) {
    return switch (operand) {
      case Operand.Name n -> kernel.register(n.name(), RegisterAllocation.Bank.PREDICATE, this);
      case Operand.Not n -> kernel.register(n.register(), RegisterAllocation.Bank.PREDICATE, this);
      case Operand.Int c -> c.value() == 0 ? Warp.FALSE : Warp.TRUE;
      case Operand.Sink s -> -1;
      default -> throw error("expected a predicate: " + operand);
    };
  }

  boolean negated(int i) {
    return operand(i) instanceof Operand.Not;
  }

  /** Bytes of the register an operand names: 2, 4 or 8; else {@code otherwise}. */
  int registerBytes(Operand operand, int otherwise) {
    return operand instanceof Operand.Name name && kernel.isRegister(name.name())
        ? kernel.typeOf(name.name()).bytes()
        : otherwise;
  }

  /** A constant operand. */
  long constant(int i) {
    if (operand(i) instanceof Operand.Int c) {
      return c.value();
    }
    throw error("operand " + (i + 1) + " must be a constant");
  }
}
