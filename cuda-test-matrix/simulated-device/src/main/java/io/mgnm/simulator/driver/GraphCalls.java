package io.mgnm.simulator.driver;

import static io.mgnm.simulator.driver.CudaResult.CUDA_ERROR_INVALID_VALUE;
import static io.mgnm.simulator.natives.Out.putInt;
import static io.mgnm.simulator.natives.Out.putLong;

import io.mgnm.simulator.natives.Out;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Graphs: built by capture or node by node, instantiated, changed and launched. */
final class GraphCalls {
  private final Machine machine;
  private final Map<KernelWork, KernelNodeParameters> given = new HashMap<>();

  GraphCalls(Machine machine) {
    this.machine = machine;
  }

  private Graph graph(long handle) {
    machine.context();
    return machine.handles.get(handle, Graph.class);
  }

  private GraphNode node(long handle) {
    machine.context();
    return machine.handles.get(handle, GraphNode.class);
  }

  private long handleOf(GraphNode node) {
    if (node.handle == 0) {
      node.handle = machine.handles.add(node);
    }
    return node.handle;
  }

  public int cuGraphCreate(MemorySegment graph, int flags) {
    Context context = machine.context();
    machine.require(flags == 0, CUDA_ERROR_INVALID_VALUE, "flags " + flags);
    Graph made = new Graph(context);
    context.graphs.add(made);
    putLong(graph, machine.handles.add(made));
    return 0;
  }

  public int cuGraphDestroy(long handle) {
    Graph graph = graph(handle);
    for (GraphNode node : graph.nodes) {
      if (node.handle != 0) {
        machine.handles.remove(node.handle, GraphNode.class);
      }
    }
    graph.context.graphs.remove(machine.handles.remove(handle, Graph.class));
    return 0;
  }

  public int cuGraphAddEmptyNode(
      MemorySegment node, long handle, MemorySegment dependencies, long count) {
    add(node, graph(handle), new EmptyWork("empty node"), dependencies, count);
    return 0;
  }

  public int cuGraphAddKernelNode_v2(
      MemorySegment node,
      long handle,
      MemorySegment dependencies,
      long count,
      MemorySegment parameters) {
    Graph graph = graph(handle);
    add(node, graph, KernelNodeParameters.read(machine, parameters), dependencies, count);
    return 0;
  }

  private void add(
      MemorySegment out, Graph graph, Work work, MemorySegment dependencies, long count) {
    List<GraphNode> before = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      GraphNode dependency = node(Out.getLong(dependencies, i));
      machine.require(
          dependency.graph == graph, CUDA_ERROR_INVALID_VALUE, "a node of another graph");
      before.add(dependency);
    }
    putLong(out, handleOf(graph.add(work, before)));
  }

  public int cuGraphAddDependencies(long handle, MemorySegment from, MemorySegment to, long count) {
    Graph graph = graph(handle);
    for (long i = 0; i < count; i++) {
      GraphNode before = node(Out.getLong(from, i));
      GraphNode after = node(Out.getLong(to, i));
      machine.require(
          before.graph == graph && after.graph == graph && after.dependencies.add(before),
          CUDA_ERROR_INVALID_VALUE,
          "edge " + i + " is of another graph or there already");
    }
    return 0;
  }

  public int cuGraphGetNodes(long handle, MemorySegment nodes, MemorySegment count) {
    list(graph(handle).nodes, nodes, count);
    return 0;
  }

  public int cuGraphGetRootNodes(long handle, MemorySegment nodes, MemorySegment count) {
    List<GraphNode> roots =
        graph(handle).nodes.stream().filter(node -> node.dependencies.isEmpty()).toList();
    list(roots, nodes, count);
    return 0;
  }

  public int cuGraphNodeGetDependencies(long handle, MemorySegment nodes, MemorySegment count) {
    list(List.copyOf(node(handle).dependencies), nodes, count);
    return 0;
  }

  /**
   * Entries past the last node are left alone, though CUDA sets them to NULL: JCuda 12.6 passes a
   * count that it never initialised, and its array has no more room than the program expects.
   */
  private void list(List<GraphNode> nodes, MemorySegment out, MemorySegment count) {
    long given = nodes.size();
    if (!Out.isNull(out)) {
      long room = Out.getLong(count, 0);
      given = Long.compareUnsigned(room, given) < 0 ? room : given;
      for (int i = 0; i < given; i++) {
        putLong(out.asSlice(8L * i), handleOf(nodes.get(i)));
      }
    }
    putLong(count, given);
  }

  public int cuGraphGetEdges(
      long handle, MemorySegment from, MemorySegment to, MemorySegment count) {
    long room = Out.isNull(from) ? 0 : Out.getLong(count, 0);
    long edges = 0;
    for (GraphNode node : graph(handle).nodes) {
      for (GraphNode before : node.dependencies) {
        if (edges < room) {
          putLong(from.asSlice(8 * edges), handleOf(before));
          putLong(to.asSlice(8 * edges), handleOf(node));
        }
        edges++;
      }
    }
    putLong(count, Out.isNull(from) ? edges : Math.min(room, edges));
    return 0;
  }

  public int cuGraphNodeGetType(long handle, MemorySegment type) {
    putInt(type, node(handle).work.nodeType());
    return 0;
  }

  private static KernelWork kernel(Work work) {
    if (work instanceof KernelWork kernel) {
      return kernel;
    }
    throw new ApiException(CUDA_ERROR_INVALID_VALUE, "not a kernel node: " + work.describe());
  }

  public int cuGraphKernelNodeGetParams_v2(long handle, MemorySegment parameters) {
    KernelWork work = kernel(node(handle).work);
    given.computeIfAbsent(work, KernelNodeParameters::new).write(machine, parameters);
    return 0;
  }

  public int cuGraphKernelNodeSetParams_v2(long handle, MemorySegment parameters) {
    GraphNode node = node(handle);
    kernel(node.work);
    node.work = KernelNodeParameters.read(machine, parameters);
    return 0;
  }

  public int cuGraphInstantiateWithFlags(MemorySegment exec, long handle, long flags) {
    Graph graph = graph(handle);
    GraphExec made = new GraphExec(graph, machine.context());
    made.context.graphExecs.add(made);
    putLong(exec, machine.handles.add(made));
    return 0;
  }

  public int cuGraphExecDestroy(long handle) {
    machine.context();
    GraphExec exec = machine.handles.remove(handle, GraphExec.class);
    exec.context.graphExecs.remove(exec);
    return 0;
  }

  /** The kernel and its context must stay; grid, block and arguments may change. */
  public int cuGraphExecKernelNodeSetParams_v2(
      long handle, long nodeHandle, MemorySegment parameters) {
    GraphNode node = node(nodeHandle);
    GraphExec exec = machine.handles.get(handle, GraphExec.class);
    kernel(exec.workOf(node));
    exec.replace(node, KernelNodeParameters.read(machine, parameters));
    return 0;
  }

  public int cuGraphUpload(long handle, long stream) {
    machine.stream(stream);
    machine.handles.get(handle, GraphExec.class);
    return 0;
  }

  public int cuGraphLaunch(long handle, long stream) {
    Stream in = machine.stream(stream);
    GraphExec exec = machine.handles.get(handle, GraphExec.class);
    if (in.capture != null) {
      in.capture.invalidate("a graph was launched into it");
      machine.findings.add(Finding.Kind.UNSUPPORTED, "a graph captured inside another");
      throw new ApiException(CudaResult.CUDA_ERROR_NOT_SUPPORTED, "child graphs are not simulated");
    }
    exec.launch(in);
    return 0;
  }
}
