package io.mgnm.simulator.isa;

import io.mgnm.simulator.count.InstructionClass;
import io.mgnm.simulator.machine.GlobalAccess.Mode;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.Space;
import io.mgnm.simulator.ptx.Type;
import java.util.List;

/** {@code ld st ldu prefetch}: modifiers and operands; see {@link Load} and {@link Store}. */
final class MemoryFamily {
  private static final String[] CACHE = {
    "ca",
    "cg",
    "cs",
    "lu",
    "cv",
    "wb",
    "wt",
    "L1::evict_normal",
    "L1::evict_unchanged",
    "L1::evict_first",
    "L1::evict_last",
    "L1::no_allocate",
    "L2::64B",
    "L2::128B",
    "L2::256B",
    "L2::evict_first",
    "L2::evict_last",
    "L2::evict_normal"
  };

  private MemoryFamily() {}

  static Instruction decode(Decoding d, int index) {
    if (d.base.startsWith("prefetch")) {
      d.takeAny("global", "local", "const", "param");
      d.takeAny("L1", "L2", "L2::evict_last", "L2::evict_normal");
      d.take("tensormap");
      new AddressOperand(d, d.operand(0));
      return new Nothing(InstructionClass.CONTROL);
    }
    boolean load = !d.base.equals("st");
    d.take("mmio");
    boolean ordered = d.takeAny("volatile", "relaxed", "acquire", "release") != null;
    d.take("weak");
    d.takeAny("cta", "cluster", "gpu", "sys");
    d.take("nc");
    while (d.takeAny(CACHE) != null) {
      // Hints to the caches change nothing here.
      continue;
    }
    Space space = space(d);
    String lanes = d.takeAny("v2", "v4", "v8");
    int count = lanes == null ? 1 : lanes.charAt(1) - '0';
    Type t = d.type();
    if (t == Type.B128 || t == Type.PRED) {
      throw d.error("type ." + t);
    }
    d.expectOperands(2);
    AddressOperand address = new AddressOperand(d, d.operand(load ? 1 : 0));
    if (space == Space.PARAM
        && address.symbol != null
        && d.kernel.isCallParameter(address.symbol)) {
      space = Space.LOCAL;
    }
    Operand data = d.operand(load ? 0 : 1);
    List<Operand> elements = data instanceof Operand.Vector v ? v.elements() : List.of(data);
    if (elements.size() != count) {
      throw d.error("a vector of " + count + " elements");
    }
    d.kernel.noteAccess(space, t.bytes());
    if (ordered && space != Space.SHARED && space != Space.LOCAL) {
      d.kernel.noteBlocksMeet();
    }
    DataLanes registers = new DataLanes(d, t, elements, load);
    Instruction result;
    if (load) {
      Mode mode = space == Space.CONST ? Mode.CONSTANT : ordered ? Mode.ORDERED_LOAD : Mode.LOAD;
      result = new Load(space, address, registers, mode);
    } else {
      if (space == Space.PARAM || space == Space.CONST) {
        throw d.error("a store to this space");
      }
      result = new Store(space, address, registers, ordered ? Mode.ORDERED_STORE : Mode.STORE);
    }
    result.kind = kind(space, load);
    return result;
  }

  static Space space(Decoding d) {
    String name =
        d.takeAny(
            "global",
            "shared",
            "shared::cta",
            "local",
            "const",
            "param",
            "param::entry",
            "param::func");
    return switch (name) {
      case null -> Space.GENERIC;
      case "global" -> Space.GLOBAL;
      case "shared", "shared::cta" -> Space.SHARED;
      case "local" -> Space.LOCAL;
      case "const" -> Space.CONST;
      default -> Space.PARAM;
    };
  }

  private static InstructionClass kind(Space space, boolean load) {
    return switch (space) {
      case SHARED -> load ? InstructionClass.SHARED_LOAD : InstructionClass.SHARED_STORE;
      case LOCAL -> InstructionClass.LOCAL;
      case PARAM, CONST -> InstructionClass.PARAMETER;
      default -> load ? InstructionClass.GLOBAL_LOAD : InstructionClass.GLOBAL_STORE;
    };
  }

  /** An instruction whose effect cannot be seen here. */
  static final class Nothing extends Instruction {
    Nothing(InstructionClass kind) {
      this.kind = kind;
    }

    @Override
    public void execute(Warp warp, int mask) {
      // Nothing that a program could see.
    }
  }
}
