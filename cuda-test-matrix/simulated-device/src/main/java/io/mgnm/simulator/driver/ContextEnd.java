package io.mgnm.simulator.driver;

import io.mgnm.simulator.memory.DeviceMemory;

/** The end of a context: what is still pending, and what the program forgot to give back. */
final class ContextEnd {
  private ContextEnd() {}

  static void end(Context context, String when) {
    if (context.destroyed) {
      return;
    }
    Machine machine = context.machine;
    for (Operation operation : machine.scheduler.pendingOf(context)) {
      if (!(operation.work instanceof EmptyWork) && !operation.work.looksDone()) {
        machine.findings.add(
            Finding.Kind.FREED_WHILE_PENDING,
            when + " comes before the program waited for " + operation);
      }
    }
    if (context.fault == null) {
      machine.scheduler.drain(context);
      reportLeaks(context, when);
    }
    machine.scheduler.abandon(context);
    release(context);
  }

  /** A context that died of a fault can give nothing back, so only a healthy one is asked. */
  private static void reportLeaks(Context context, String when) {
    for (DeviceBlock block : context.device.blocks.values()) {
      if (block.context == context) {
        leak(context, when, "device memory: " + context.device.memory.find(block.address));
      }
    }
    for (HostMemory.Pinned pinned : context.machine.hostMemory.of(context)) {
      leak(context, when, pinned.toString());
    }
    int streams = context.streams.size() - 1; // less the per-thread default stream
    count(context, when, streams, "stream");
    count(context, when, context.events.size(), "event");
    count(context, when, context.graphs.size(), "graph");
    count(context, when, context.graphExecs.size(), "instantiated graph");
  }

  private static void count(Context context, String when, int count, String what) {
    if (count > 0) {
      leak(context, when, count + " " + what + (count > 1 ? "s" : "") + " not destroyed");
    }
  }

  private static void leak(Context context, String when, String what) {
    context.machine.findings.add(Finding.Kind.LEAK, "at " + when + ": " + what);
  }

  private static void release(Context context) {
    Machine machine = context.machine;
    DeviceMemory memory = context.device.memory;
    context
        .device
        .blocks
        .values()
        .removeIf(
            block -> {
              if (block.context != context) {
                return false;
              }
              memory.free(block.address);
              return true;
            });
    machine.hostMemory.of(context).forEach(machine.hostMemory::unpin);
    context.modules.forEach(module -> module.loaded.unload());
    for (ModuleObject module : context.modules) {
      module.functionHandles.values().forEach(f -> machine.handles.remove(f, FunctionObject.class));
      machine.handles.removeObject(module);
    }
    context.streams.forEach(machine.handles::removeObject);
    context.events.forEach(machine.handles::removeObject);
    context.graphs.forEach(machine.handles::removeObject);
    context.graphExecs.forEach(machine.handles::removeObject);
    machine.handles.removeObject(context);
    machine.contexts.remove(context);
    context.destroyed = true;
  }
}
