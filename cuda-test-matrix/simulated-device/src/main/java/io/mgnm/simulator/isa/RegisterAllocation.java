package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Statement;
import io.mgnm.simulator.ptx.Type;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Places for registers. Compilers use a new register for every value, thousands of them; registers
 * whose lives do not overlap share a place here, so that a warp's registers stay in the cache.
 *
 * <p>A register that is live at the entry may be read before it is written; it keeps a place of its
 * own and its writes are tracked.
 */
final class RegisterAllocation {
  /** The three files of registers. */
  enum Bank {
    WORD,
    LONG,
    PREDICATE;

    static Bank of(Type type) {
      return type == Type.PRED ? PREDICATE : type.bytes() == 8 ? LONG : WORD;
    }
  }

  final Map<String, Integer> places = new HashMap<>();
  final List<String> liveAtEntry = new ArrayList<>();
  final int[] used = new int[Bank.values().length];

  RegisterAllocation(
      List<Statement> code, List<Effects> effects, ControlFlow flow, Map<String, Type> types) {
    Map<String, Integer> numbers = new HashMap<>();
    List<String> names = new ArrayList<>(types.keySet());
    for (int i = 0; i < names.size(); i++) {
      numbers.put(names.get(i), i);
    }
    int n = names.size();
    int[] from = new int[n];
    int[] to = new int[n];
    Arrays.fill(from, Integer.MAX_VALUE);
    Arrays.fill(to, -1);
    BitSet[] liveIn = liveness(code, effects, flow, numbers);
    for (int b = 0; b < flow.starts.length; b++) {
      BitSet live = liveIn[b];
      int start = flow.starts[b];
      int end = flow.end(b);
      for (int v = live.nextSetBit(0); v >= 0; v = live.nextSetBit(v + 1)) {
        from[v] = Math.min(from[v], start);
        to[v] = Math.max(to[v], start);
      }
      for (int s : flow.successors[b]) {
        BitSet out = liveIn[s];
        for (int v = out.nextSetBit(0); v >= 0; v = out.nextSetBit(v + 1)) {
          from[v] = Math.min(from[v], end - 1);
          to[v] = Math.max(to[v], end - 1);
        }
      }
      for (int i = start; i < end; i++) {
        for (List<String> list : List.of(effects.get(i).reads(), effects.get(i).writes())) {
          for (String name : list) {
            int v = numbers.get(name);
            from[v] = Math.min(from[v], i);
            to[v] = Math.max(to[v], i);
          }
        }
      }
    }
    used[Bank.PREDICATE.ordinal()] = Warp.FREE_PREDICATES;
    for (int v = liveIn[0].nextSetBit(0); v >= 0; v = liveIn[0].nextSetBit(v + 1)) {
      liveAtEntry.add(names.get(v));
      from[v] = -1;
      to[v] = Integer.MAX_VALUE;
    }
    assign(names, types, from, to);
  }

  private void assign(List<String> names, Map<String, Type> types, int[] from, int[] to) {
    List<Integer> order = new ArrayList<>();
    for (int v = 0; v < from.length; v++) {
      if (to[v] >= 0) {
        order.add(v);
      }
    }
    order.sort((a, b) -> Integer.compare(from[a], from[b]));
    List<Deque<Integer>> free = List.of(new ArrayDeque<>(), new ArrayDeque<>(), new ArrayDeque<>());
    PriorityQueue<Integer> active = new PriorityQueue<>((a, b) -> Integer.compare(to[a], to[b]));
    for (int v : order) {
      // A place is free again only after the last use, so that results never overwrite operands.
      while (!active.isEmpty() && to[active.peek()] < from[v]) {
        String done = names.get(active.poll());
        free.get(Bank.of(types.get(done)).ordinal()).push(places.get(done));
      }
      int bank = Bank.of(types.get(names.get(v))).ordinal();
      Integer place = free.get(bank).poll();
      places.put(names.get(v), place == null ? used[bank]++ : place);
      active.add(v);
    }
  }

  private static BitSet[] liveness(
      List<Statement> code, List<Effects> effects, ControlFlow flow, Map<String, Integer> numbers) {
    int blocks = flow.starts.length;
    BitSet[] exposed = new BitSet[blocks];
    BitSet[] killed = new BitSet[blocks];
    BitSet[] liveIn = new BitSet[blocks];
    for (int b = 0; b < blocks; b++) {
      exposed[b] = new BitSet();
      killed[b] = new BitSet();
      for (int i = flow.starts[b]; i < flow.end(b); i++) {
        for (String name : effects.get(i).reads()) {
          int v = numbers.get(name);
          if (!killed[b].get(v)) {
            exposed[b].set(v);
          }
        }
        for (String name : effects.get(i).writes()) {
          if (code.get(i).guard() == null) {
            killed[b].set(numbers.get(name));
          }
        }
      }
      liveIn[b] = (BitSet) exposed[b].clone();
    }
    boolean changed = true;
    while (changed) {
      changed = false;
      for (int b = blocks - 1; b >= 0; b--) {
        BitSet in = new BitSet();
        for (int s : flow.successors[b]) {
          in.or(liveIn[s]);
        }
        in.andNot(killed[b]);
        in.or(exposed[b]);
        if (!in.equals(liveIn[b])) {
          liveIn[b] = in;
          changed = true;
        }
      }
    }
    return liveIn;
  }
}
