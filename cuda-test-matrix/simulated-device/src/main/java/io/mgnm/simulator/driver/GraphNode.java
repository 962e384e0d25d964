package io.mgnm.simulator.driver;

import java.util.LinkedHashSet;
import java.util.Set;

/** A node of a graph. */
final class GraphNode {
  final Graph graph;
  final Set<GraphNode> dependencies = new LinkedHashSet<>();
  Work work;

  /** Its handle, given out when the program first asks. */
  long handle;

  GraphNode(Graph graph, Work work) {
    this.graph = graph;
    this.work = work;
  }
}
