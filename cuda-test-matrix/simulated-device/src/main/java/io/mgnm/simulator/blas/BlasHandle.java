package io.mgnm.simulator.blas;

import io.mgnm.simulator.driver.MemoryRange;
import java.util.List;

/** A cuBLAS handle with what the program set on it. */
final class BlasHandle {
  static final int HOST_POINTERS = 0;
  static final int TF32 = 3;

  /** The context current at creation. */
  final long context;

  long stream;
  int pointerMode;
  int mathMode;
  int atomicsMode;
  long workspace;
  long workspaceBytes;

  BlasHandle(long context) {
    this.context = context;
  }

  /** A product may use all of the workspace: two of them at once would spoil each other. */
  List<MemoryRange> workspaceRanges() {
    return workspaceBytes == 0 ? List.of() : List.of(MemoryRange.write(workspace, workspaceBytes));
  }
}
