package io.mgnm.simulator.isa;

import io.mgnm.simulator.exec.ComputeCapability;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.PtxException;
import io.mgnm.simulator.ptx.PtxFunction;
import io.mgnm.simulator.ptx.PtxModule;
import io.mgnm.simulator.ptx.Renaming;
import io.mgnm.simulator.ptx.Statement;
import io.mgnm.simulator.ptx.Type;
import io.mgnm.simulator.ptx.Variable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A kernel as one list of statements: calls are replaced by the body of what they call, and guarded
 * instructions that make lanes wait or end get a branch around them instead. Recursion and indirect
 * calls are refused.
 */
final class Flattener {
  /** A variable of the kernel or of an inlined function, with the function that declares it. */
  record Local(Variable variable, PtxFunction owner, String name) {}

  /** Functions of CUDA's device runtime that the simulator provides itself. */
  static final Set<String> SYSTEM_CALLS = Set.of("vprintf", "__assertfail");

  private static final Set<String> NOT_GUARDED =
      Set.of(
          "bar", "barrier", "exit", "ret", "call", "shfl", "vote", "match", "redux", "elect", "brx",
          "trap");

  final List<Statement> statements = new ArrayList<>();
  final Map<String, Integer> labels = new HashMap<>();
  final Map<String, List<String>> branchTargets = new HashMap<>();
  final Map<String, Type> registers = new LinkedHashMap<>();
  final Map<String, Local> locals = new LinkedHashMap<>();
  private final PtxModule module;
  private final Deque<String> calling = new ArrayDeque<>();
  private final int target;
  private int instances;
  private int fresh;

  Flattener(PtxModule module, PtxFunction kernel) {
    this.module = module;
    target = ComputeCapability.parse(module.target()).number();
    for (Variable parameter : kernel.parameters()) {
      locals.put(parameter.name(), new Local(parameter, kernel, parameter.name()));
    }
    inline(kernel, "", Map.of());
    Statement last = statements.isEmpty() ? null : statements.getLast();
    int line = last == null ? kernel.line() : last.line();
    statements.add(
        new Statement(line, null, null, false, "exit", List.of(), "end of " + kernel.name()));
  }

  private void inline(PtxFunction function, String prefix, Map<String, String> formals) {
    if (calling.contains(function.name())) {
      throw new PtxException(function.line(), "recursion is not simulated: " + function.name());
    }
    calling.push(function.name());
    Map<String, String> names = new HashMap<>(formals);
    function
        .registers()
        .forEach(
            (name, type) -> {
              names.put(name, prefix + name);
              registers.put(prefix + name, type);
            });
    function
        .locals()
        .forEach(
            (name, variable) -> {
              names.put(name, prefix + name);
              locals.put(prefix + name, new Local(variable, function, name));
            });
    function.labels().keySet().forEach(label -> names.put(label, prefix + label));
    function
        .branchTargets()
        .forEach(
            (name, targets) -> {
              names.put(name, prefix + name);
              branchTargets.put(prefix + name, targets.stream().map(t -> prefix + t).toList());
            });
    Map<Integer, List<String>> labelsAt = new HashMap<>();
    function
        .labels()
        .forEach((l, at) -> labelsAt.computeIfAbsent(at, k -> new ArrayList<>()).add(prefix + l));
    String end = prefix + "@end";
    for (int i = 0; i < function.body().size(); i++) {
      place(labelsAt.get(i));
      InstructionForms.check(function.body().get(i), target);
      add(rename(function.body().get(i), names), prefix.isEmpty() ? null : end);
    }
    place(labelsAt.get(function.body().size()));
    place(List.of(end));
    calling.pop();
  }

  private void place(List<String> here) {
    if (here != null) {
      here.forEach(label -> labels.put(label, statements.size()));
    }
  }

  private void add(Statement s, String end) {
    String base =
        s.opcode().contains(".") ? s.opcode().substring(0, s.opcode().indexOf('.')) : s.opcode();
    if (s.guard() != null && NOT_GUARDED.contains(base)) {
      String around = "@around" + fresh++;
      statements.add(
          new Statement(
              s.line(),
              s.source(),
              s.guard(),
              !s.guardNegated(),
              "bra",
              List.of(new Operand.Name(around, 0)),
              s.text()));
      add(
          new Statement(s.line(), s.source(), null, false, s.opcode(), s.operands(), s.text()),
          end);
      place(List.of(around));
    } else if (base.equals("ret") && end != null) {
      statements.add(
          new Statement(
              s.line(),
              s.source(),
              null,
              false,
              "bra.uni",
              List.of(new Operand.Name(end, 0)),
              s.text()));
    } else if (base.equals("call")) {
      call(s);
    } else {
      statements.add(s);
    }
  }

  private void call(Statement s) {
    List<Operand> operands = new ArrayList<>(s.operands());
    List<Operand> results = List.of();
    if (operands.getFirst() instanceof Operand.Arguments arguments) {
      results = arguments.elements();
      operands.removeFirst();
    }
    if (!(operands.removeFirst() instanceof Operand.Name callee)
        || !module.functions().containsKey(callee.name())) {
      throw new PtxException(s.line(), "indirect calls are not simulated: " + s.text());
    }
    List<Operand> arguments =
        !operands.isEmpty() && operands.getFirst() instanceof Operand.Arguments a
            ? a.elements()
            : List.of();
    if (SYSTEM_CALLS.contains(callee.name())) {
      List<Operand> all = new ArrayList<>();
      all.add(callee);
      all.addAll(arguments);
      all.addAll(results);
      statements.add(new Statement(s.line(), s.source(), null, false, "syscall", all, s.text()));
      return;
    }
    PtxFunction function = module.functions().get(callee.name());
    if (function.declarationOnly()) {
      throw new PtxException(s.line(), "call of a function that is not here: " + callee.name());
    }
    Map<String, String> formals = new HashMap<>();
    bind(s, function.parameters(), arguments, formals);
    bind(s, function.results(), results, formals);
    inline(function, callee.name() + "#" + instances++ + "/", formals);
  }

  private void bind(
      Statement s, List<Variable> formal, List<Operand> actual, Map<String, String> names) {
    if (formal.size() != actual.size()) {
      throw new PtxException(s.line(), "wrong number of arguments: " + s.text());
    }
    for (int i = 0; i < formal.size(); i++) {
      if (!(actual.get(i) instanceof Operand.Name name) || !locals.containsKey(name.name())) {
        throw new PtxException(s.line(), "arguments must be .param variables: " + s.text());
      }
      names.put(formal.get(i).name(), name.name());
    }
  }

  private static Statement rename(Statement s, Map<String, String> names) {
    return Renaming.rename(s, names);
  }
}
