package io.mgnm.simulator.isa;

import io.mgnm.simulator.count.InstructionClass;
import io.mgnm.simulator.count.Latencies;
import io.mgnm.simulator.isa.RegisterAllocation.Bank;
import io.mgnm.simulator.machine.Code;
import io.mgnm.simulator.machine.ControlInstruction;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Program;
import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.PtxException;
import io.mgnm.simulator.ptx.PtxFunction;
import io.mgnm.simulator.ptx.PtxModule;
import io.mgnm.simulator.ptx.SharedLayout;
import io.mgnm.simulator.ptx.Space;
import io.mgnm.simulator.ptx.Statement;
import io.mgnm.simulator.ptx.Type;
import io.mgnm.simulator.ptx.Variable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A kernel from syntax tree to {@link Program}: calls inlined, registers placed, branches resolved
 * with the place where their paths meet, every statement decoded.
 */
public final class Lowering {
  final Places places;
  private final PtxModule module;
  private final PtxFunction function;
  private final Map<String, Allocation> globals;
  private final Flattener flat;
  private final ControlFlow flow;
  private final RegisterAllocation allocation;
  private final SharedLayout shared;
  private final Map<String, Integer> localOffsets = new HashMap<>();
  private int localBytes;
  private int sharedGranule = 2;
  private int globalGranule = 2;
  private boolean usesAsyncCopy;
  private boolean blocksIndependent = true;
  private int scratchWord = -1;
  private int scratchLong = -1;

  private Lowering(PtxModule module, PtxFunction function, Map<String, Allocation> globals) {
    this.module = module;
    this.function = function;
    this.globals = globals;
    flat = new Flattener(module, function);
    shared = new SharedLayout(module, function);
    flow = new ControlFlow(flat.statements, flat.labels, flat.branchTargets);
    List<Effects> effects = new ArrayList<>();
    for (Statement s : flat.statements) {
      effects.add(Effects.of(s, flat.registers.keySet()));
    }
    allocation = new RegisterAllocation(flat.statements, effects, flow, flat.registers);
    places = new Places(allocation.used[0], allocation.used[1], allocation.used[2]);
    layOutLocals();
    this.effects = effects;
  }

  private final List<Effects> effects;

  /**
   * Decodes a kernel.
   *
   * @param globals addresses of the module's variables
   * @throws PtxException on what the simulator does not know
   */
  public static Program lower(
      PtxModule module, PtxFunction function, Map<String, Allocation> globals) {
    return new Lowering(module, function, globals).program();
  }

  private Program program() {
    Instruction[] code = new Instruction[flat.statements.size()];
    Map<String, Integer> tracked = new HashMap<>();
    for (String name : allocation.liveAtEntry) {
      tracked.put(name, tracked.size());
    }
    for (int i = 0; i < code.length; i++) {
      code[i] = decode(i, tracked);
    }
    for (int i = 0; i < code.length; i++) {
      code[i].reads = timing(effects.get(i).reads());
      code[i].writes = timing(effects.get(i).writes());
    }
    return new Program(
        function,
        new Code(code, flow.starts, places.words + places.longs + places.predicates),
        places.words,
        places.longs,
        places.predicates,
        places.constants(),
        places.specials(),
        tracked.size(),
        localBytes,
        shared.staticBytes(),
        shared.dynamicOffset(),
        sharedGranule,
        globalGranule,
        usesAsyncCopy,
        blocksIndependent);
  }

  private Instruction decode(int index, Map<String, Integer> tracked) {
    Statement s = flat.statements.get(index);
    Decoding d = new Decoding(s, this);
    InstructionSet.Family family = InstructionSet.family(d);
    Instruction result = family.decoder().decode(d, index);
    d.finish();
    if (result.kind == InstructionClass.INTEGER) {
      result.kind = family.kind(s);
    }
    if (s.guard() != null && !(result instanceof ControlInstruction)) {
      result.guard = register(s.guard(), Bank.PREDICATE, d);
      result.guardNegated = s.guardNegated();
    }
    describe(result, s);
    Instruction watched = UnwrittenRegisters.watch(result, effects.get(index), tracked);
    describe(watched, s);
    return watched;
  }

  private void describe(Instruction instruction, Statement s) {
    instruction.statement = s;
    instruction.kernel = function.name();
    instruction.latency = Latencies.of(instruction.kind);
  }

  private int[] timing(List<String> names) {
    int[] result = new int[names.size()];
    for (int i = 0; i < result.length; i++) {
      int place = allocation.places.get(names.get(i));
      result[i] =
          switch (Bank.of(flat.registers.get(names.get(i)))) {
            case WORD -> place;
            case LONG -> places.words + place;
            case PREDICATE -> places.words + places.longs + place;
          };
    }
    return result;
  }

  private void layOutLocals() {
    for (Map.Entry<String, Flattener.Local> entry : flat.locals.entrySet()) {
      Variable v = entry.getValue().variable();
      boolean parameterOfKernel = isKernelParameter(entry.getKey());
      if ((v.space() == Space.LOCAL || v.space() == Space.PARAM) && !parameterOfKernel) {
        localBytes = (localBytes + v.align() - 1) / v.align() * v.align();
        localOffsets.put(entry.getKey(), localBytes);
        localBytes = Math.toIntExact(localBytes + v.bytes());
      }
    }
  }

  boolean isKernelParameter(String name) {
    return function.parameters().stream().anyMatch(p -> p.name().equals(name));
  }

  /** Whether a name stands for a parameter of a call, which lies in local memory here. */
  boolean isCallParameter(String name) {
    Flattener.Local local = flat.locals.get(name);
    return local != null && local.variable().space() == Space.PARAM && !isKernelParameter(name);
  }

  boolean isRegister(String name) {
    return flat.registers.containsKey(name);
  }

  Type typeOf(String register) {
    return flat.registers.get(register);
  }

  int register(String name, Bank bank, Decoding d) {
    Type type = flat.registers.get(name);
    if (type == null) {
      throw d.error("unknown name " + name);
    }
    if (Bank.of(type) != bank) {
      throw d.error("register " + name + " has the wrong size");
    }
    return allocation.places.get(name);
  }

  /** Address of a variable within its own space; for globals and constants the device address. */
  long address(String name, long plus, Decoding d) {
    if (name.equals("WARP_SZ")) {
      return 32;
    }
    Flattener.Local local = flat.locals.get(name);
    if (localOffsets.containsKey(name)) {
      return localOffsets.get(name) + plus;
    }
    if (local != null && local.variable().space() == Space.PARAM) {
      return local.variable().offset() + plus;
    }
    int offset =
        local != null ? shared.offset(local.owner(), local.name()) : shared.offset(function, name);
    if (offset >= 0) {
      return offset + plus;
    }
    if (globals.containsKey(name)) {
      return globals.get(name).base() + plus;
    }
    throw d.error("unknown name " + name);
  }

  int scratchWord() {
    scratchWord = scratchWord < 0 ? places.words++ : scratchWord;
    return scratchWord;
  }

  int scratchLong() {
    scratchLong = scratchLong < 0 ? places.longs++ : scratchLong;
    return scratchLong;
  }

  int label(Operand operand, Decoding d) {
    if (operand instanceof Operand.Name name && flat.labels.containsKey(name.name())) {
      return flat.labels.get(name.name());
    }
    throw d.error("unknown label");
  }

  int[] branchTargets(int index) {
    return ControlFlow.targets(flat.statements.get(index), flat.labels, flat.branchTargets);
  }

  int join(int index) {
    return flow.join(index);
  }

  /** An access of this many bytes to shared, global or (generic) either memory is in the kernel. */
  void noteAccess(Space space, int bytes) {
    int shift = Math.min(2, Integer.numberOfTrailingZeros(bytes));
    if (space == Space.SHARED || space == Space.GENERIC) {
      sharedGranule = Math.min(sharedGranule, shift);
    }
    if (space == Space.GLOBAL || space == Space.GENERIC) {
      globalGranule = Math.min(globalGranule, shift);
    }
  }

  void noteAsyncCopy() {
    usesAsyncCopy = true;
  }

  void noteBlocksMeet() {
    blocksIndependent = false;
  }

  /** The module's variables in constant memory. */
  List<Allocation> constants() {
    List<Allocation> result = new ArrayList<>();
    for (Variable v : module.variables().values()) {
      if (v.space() == Space.CONST && globals.containsKey(v.name())) {
        result.add(globals.get(v.name()));
      }
    }
    return result;
  }

  PtxModule module() {
    return module;
  }
}
