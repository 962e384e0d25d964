package io.mgnm.simulator.ptx;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Where the shared variables of a kernel lie in a block's shared memory: its own, those of the
 * functions it calls, and those of module scope that any of them name. The dynamic part begins
 * behind them; all unsized {@code .extern} arrays share it.
 */
public final class SharedLayout {
  private final PtxModule module;
  private final Map<String, Integer> offsets = new HashMap<>();
  private final Set<String> unsized = new HashSet<>();
  private final Set<String> visited = new HashSet<>();
  private int end;
  private int dynamicAlign = 16;

  public SharedLayout(PtxModule module, PtxFunction kernel) {
    this.module = module;
    visit(kernel);
  }

  private void visit(PtxFunction function) {
    if (!visited.add(function.name())) {
      return;
    }
    for (Map.Entry<String, Variable> local : function.locals().entrySet()) {
      if (local.getValue().space() == Space.SHARED) {
        place(key(function, local.getKey()), local.getValue());
      }
    }
    for (Statement statement : function.body()) {
      statement.operands().forEach(this::visit);
    }
  }

  private void visit(Operand operand) {
    switch (operand) {
      case Operand.Name name -> visit(name.name());
      case Operand.Address address -> visit(address.base());
      case Operand.Vector vector -> vector.elements().forEach(this::visit);
      default -> {}
    }
  }

  private void visit(String name) {
    Variable variable = module.variables().get(name);
    if (variable != null && variable.space() == Space.SHARED) {
      place(name, variable);
    } else if (name != null && module.functions().containsKey(name)) {
      visit(module.functions().get(name));
    }
  }

  private void place(String key, Variable variable) {
    if (offsets.containsKey(key) || unsized.contains(key)) {
      return;
    }
    if (variable.bytes() == 0) {
      unsized.add(key);
      dynamicAlign = Math.max(dynamicAlign, variable.align());
      return;
    }
    end = (end + variable.align() - 1) / variable.align() * variable.align();
    offsets.put(key, end);
    end = Math.toIntExact(end + variable.bytes());
  }

  private static String key(PtxFunction function, String local) {
    return function.name() + "/" + local;
  }

  /**
   * Offset of a variable named in a function.
   *
   * @return the offset, or -1 where there is no shared variable of the name
   */
  public int offset(PtxFunction function, String name) {
    Integer offset = offsets.get(key(function, name));
    if (offset == null) {
      offset = offsets.get(name);
    }
    if (offset == null && unsized.contains(name)) {
      return dynamicOffset();
    }
    return offset == null ? -1 : offset;
  }

  /** Bytes of all sized variables. */
  public int staticBytes() {
    return end;
  }

  /** Where dynamic shared memory begins. */
  public int dynamicOffset() {
    return (end + dynamicAlign - 1) / dynamicAlign * dynamicAlign;
  }
}
