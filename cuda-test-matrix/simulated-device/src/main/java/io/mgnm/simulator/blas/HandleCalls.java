package io.mgnm.simulator.blas;

import static io.mgnm.simulator.blas.BlasStatus.CUBLAS_STATUS_NOT_INITIALIZED;
import static io.mgnm.simulator.blas.BlasStatus.require;
import static io.mgnm.simulator.natives.Out.putInt;
import static io.mgnm.simulator.natives.Out.putLong;

import io.mgnm.simulator.driver.ApiException;
import io.mgnm.simulator.driver.Machine;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Handles of cuBLAS and their settings. */
public final class HandleCalls {
  private static final int VERSION = 120_600;
  private static final int WORKSPACE_ALIGNMENT = 256;
  private static final Map<String, MemorySegment> TEXTS = new ConcurrentHashMap<>();

  private final Machine machine;
  private final BlasHandles handles;

  HandleCalls(Machine machine, BlasHandles handles) {
    this.machine = machine;
    this.handles = handles;
  }

  public int cublasCreate_v2(MemorySegment handle) {
    BlasHandle made;
    try {
      made = new BlasHandle(machine.currentContext());
    } catch (ApiException e) {
      throw new ApiException(CUBLAS_STATUS_NOT_INITIALIZED.code(), e.getMessage());
    }
    putLong(handle, handles.add(made));
    return 0;
  }

  public int cublasDestroy_v2(long handle) {
    handles.remove(handle);
    return 0;
  }

  public int cublasGetVersion_v2(long handle, MemorySegment version) {
    handles.get(handle);
    putInt(version, VERSION);
    return 0;
  }

  public int cublasGetProperty(int type, MemorySegment value) {
    require(type >= 0 && type <= 2, "property " + type);
    putInt(value, new int[] {12, 6, 0}[type]);
    return 0;
  }

  /** Also gives the handle its default workspace back, as cuBLAS does. */
  public int cublasSetStream_v2(long handle, long stream) {
    BlasHandle of = handles.get(handle);
    machine.capturing(stream); // refuses what is no stream
    of.stream = stream;
    of.workspace = 0;
    of.workspaceBytes = 0;
    return 0;
  }

  public int cublasGetStream_v2(long handle, MemorySegment stream) {
    putLong(stream, handles.get(handle).stream);
    return 0;
  }

  public int cublasSetWorkspace_v2(long handle, long workspace, long bytes) {
    BlasHandle of = handles.get(handle);
    require(workspace % WORKSPACE_ALIGNMENT == 0, "a workspace must be aligned to 256 bytes");
    if (bytes > 0) {
      handles.requireDevice(workspace, bytes, "the workspace");
    }
    of.workspace = workspace;
    of.workspaceBytes = bytes;
    return 0;
  }

  public int cublasSetMathMode(long handle, int mode) {
    require((mode & ~16) >= 0 && (mode & ~16) <= 3, "math mode " + mode);
    handles.get(handle).mathMode = mode;
    return 0;
  }

  public int cublasGetMathMode(long handle, MemorySegment mode) {
    putInt(mode, handles.get(handle).mathMode);
    return 0;
  }

  public int cublasSetPointerMode_v2(long handle, int mode) {
    require(mode == 0 || mode == 1, "pointer mode " + mode);
    handles.get(handle).pointerMode = mode;
    return 0;
  }

  public int cublasGetPointerMode_v2(long handle, MemorySegment mode) {
    putInt(mode, handles.get(handle).pointerMode);
    return 0;
  }

  public int cublasSetAtomicsMode(long handle, int mode) {
    require(mode == 0 || mode == 1, "atomics mode " + mode);
    handles.get(handle).atomicsMode = mode;
    return 0;
  }

  public int cublasGetAtomicsMode(long handle, MemorySegment mode) {
    putInt(mode, handles.get(handle).atomicsMode);
    return 0;
  }

  public MemorySegment cublasGetStatusName(int status) {
    BlasStatus known = BlasStatus.of(status);
    return text(known == null ? "CUBLAS_STATUS_" + status : known.name());
  }

  public MemorySegment cublasGetStatusString(int status) {
    BlasStatus known = BlasStatus.of(status);
    return text(known == null ? "unknown status" : known.text());
  }

  private static MemorySegment text(String text) {
    return TEXTS.computeIfAbsent(text, t -> Arena.global().allocateFrom(t));
  }
}
