package io.mgnm.simulator.driver;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A graph of work. Nodes are kept in an order in which each comes after what it depends on. */
final class Graph {
  final Context context;
  final List<GraphNode> nodes = new ArrayList<>();

  Graph(Context context) {
    this.context = context;
  }

  GraphNode add(Work work, Collection<GraphNode> dependencies) {
    GraphNode node = new GraphNode(this, work);
    node.dependencies.addAll(dependencies);
    nodes.add(node);
    return node;
  }

  /** Everything that these nodes come after, themselves included. */
  static Set<GraphNode> ancestors(Collection<GraphNode> of) {
    Set<GraphNode> found = new HashSet<>();
    List<GraphNode> open = new ArrayList<>(of);
    while (!open.isEmpty()) {
      GraphNode node = open.removeLast();
      if (found.add(node)) {
        open.addAll(node.dependencies);
      }
    }
    return found;
  }
}
