package io.mgnm.simulator.isa;

import io.mgnm.simulator.count.InstructionClass;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.ptx.Statement;
import io.mgnm.simulator.ptx.Type;
import java.util.HashMap;
import java.util.Map;

/** Every opcode that is simulated, and the family that decodes it. */
final class InstructionSet {
  /** Turns a statement into an instruction, or refuses it. */
  @FunctionalInterface
  interface Decoder {
    Instruction decode(Decoding statement, int index);
  }

  /** A decoder with the class its instructions count as; null where their type decides. */
  record Family(Decoder decoder, InstructionClass fixed) {
    InstructionClass kind(Statement s) {
      if (fixed != null) {
        return fixed;
      }
      Type type = null;
      for (String part : s.parts()) {
        Type t = Type.of(part);
        type = t == null ? type : t;
      }
      if (type == null || !type.floating()) {
        return InstructionClass.INTEGER;
      }
      return switch (type) {
        case F64 -> InstructionClass.DOUBLE;
        case F16, F16X2, BF16, BF16X2 -> InstructionClass.HALF;
        default -> InstructionClass.FLOAT;
      };
    }
  }

  private static final Map<String, Family> FAMILIES = new HashMap<>();

  static {
    byType(ArithmeticFamily::decode, "add", "sub", "mul", "mad", "fma", "min", "max", "neg", "abs");
    byType(DivisionFamily::decode, "div", "rem", "rcp", "sqrt", "rsqrt");
    all(
        InstructionClass.SPECIAL,
        SpecialFunctionFamily::decode,
        "ex2",
        "lg2",
        "sin",
        "cos",
        "tanh");
    all(
        InstructionClass.INTEGER,
        IntegerFamily::decode,
        "mul24",
        "mad24",
        "sad",
        "popc",
        "clz",
        "bfind",
        "brev",
        "bfe",
        "bfi",
        "bmsk",
        "szext",
        "dp4a",
        "dp2a",
        "addc",
        "subc",
        "madc",
        "fns");
    all(
        InstructionClass.INTEGER,
        LogicFamily::decode,
        "and",
        "or",
        "xor",
        "not",
        "cnot",
        "lop3",
        "shl",
        "shr",
        "shf",
        "prmt");
    all(InstructionClass.MOVE, CompareFamily::decode, "setp", "set", "selp", "slct", "testp");
    all(InstructionClass.FLOAT, CompareFamily::decode, "copysign");
    all(InstructionClass.MOVE, MoveFamily::decode, "mov", "cvta", "isspacep");
    all(InstructionClass.CONVERT, ConvertFamily::decode, "cvt");
    all(null, MemoryFamily::decode, "ld", "ldu", "st", "prefetch", "prefetchu");
    all(InstructionClass.ATOMIC, AtomicFamily::decode, "atom", "red");
    all(
        InstructionClass.WARP,
        WarpFamily::decode,
        "shfl",
        "vote",
        "match",
        "redux",
        "activemask",
        "elect");
    all(InstructionClass.BARRIER, BarrierFamily::decode, "bar", "barrier", "membar", "fence");
    all(
        InstructionClass.CONTROL,
        ControlFamily::decode,
        "bra",
        "brx",
        "exit",
        "ret",
        "trap",
        "nanosleep",
        "syscall",
        "pmevent");
    all(InstructionClass.ASYNC_COPY, AsyncCopyFamily::decode, "cp");
    all(InstructionClass.TENSOR, MatrixFamily::decode, "mma", "ldmatrix", "movmatrix");
  }

  private InstructionSet() {}

  private static void byType(Decoder decoder, String... opcodes) {
    all(null, decoder, opcodes);
  }

  private static void all(InstructionClass kind, Decoder decoder, String... opcodes) {
    for (String opcode : opcodes) {
      FAMILIES.put(opcode, new Family(decoder, kind));
    }
  }

  static Family family(Decoding d) {
    Family family = FAMILIES.get(d.base);
    if (family == null) {
      throw d.error("unknown instruction " + d.base);
    }
    return family;
  }
}
