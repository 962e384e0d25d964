package io.mgnm.simulator.isa;

import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.PtxException;
import io.mgnm.simulator.ptx.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Basic blocks of a flattened kernel, their successors, and for each the block where all its paths
 * meet again: the immediate post-dominator.
 */
final class ControlFlow {
  /** First statement of each block, ascending. */
  final int[] starts;

  final int[][] successors;
  private final int[] blockOf;
  private final int[] postDominator;

  /** Blocks that begin with the end of the kernel. */
  private final boolean[] ends;

  ControlFlow(List<Statement> code, Map<String, Integer> labels, Map<String, List<String>> lists) {
    int n = code.size();
    boolean[] leader = new boolean[n + 1];
    leader[0] = true;
    for (int i = 0; i < n; i++) {
      for (int target : targets(code.get(i), labels, lists)) {
        leader[target] = true;
      }
      if (endsBlock(code.get(i))) {
        leader[i + 1] = true;
      }
    }
    blockOf = new int[n];
    int count = 0;
    int[] first = new int[n];
    for (int i = 0; i < n; i++) {
      if (leader[i]) {
        first[count++] = i;
      }
      blockOf[i] = count - 1;
    }
    starts = Arrays.copyOf(first, count);
    successors = new int[count][];
    ends = new boolean[count];
    for (int b = 0; b < count; b++) {
      Statement begin = code.get(starts[b]);
      ends[b] = is(begin, "exit") || is(begin, "ret");
      int last = end(b) - 1;
      Statement s = code.get(last);
      int[] targets = targets(s, labels, lists);
      boolean through = fallsThrough(s) && last + 1 < n;
      int[] next = Arrays.copyOf(targets, targets.length + (through ? 1 : 0));
      if (through) {
        next[targets.length] = last + 1;
      }
      successors[b] = Arrays.stream(next).map(i -> blockOf[i]).distinct().toArray();
    }
    postDominator = postDominators();
  }

  int end(int block) {
    return block + 1 < starts.length ? starts[block + 1] : blockOf.length;
  }

  /**
   * Where the paths from the branch at this statement meet again, or -1: not before the end. Lanes
   * that only have to end do not wait for the others.
   */
  int join(int statement) {
    int block = postDominator[blockOf[statement]];
    return block < 0 || block >= starts.length || ends[block] ? -1 : starts[block];
  }

  private static boolean is(Statement s, String base) {
    return s.opcode().equals(base) || s.opcode().startsWith(base + ".");
  }

  private static boolean endsBlock(Statement s) {
    return is(s, "bra") || is(s, "brx") || is(s, "exit") || is(s, "ret") || is(s, "trap");
  }

  private static boolean fallsThrough(Statement s) {
    if (is(s, "bra")) {
      return s.guard() != null;
    }
    return !is(s, "brx") && !is(s, "exit") && !is(s, "ret") && !is(s, "trap");
  }

  static int[] targets(Statement s, Map<String, Integer> labels, Map<String, List<String>> lists) {
    if (is(s, "bra")) {
      return new int[] {target(s, ((Operand.Name) s.operands().get(0)).name(), labels)};
    }
    if (is(s, "brx")) {
      List<String> list = lists.get(((Operand.Name) s.operands().get(1)).name());
      if (list == null) {
        throw new PtxException(s.line(), "unknown .branchtargets: " + s.text());
      }
      return list.stream().mapToInt(name -> target(s, name, labels)).toArray();
    }
    return new int[0];
  }

  private static int target(Statement s, String name, Map<String, Integer> labels) {
    Integer at = labels.get(name);
    if (at == null) {
      throw new PtxException(s.line(), "unknown label: " + name);
    }
    return at;
  }

  /** Cooper, Harvey and Kennedy's dominance algorithm on the reversed graph, exit as its root. */
  private int[] postDominators() {
    int n = starts.length;
    int exit = n;
    int[] order = new int[n + 1];
    Arrays.fill(order, -1);
    int[][] predecessors = new int[n + 1][];
    int[] counts = new int[n + 1];
    for (int b = 0; b < n; b++) {
      for (int s : successors[b].length == 0 ? new int[] {exit} : successors[b]) {
        counts[s]++;
      }
    }
    for (int b = 0; b <= n; b++) {
      predecessors[b] = new int[counts[b]];
    }
    for (int b = 0; b < n; b++) {
      for (int s : successors[b].length == 0 ? new int[] {exit} : successors[b]) {
        predecessors[s][--counts[s]] = b;
      }
    }
    int[] postorder = new int[n + 1];
    int visited = postorder(exit, predecessors, order, postorder);
    int[] dominator = new int[n + 1];
    Arrays.fill(dominator, -1);
    dominator[exit] = exit;
    boolean changed = true;
    while (changed) {
      changed = false;
      for (int i = visited - 2; i >= 0; i--) {
        int b = postorder[i];
        int found = -1;
        for (int s : successors[b].length == 0 ? new int[] {exit} : successors[b]) {
          if (dominator[s] >= 0) {
            found = found < 0 ? s : intersect(found, s, dominator, order);
          }
        }
        if (dominator[b] != found) {
          dominator[b] = found;
          changed = true;
        }
      }
    }
    return dominator;
  }

  private static int intersect(int a, int b, int[] dominator, int[] order) {
    while (a != b) {
      while (order[a] < order[b]) {
        a = dominator[a];
      }
      while (order[b] < order[a]) {
        b = dominator[b];
      }
    }
    return a;
  }

  private static int postorder(int root, int[][] edges, int[] order, int[] result) {
    int[] stack = new int[edges.length + 1];
    int[] next = new int[edges.length];
    boolean[] seen = new boolean[edges.length];
    int depth = 0;
    int count = 0;
    stack[0] = root;
    seen[root] = true;
    while (depth >= 0) {
      int at = stack[depth];
      if (next[at] < edges[at].length) {
        int to = edges[at][next[at]++];
        if (!seen[to]) {
          seen[to] = true;
          stack[++depth] = to;
        }
      } else {
        order[at] = count;
        result[count++] = at;
        depth--;
      }
    }
    return count;
  }
}
