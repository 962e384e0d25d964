package io.mgnm.matrix.table;

import io.mgnm.cuda.CompileTarget;
import io.mgnm.cuda.CudaContext;
import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.cuda.KernelBuilder;
import io.mgnm.cuda.KernelSource;
import io.mgnm.cuda.LaunchShape;
import io.mgnm.cuda.MemoryScope;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs the operators of {@code unfused.cu} one by one on a device. */
final class Eager implements AutoCloseable {
  private static final String FILE = "unfused.cu";
  private static final int BLOCK = 256;
  private static final int TILE = 16;
  private static final int LANES = 32;

  private final CudaContext context;
  private final KernelBuilder builder;
  private final MemoryScope scope;
  private final KernelSource source;
  private final Map<String, CudaKernel> kernels = new HashMap<>();
  private final Map<Long, Deque<DeviceBuffer>> released = new HashMap<>();

  Eager(CudaContext context, KernelBuilder builder) {
    this.context = context;
    this.builder = builder;
    this.scope = context.scope("unfused");
    try (InputStream in = Eager.class.getResourceAsStream(FILE)) {
      source =
          new KernelSource(FILE, new String(in.readAllBytes(), StandardCharsets.UTF_8), Map.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private CudaKernel kernel(String name, int operation, int lanes) {
    return kernels.computeIfAbsent(
        "%s %d %d".formatted(name, operation, lanes),
        key -> {
          CompileTarget target = context.target();
          List<String> options = List.of("-DUNFUSED_OP=" + operation, "-DUNFUSED_LANES=" + lanes);
          return context.load(builder.compile(source, options, target)).kernel(name);
        });
  }

  /** Values from the host. */
  Array of(float[] values, int... shape) {
    Array array = empty(shape);
    if (values.length != array.elements()) {
      throw new IllegalArgumentException(
          "expected " + array.elements() + " values, got " + values.length);
    }
    context.stream().upload(array.buffer(), values);
    return array;
  }

  /** Integers from the host. */
  DeviceBuffer ints(int[] values) {
    DeviceBuffer ints = scope.ints(values.length, "integers");
    context.stream().upload(ints, values);
    return ints;
  }

  /** Room for a result, not written yet. */
  Array empty(int... shape) {
    int[] four = Array.four(shape);
    long elements = 1;
    for (int size : four) {
      elements *= size;
    }
    Deque<DeviceBuffer> spare = released.get(elements);
    DeviceBuffer buffer =
        spare == null || spare.isEmpty() ? scope.floats(elements, "array") : spare.pop();
    return new Array(this, buffer, four, Array.denseStrides(four));
  }

  /** Takes memory back, for the next array of the size: launches follow one another. */
  void release(DeviceBuffer buffer) {
    released.computeIfAbsent(buffer.count(), count -> new ArrayDeque<>()).push(buffer);
  }

  /** Everything from the first value of a buffer on. */
  float[] download(DeviceBuffer floats) {
    float[] values = new float[Math.toIntExact(floats.count())];
    context.stream().download(floats, values);
    return values;
  }

  int[] downloadInts(DeviceBuffer ints) {
    int[] values = new int[Math.toIntExact(ints.count())];
    context.stream().download(ints, values);
    return values;
  }

  private void launch(CudaKernel kernel, int blocks, Object... arguments) {
    kernel.launch(context.stream(), LaunchShape.of(Math.max(1, blocks), BLOCK), arguments);
  }

  /** Blocks of a thread a result, at most what the device holds at once, as libraries do. */
  private int blocks(long threads) {
    int resident =
        context.device().multiprocessors() * context.device().threadsPerMultiprocessor() / BLOCK;
    return (int) Math.min(Math.ceilDiv(threads, (long) BLOCK), resident);
  }

  Array pointwise(Pointwise operation, Array a, Array b, float c) {
    int[] shape = a.shape();
    if (operation.hasTwoOperands()) {
      for (int axis = 0; axis < Array.DIMENSIONS; axis++) {
        shape[axis] = together(a.size(axis), b.size(axis));
      }
    }
    Array out = empty(shape);
    pointwise(operation, a, b, c, out);
    return out;
  }

  /** The same into an array or a view of one that there is. */
  void pointwise(Pointwise operation, Array a, Array b, float c, Array out) {
    int[] shape = out.shape();
    launch(
        kernel("unfused_pointwise", operation.ordinal(), LANES),
        blocks(out.elements()),
        out.buffer(),
        a.buffer(),
        b.buffer(),
        shape[0],
        shape[1],
        shape[2],
        shape[3],
        repeated(a, 0),
        repeated(a, 1),
        repeated(a, 2),
        repeated(a, 3),
        repeated(b, 0),
        repeated(b, 1),
        repeated(b, 2),
        repeated(b, 3),
        out.stride(0),
        out.stride(1),
        out.stride(2),
        out.stride(3),
        c);
  }

  private static int repeated(Array array, int axis) {
    return array.size(axis) == 1 ? 0 : array.stride(axis);
  }

  private static int together(int one, int other) {
    if (one != other && one != 1 && other != 1) {
      throw new IllegalArgumentException("sizes " + one + " and " + other + " do not fit");
    }
    return one == 1 ? other : one;
  }

  Array reduce(int operation, Array in, int axis) {
    int[] shape = in.shape();
    shape[axis] = 1;
    Array out = empty(shape);
    int[] rest = rest(axis);
    int lanes = in.stride(axis) == 1 ? LANES : 1;
    launch(
        kernel("unfused_reduce", operation, lanes),
        blocks((long) out.elements() * lanes),
        out.buffer(),
        in.buffer(),
        in.size(rest[0]),
        in.size(rest[1]),
        in.size(rest[2]),
        repeated(in, rest[0]),
        repeated(in, rest[1]),
        repeated(in, rest[2]),
        in.size(axis),
        in.stride(axis));
    return out;
  }

  Array softmax(Array in, int axis) {
    Array out = empty(in.shape());
    int[] rest = rest(axis);
    int lanes = in.stride(axis) == 1 ? LANES : 1;
    launch(
        kernel("unfused_softmax", 0, lanes),
        blocks((long) in.elements() / Math.max(1, in.size(axis)) * lanes),
        out.buffer(),
        in.buffer(),
        in.size(rest[0]),
        in.size(rest[1]),
        in.size(rest[2]),
        repeated(in, rest[0]),
        repeated(in, rest[1]),
        repeated(in, rest[2]),
        out.stride(rest[0]),
        out.stride(rest[1]),
        out.stride(rest[2]),
        in.size(axis),
        in.stride(axis),
        out.stride(axis));
    return out;
  }

  /** The other dimensions. */
  private static int[] rest(int axis) {
    return switch (axis) {
      case 0 -> new int[] {1, 2, 3};
      case 1 -> new int[] {0, 2, 3};
      case 2 -> new int[] {0, 1, 3};
      default -> new int[] {0, 1, 2};
    };
  }

  Array matmul(Array a, Array b) {
    if (a.size(3) != b.size(2)) {
      throw new IllegalArgumentException("rows of " + a.size(3) + " times columns of " + b.size(2));
    }
    int[] shape = {
      together(a.size(0), b.size(0)), together(a.size(1), b.size(1)), a.size(2), b.size(3)
    };
    Array out = empty(shape);
    int tiles = Math.ceilDiv(shape[2], TILE) * Math.ceilDiv(shape[3], TILE);
    launch(
        kernel("unfused_matmul", 0, LANES),
        shape[0] * shape[1] * tiles,
        out.buffer(),
        a.buffer(),
        b.buffer(),
        shape[0],
        shape[1],
        shape[2],
        shape[3],
        a.size(3),
        repeated(a, 0),
        repeated(a, 1),
        repeated(a, 2),
        a.size(3) == 1 ? 1 : a.stride(3),
        repeated(b, 0),
        repeated(b, 1),
        repeated(b, 2),
        b.size(3) == 1 ? 1 : b.stride(3));
    return out;
  }

  /** Rows of a table {@code [1][1][rows][d]}. */
  Array gather(Array table, DeviceBuffer ids) {
    int d = table.size(3);
    int rows = Math.toIntExact(ids.count());
    Array out = empty(rows, d);
    launch(
        kernel("unfused_gather", 0, LANES),
        blocks((long) rows * d),
        out.buffer(),
        table.buffer(),
        ids,
        rows,
        d);
    return out;
  }

  /** Adds rows to those of a table, in place and in any order. */
  void scatterAdd(Array table, Array rows, DeviceBuffer ids) {
    scatter(0, table, rows, ids);
  }

  /** Replaces rows of a table, in place; no id may come twice. */
  void scatter(Array table, Array rows, DeviceBuffer ids) {
    scatter(1, table, rows, ids);
  }

  private void scatter(int operation, Array table, Array rows, DeviceBuffer ids) {
    int d = table.size(3);
    int count = Math.toIntExact(ids.count());
    launch(
        kernel("unfused_scatter", operation, LANES),
        blocks((long) count * d),
        table.buffer(),
        rows.buffer(),
        ids,
        count,
        d);
  }

  /** One value everywhere, written by a kernel. */
  Array filled(float value, int... shape) {
    return empty(Array.four(shape)).map(Pointwise.FILL, value);
  }

  /** Places of the largest value of each row of {@code [1][1][rows][n]}, which are struck out. */
  DeviceBuffer strikeLargest(Array scores, Array values) {
    int rows = scores.size(2);
    DeviceBuffer places = scope.ints(rows, "places");
    launch(
        kernel("unfused_argmax", 0, LANES),
        rows,
        places,
        values.buffer(),
        scores.buffer(),
        rows,
        scores.size(3));
    return places;
  }

  @Override
  public void close() {
    scope.close();
  }
}
