package io.mgnm.cuda;

import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;

/**
 * The memory behind a {@link MemoryScope}. The context owns this and not the scope, so that a scope
 * which the program lost becomes unreachable and is noticed, and its memory is still freed when the
 * context closes.
 */
final class ScopeMemory implements AutoCloseable {
  private final CudaContext context;
  private final MemoryLedger.Account account;
  private final List<Allocation> allocations = new ArrayList<>();
  private boolean open = true;

  private record Allocation(CUdeviceptr pointer, int number) {}

  ScopeMemory(CudaContext context, String name) {
    this.context = context;
    this.account = context.ledger().open(name);
  }

  MemoryLedger.Account account() {
    return account;
  }

  boolean isOpen() {
    return open;
  }

  /**
   * A null pointer where {@code bytes} is 0, since the driver has no empty allocations, and while
   * the context only measures.
   */
  CUdeviceptr allocate(long bytes, String label) {
    CUdeviceptr pointer = new CUdeviceptr();
    if (context.isMeasuring()) {
      context.measured(bytes);
    } else if (bytes > 0) {
      int code = JCudaDriver.cuMemAlloc(pointer, bytes);
      if (code != 0) {
        String held = context.ledger().describe();
        context.check("cuMemAlloc", code, bytes, " bytes for ", label, " in ", account, "; ", held);
      }
      allocations.add(new Allocation(pointer, account.add(label, bytes)));
    }
    return pointer;
  }

  @Override
  public void close() {
    if (!open) {
      return;
    }
    if (context.isClosed() || context.isDead()) {
      end(); // the memory went with the context
      return;
    }
    try (CudaContext.Use inside = context.enter()) {
      Owned closing = new Owned();
      allocations.forEach(allocation -> closing.add(() -> free(allocation)));
      if (!allocations.isEmpty()) {
        closing.add(context::synchronize); // goes first: nothing may still need the memory
      }
      try {
        closing.closeAll();
      } finally {
        end();
      }
    }
  }

  private void free(Allocation allocation) {
    if (!context.isDead()) {
      int code = JCudaDriver.cuMemFree(allocation.pointer());
      context.check("cuMemFree", code, "in ", account);
    }
    account.remove(allocation.number());
  }

  private void end() {
    open = false;
    account.close();
    context.disown(this);
  }
}
