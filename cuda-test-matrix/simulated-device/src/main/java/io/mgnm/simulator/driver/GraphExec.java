package io.mgnm.simulator.driver;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An instantiated graph: its own copy of the work, launched again and again. */
final class GraphExec {
  final Context context;
  private final Map<GraphNode, Work> work = new LinkedHashMap<>();
  private final Map<GraphNode, List<GraphNode>> dependencies = new HashMap<>();

  /** For each node the branch it continues; branch 0 is that of the launching stream. */
  private final Map<GraphNode, Integer> branches = new HashMap<>();

  private final List<Integer> lanes = new ArrayList<>();
  private Operation lastLaunch;

  GraphExec(Graph graph, Context context) {
    this.context = context;
    Map<Integer, GraphNode> ends = new HashMap<>();
    for (GraphNode node : inOrder(graph)) {
      work.put(node, node.work);
      dependencies.put(node, List.copyOf(node.dependencies));
      Integer branch = null;
      for (GraphNode before : node.dependencies) {
        int candidate = branches.get(before);
        if (ends.get(candidate) == before) {
          branch = candidate;
          break;
        }
      }
      if (branch == null) {
        branch = ends.size();
      }
      branches.put(node, branch);
      ends.put(branch, node);
    }
  }

  /** Nodes so that each comes after its dependencies, which edges added later may have changed. */
  private static List<GraphNode> inOrder(Graph graph) {
    List<GraphNode> ordered = new ArrayList<>();
    List<GraphNode> open = new ArrayList<>(graph.nodes);
    while (!open.isEmpty()) {
      int before = open.size();
      for (GraphNode node : List.copyOf(open)) {
        if (ordered.containsAll(node.dependencies)) {
          ordered.add(node);
          open.remove(node);
        }
      }
      if (open.size() == before) {
        throw new ApiException(CudaResult.CUDA_ERROR_INVALID_VALUE, "the graph has a cycle");
      }
    }
    return ordered;
  }

  Work workOf(GraphNode node) {
    Work found = work.get(node);
    if (found == null) {
      throw new ApiException(
          CudaResult.CUDA_ERROR_INVALID_VALUE,
          "the node is not of the graph that was instantiated");
    }
    return found;
  }

  void replace(GraphNode node, Work newWork) {
    workOf(node);
    work.put(node, newWork);
  }

  /** Gives all nodes to the stream's device; the stream goes on when all are done. */
  void launch(Stream stream) {
    Context target = stream.context;
    Operation start = target.enqueue(stream, new EmptyWork("start of a graph"), lastLaunch);
    Map<GraphNode, Operation> operations = new HashMap<>();
    for (Map.Entry<GraphNode, Work> entry : work.entrySet()) {
      List<Operation> before = new ArrayList<>(List.of(start));
      for (GraphNode dependency : dependencies.get(entry.getKey())) {
        before.add(operations.get(dependency));
      }
      int lane = lane(target, stream, branches.get(entry.getKey()));
      operations.put(entry.getKey(), target.submit(entry.getValue(), lane, before));
    }
    Operation end =
        target.enqueue(
            stream, new EmptyWork("end of a graph"), operations.values().toArray(Operation[]::new));
    lastLaunch = end;
  }

  private int lane(Context target, Stream stream, int branch) {
    if (branch == 0) {
      return stream.lane;
    }
    while (lanes.size() < branch) {
      lanes.add(target.machine.newLane());
    }
    return lanes.get(branch - 1);
  }
}
