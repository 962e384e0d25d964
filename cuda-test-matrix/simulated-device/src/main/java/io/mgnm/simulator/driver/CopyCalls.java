package io.mgnm.simulator.driver;

import static io.mgnm.simulator.driver.CudaResult.CUDA_ERROR_INVALID_VALUE;

import io.mgnm.simulator.driver.CopyWork.Place;
import io.mgnm.simulator.memory.Access;
import io.mgnm.simulator.memory.DeviceMemoryException;
import io.mgnm.simulator.natives.Out;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Copies and fills. What waits for what follows "API synchronization behavior" of the driver's
 * manual, and where that leaves a choice, the later moment is taken: a copy from pageable memory
 * waits for its stream, takes the bytes, and returns before they are on the device; one to pageable
 * memory returns when they are there; with pinned memory an asynchronous copy touches it when its
 * turn comes; device to device never waits.
 */
final class CopyCalls {
  private static final long LEGACY = 0;
  private static final int HOST = 1;
  private static final int DEVICE = 2;
  private static final int UNIFIED = 4;

  private final Machine machine;

  CopyCalls(Machine machine) {
    this.machine = machine;
  }

  private Place device(long address, long pitch, long width, long height) {
    GpuDevice device = machine.deviceOf(address);
    String what = String.format("a copy or fill of %d x %d bytes", height, width);
    if (device == null) {
      throw invalid(
          Finding.Kind.MISUSE, String.format("%s at 0x%x: no device memory", what, address));
    }
    try {
      for (MemoryRange row : Rows.of(address, pitch, width, height, Access.READ)) {
        device.memory.require(row.address(), row.bytes(), what);
      }
    } catch (DeviceMemoryException e) {
      throw invalid(
          e.kind() == DeviceMemoryException.Kind.USE_AFTER_FREE
              ? Finding.Kind.USE_AFTER_FREE
              : Finding.Kind.MISUSE,
          e.getMessage());
    }
    return new Place(device, address, pitch);
  }

  private ApiException invalid(Finding.Kind kind, String message) {
    machine.findings.add(kind, message + " (" + machine.callUnderWay() + ")");
    return new ApiException(CUDA_ERROR_INVALID_VALUE, message);
  }

  private Place host(long address, long pitch) {
    if (address == 0) {
      throw new ApiException(CUDA_ERROR_INVALID_VALUE, "a null host pointer");
    }
    return new Place(null, address, pitch);
  }

  private Place unified(long address, long pitch, long width, long height) {
    return machine.deviceOf(address) != null
        ? device(address, pitch, width, height)
        : host(address, pitch);
  }

  private boolean pinned(CopyWork work) {
    return work.hostRanges().stream()
        .allMatch(range -> machine.hostMemory.isPinned(range.address(), range.bytes()));
  }

  private void now(Place to, Place from, long width, long height) {
    Context context = machine.context();
    machine.forbiddenWhileCapturing();
    CopyWork work = new CopyWork(from, to, width, height);
    if (from.device() != null && to.device() != null) {
      context.enqueue(context.legacy, work);
    } else if (from.device() == null && to.device() != null && !pinned(work)) {
      context.await(context.enqueue(context.legacy, new EmptyWork("wait before a copy")));
      context.enqueue(context.legacy, work.stage());
    } else {
      context.await(context.enqueue(context.legacy, work));
    }
  }

  private void later(Place to, Place from, long width, long height, long stream) {
    Stream in = machine.stream(stream);
    CopyWork work = new CopyWork(from, to, width, height);
    if (in.capture != null || pinned(work)) {
      in.context.enqueue(in, work);
    } else if (to.device() != null) {
      in.context.enqueue(in, work.stage());
    } else {
      in.context.await(in.context.enqueue(in, work));
    }
  }

  public int cuMemcpyHtoD_v2(long to, long from, long bytes) {
    machine.context();
    if (bytes > 0) {
      now(device(to, bytes, bytes, 1), host(from, bytes), bytes, 1);
    }
    return 0;
  }

  public int cuMemcpyDtoH_v2(long to, long from, long bytes) {
    machine.context();
    if (bytes > 0) {
      now(host(to, bytes), device(from, bytes, bytes, 1), bytes, 1);
    }
    return 0;
  }

  public int cuMemcpyDtoD_v2(long to, long from, long bytes) {
    machine.context();
    if (bytes > 0) {
      now(device(to, bytes, bytes, 1), device(from, bytes, bytes, 1), bytes, 1);
    }
    return 0;
  }

  public int cuMemcpy(long to, long from, long bytes) {
    machine.context();
    if (bytes > 0) {
      now(unified(to, bytes, bytes, 1), unified(from, bytes, bytes, 1), bytes, 1);
    }
    return 0;
  }

  public int cuMemcpyPeer(long to, long toContext, long from, long fromContext, long bytes) {
    machine.handles.get(toContext, Context.class);
    machine.handles.get(fromContext, Context.class);
    return cuMemcpyDtoD_v2(to, from, bytes);
  }

  public int cuMemcpyHtoDAsync_v2(long to, long from, long bytes, long stream) {
    machine.stream(stream);
    if (bytes > 0) {
      later(device(to, bytes, bytes, 1), host(from, bytes), bytes, 1, stream);
    }
    return 0;
  }

  public int cuMemcpyDtoHAsync_v2(long to, long from, long bytes, long stream) {
    machine.stream(stream);
    if (bytes > 0) {
      later(host(to, bytes), device(from, bytes, bytes, 1), bytes, 1, stream);
    }
    return 0;
  }

  public int cuMemcpyDtoDAsync_v2(long to, long from, long bytes, long stream) {
    machine.stream(stream);
    if (bytes > 0) {
      later(device(to, bytes, bytes, 1), device(from, bytes, bytes, 1), bytes, 1, stream);
    }
    return 0;
  }

  public int cuMemcpyAsync(long to, long from, long bytes, long stream) {
    machine.stream(stream);
    if (bytes > 0) {
      later(unified(to, bytes, bytes, 1), unified(from, bytes, bytes, 1), bytes, 1, stream);
    }
    return 0;
  }

  public int cuMemcpyPeerAsync(
      long to, long toContext, long from, long fromContext, long bytes, long stream) {
    machine.handles.get(toContext, Context.class);
    machine.handles.get(fromContext, Context.class);
    return cuMemcpyDtoDAsync_v2(to, from, bytes, stream);
  }

  public int cuMemcpy2D_v2(MemorySegment copy) {
    machine.context();
    Rectangle rectangle = new Rectangle(copy);
    if (rectangle.width > 0 && rectangle.height > 0) {
      now(rectangle.to(), rectangle.from(), rectangle.width, rectangle.height);
    }
    return 0;
  }

  public int cuMemcpy2DUnaligned_v2(MemorySegment copy) {
    return cuMemcpy2D_v2(copy);
  }

  public int cuMemcpy2DAsync_v2(MemorySegment copy, long stream) {
    machine.stream(stream);
    Rectangle rectangle = new Rectangle(copy);
    if (rectangle.width > 0 && rectangle.height > 0) {
      later(rectangle.to(), rectangle.from(), rectangle.width, rectangle.height, stream);
    }
    return 0;
  }

  /** A {@code CUDA_MEMCPY2D}: two places of seven words each, then width and height. */
  private final class Rectangle {
    private static final int PLACE_WORDS = 7;
    private final MemorySegment copy;
    final long width;
    final long height;

    Rectangle(MemorySegment copy) {
      this.copy = copy;
      this.width = Out.getLong(copy, 2L * PLACE_WORDS);
      this.height = Out.getLong(copy, 2L * PLACE_WORDS + 1);
    }

    Place from() {
      return place(0);
    }

    Place to() {
      return place(PLACE_WORDS);
    }

    private Place place(int word) {
      long x = Out.getLong(copy, word);
      long y = Out.getLong(copy, word + 1);
      int type = Out.getInt(copy, 2L * (word + 2));
      long pitch = Out.getLong(copy, word + 6);
      if (pitch == 0) {
        pitch = width + x;
      }
      machine.require(width + x <= pitch, CUDA_ERROR_INVALID_VALUE, "width exceeds the pitch");
      long offset = y * pitch + x;
      return switch (type) {
        case HOST -> host(Out.getLong(copy, word + 3) + offset, pitch);
        case DEVICE -> device(Out.getLong(copy, word + 4) + offset, pitch, width, height);
        case UNIFIED -> unified(Out.getLong(copy, word + 4) + offset, pitch, width, height);
        default -> throw new ApiException(CUDA_ERROR_INVALID_VALUE, "memory type " + type);
      };
    }
  }

  private int fill(
      long address, long pitch, int elementBytes, int value, List<Long> size, long stream) {
    Stream in = machine.stream(stream);
    long width = size.get(0);
    long height = size.get(1);
    if (width == 0 || height == 0) {
      return 0;
    }
    machine.require(
        address % elementBytes == 0, CUDA_ERROR_INVALID_VALUE, "the address is not aligned");
    device(address, pitch, width * elementBytes, height);
    in.context.enqueue(in, new MemsetWork(address, pitch, elementBytes, value, width, height));
    return 0;
  }

  private int fillRow(long address, int elementBytes, int value, long count, long stream) {
    return fill(address, count * elementBytes, elementBytes, value, List.of(count, 1L), stream);
  }

  public int cuMemsetD8_v2(long address, int value, long count) {
    return fillRow(address, 1, value, count, LEGACY);
  }

  public int cuMemsetD16_v2(long address, int value, long count) {
    return fillRow(address, 2, value, count, LEGACY);
  }

  public int cuMemsetD32_v2(long address, int value, long count) {
    return fillRow(address, 4, value, count, LEGACY);
  }

  public int cuMemsetD8Async(long address, int value, long count, long stream) {
    return fillRow(address, 1, value, count, stream);
  }

  public int cuMemsetD16Async(long address, int value, long count, long stream) {
    return fillRow(address, 2, value, count, stream);
  }

  public int cuMemsetD32Async(long address, int value, long count, long stream) {
    return fillRow(address, 4, value, count, stream);
  }

  public int cuMemsetD2D8_v2(long address, long pitch, int value, long width, long height) {
    return fill(address, pitch, 1, value, List.of(width, height), LEGACY);
  }

  public int cuMemsetD2D32_v2(long address, long pitch, int value, long width, long height) {
    return fill(address, pitch, 4, value, List.of(width, height), LEGACY);
  }

  public int cuMemsetD2D8Async(
      long address, long pitch, int value, long width, long height, long stream) {
    return fill(address, pitch, 1, value, List.of(width, height), stream);
  }

  public int cuMemsetD2D32Async(
      long address, long pitch, int value, long width, long height, long stream) {
    return fill(address, pitch, 4, value, List.of(width, height), stream);
  }
}
