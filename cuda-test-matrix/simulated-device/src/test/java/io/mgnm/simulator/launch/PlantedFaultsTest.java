package io.mgnm.simulator.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.exec.Location;
import io.mgnm.simulator.exec.Order;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Small kernels with one fault each, written {@code FAULT(wrong, right)}: the wrong one is caught
 * in every order, at its line; the right one is silent in every order.
 */
class PlantedFaultsTest {
  /** A kernel {@code k(float* in, float* out)} of 2 blocks of 64 threads over 128 floats. */
  record Planted(String name, String expected, String body) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Planted> faults() {
    return Stream.of(
        new Planted(
            "missing barrier",
            "SHARED_RACE",
            "__shared__ float s[64]; s[t] = in[i]; FAULT(, __syncthreads()); out[i] = s[63 - t];"),
        new Planted(
            "missing barrier before the next write",
            "SHARED_RACE",
            "__shared__ float s[64]; for (int k = 0; k < 3; ++k) { s[t] = in[i] + k;"
                + " __syncthreads(); float v = s[63 - t]; FAULT(, __syncthreads()); out[i] = v; }"),
        new Planted(
            "missing __syncwarp",
            "SHARED_RACE",
            "__shared__ float s[64]; s[t] = in[i]; FAULT(, __syncwarp()); out[i] = s[t ^ 1];"),
        new Planted(
            "missing __syncwarp, volatile",
            "SHARED_RACE",
            "__shared__ float m[64]; volatile float* s = m; s[t] = in[i]; FAULT(, __syncwarp());"
                + " float v = s[t ^ 1]; FAULT(, __syncwarp()); s[t] = v; out[i] = v;"),
        new Planted(
            "__syncwarp of half the warp",
            "SHARED_RACE",
            "__shared__ float s[64]; s[t] = in[i];"
                + " __syncwarp(FAULT((t & 16) ? 0xffff0000u : 0x0000ffffu, ~0u));"
                + " out[i] = s[t ^ 16];"),
        new Planted(
            "two threads write one place",
            "SHARED_RACE",
            "__shared__ float s[64]; s[FAULT(t / 2, t)] = in[i] + t; __syncthreads();"
                + " out[i] = s[t / 2];"),
        new Planted(
            "atomics of another warp after a plain write",
            "SHARED_RACE",
            "__shared__ int s[32]; if (t < 32) s[t] = (int)in[i]; FAULT(, __syncthreads());"
                + " if (t >= 32) atomicAdd(&s[t - 32], 1); __syncthreads(); out[i] = s[t & 31];"),
        new Planted(
            "plain read after the atomics of another warp",
            "SHARED_RACE",
            "__shared__ int s[64]; s[t] = (int)in[i]; __syncthreads(); atomicAdd(&s[t ^ 32], 1);"
                + " FAULT(, __syncthreads()); out[i] = s[t];"),
        new Planted(
            "half a warp reads what the other half wrote",
            "SHARED_RACE",
            "__shared__ float s[64]; if ((t & 16) == 0) s[t] = in[i]; FAULT(, __syncwarp());"
                + " out[i] = s[t & ~16];"),
        new Planted(
            "words of sixteen bytes, read by another lane",
            "SHARED_RACE",
            "__shared__ float4 s[64]; s[t] = make_float4(in[i], 1, 2, 3); FAULT(, __syncwarp());"
                + " out[i] = ((const float*)s)[4 * (t ^ 4) + 2];"),
        new Planted(
            "one past the end, sixteen bytes",
            "OUT_OF_BOUNDS_GLOBAL",
            "if (t < 16) { float4 v = ((const float4*)in)[blockIdx.x * 16 + t + FAULT(1, 0)];"
                + " ((float4*)out)[blockIdx.x * 16 + t] = v; }"),
        new Planted(
            "read one past the end", "OUT_OF_BOUNDS_GLOBAL", "out[i] = in[FAULT(i + 1, i)];"),
        new Planted(
            "write one before the start", "OUT_OF_BOUNDS_GLOBAL", "out[FAULT(i - 1, i)] = in[i];"),
        new Planted(
            "shared memory one past the end",
            "OUT_OF_BOUNDS_SHARED",
            "__shared__ float s[64]; s[FAULT(t + 1, t)] = in[i]; __syncthreads(); out[i] = s[t];"),
        new Planted(
            "shared memory never written",
            "UNINITIALISED_SHARED",
            "__shared__ float s[64]; if (FAULT(t != 5, true)) s[t] = in[i]; __syncthreads();"
                + " out[i] = s[63 - t];"),
        new Planted(
            "global memory never written",
            "UNINITIALISED_GLOBAL",
            "out[i] = FAULT(out, in)[i] + 1;"),
        new Planted(
            "local memory never written",
            "UNINITIALISED_LOCAL",
            "float a[8]; for (int k = 0; k < FAULT(7, 8); ++k) ((volatile float*)a)[k] = k;"
                + " out[i] = ((volatile float*)a)[((int)in[i] & 1) + 6 + (t & 1)"
                + " - ((int)in[i] & 1)];"),
        new Planted(
            "misaligned",
            "MISALIGNED",
            "out[i] = *(const float*)((const char*)in + 4 * (i & 63) + FAULT(2, 0));"),
        new Planted(
            "barrier in a branch",
            "BARRIER_DIVERGENCE",
            "__shared__ float s[64]; s[t] = in[i]; if (FAULT(t < 16, true)) __syncthreads();"
                + " out[i] = FAULT(in[i], s[63 - t]);"),
        new Planted(
            "mask without the lane itself",
            "WRONG_MASK",
            "float v = in[i]; out[i] = v + __shfl_sync(FAULT(0x0000ffffu, ~0u), v, 0);"),
        new Planted(
            "mask names lanes that never come",
            "WRONG_MASK",
            "float v = in[i]; if ((t & 31) < 16)"
                + " v += __shfl_down_sync(FAULT(~0u, 0xffffu), v, 8, 16); out[i] = v;"),
        new Planted(
            "shuffle from a lane outside the mask",
            "SHUFFLE_SOURCE",
            "float v = in[i]; if ((t & 31) < 16)"
                + " v += __shfl_sync(0xffffu, v, FAULT(20, 4)); out[i] = v;"),
        new Planted(
            "read before the wait for cp.async",
            "ASYNC_COPY_UNWAITED",
            "__shared__ __align__(16) float s[64]; unsigned a ="
                + " (unsigned)__cvta_generic_to_shared(s + t);"
                + " asm volatile(\"cp.async.ca.shared.global [%0], [%1], 4;\" :: \"r\"(a),"
                + " \"l\"(in + i) : \"memory\");"
                + " asm volatile(\"cp.async.commit_group;\" ::: \"memory\");"
                + " FAULT(, asm volatile(\"cp.async.wait_group 0;\" ::: \"memory\"));"
                + " out[i] = s[t];"),
        new Planted(
            "waits for the wrong group",
            "ASYNC_COPY_UNWAITED",
            "__shared__ __align__(16) float s[64]; unsigned a ="
                + " (unsigned)__cvta_generic_to_shared(s + t);"
                + " asm volatile(\"cp.async.ca.shared.global [%0], [%1], 4;\" :: \"r\"(a),"
                + " \"l\"(in + i) : \"memory\");"
                + " asm volatile(\"cp.async.commit_group;\" ::: \"memory\");"
                + " asm volatile(\"cp.async.wait_group %0;\" :: \"n\"(FAULT(1, 0)) : \"memory\");"
                + " out[i] = s[t];"),
        new Planted(
            "barrier missing after cp.async",
            "SHARED_RACE",
            "__shared__ __align__(16) float s[64]; unsigned a ="
                + " (unsigned)__cvta_generic_to_shared(s + t);"
                + " asm volatile(\"cp.async.ca.shared.global [%0], [%1], 4;\" :: \"r\"(a),"
                + " \"l\"(in + i) : \"memory\");"
                + " asm volatile(\"cp.async.wait_all;\" ::: \"memory\");"
                + " FAULT(, __syncthreads()); out[i] = s[63 - t];"),
        new Planted("blocks write one place", "BLOCK_CONFLICT", "out[FAULT(t, i)] = in[i];"),
        new Planted(
            "a block reads what another wrote",
            "BLOCK_CONFLICT",
            "out[i] = in[i]; if (t == 0) out[i] = out[FAULT((i + 64) % 128, i)];"),
        new Planted(
            "a read and a write of two blocks",
            "BLOCK_CONFLICT",
            "float v = in[FAULT((i + 64) % 128, i)]; ((float*)in)[i] = v + 1; out[i] = v;"),
        new Planted(
            "endless loop",
            "ENDLESS",
            "volatile float* p = out; p[i] = 0; while (FAULT(p[i] < 1.f, p[i] < 0.f)) {}"),
        new Planted(
            "trap", "TRAP", "out[i] = in[i]; if (t == FAULT(3, 300)) asm volatile(\"trap;\");"));
  }

  private static String source(Planted planted, boolean wrong) {
    return "#define FAULT(wrong, right) "
        + (wrong ? "wrong" : "right")
        + "\nextern \"C\" __global__ void k(const float* in, float* out) {\n"
        + "const int t = threadIdx.x, i = blockIdx.x * blockDim.x + t;\n"
        + planted.body()
        + "\n}\n";
  }

  private static LaunchReport run(Planted planted, boolean wrong, Order order) {
    Bench bench = Bench.cuda(source(planted, wrong), "8.6");
    float[] in = new float[128];
    for (int i = 0; i < in.length; i++) {
      in[i] = i;
    }
    bench.order = order;
    long input = bench.floats(in);
    return bench
        .launch("k", 2, 64, input, bench.uninitialised(512))
        .instructionLimit(200_000)
        .run();
  }

  private static final List<Order> ORDERS =
      List.of(Order.ascending(), Order.descending(), Order.random(1), Order.random(2));

  @ParameterizedTest
  @MethodSource("faults")
  void caughtInEveryOrder(Planted planted) {
    for (Order order : ORDERS) {
      DeviceFault[] fault = new DeviceFault[1];
      LaunchReport[] report = new LaunchReport[1];
      fault[0] =
          catchThrowableOfType(DeviceFault.class, () -> report[0] = run(planted, true, order));
      String kind =
          fault[0] != null
              ? fault[0].kind().name()
              : report[0].findings().stream()
                  .map(f -> f.kind().name())
                  .filter(planted.expected()::equals)
                  .findFirst()
                  .orElse("nothing, but " + report[0].findings());
      assertThat(kind).as("%s in order %s", planted, order).isEqualTo(planted.expected());
      Location location =
          fault[0] != null ? fault[0].location() : report[0].findings().getFirst().location();
      assertThat(location.kernel()).isEqualTo("k");
      assertThat(location.ptxLine()).isPositive();
      assertThat(location.source()).isEqualTo("test.cu:4");
    }
  }

  @ParameterizedTest
  @MethodSource("faults")
  void silentWithoutTheFault(Planted planted) {
    for (Order order : ORDERS) {
      assertThat(run(planted, false, order).findings()).as("in order %s", order).isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("io.mgnm.simulator.launch.PlantedFaultsTest#orders")
  void writeAfterFreeAndBefore(Order order) {
    Planted copy = new Planted("copy", "", "out[i] = in[i];");
    Bench bench = Bench.cuda(source(copy, false), "9.0");
    bench.order = order;
    long out = bench.uninitialised(512);
    assertThat(bench.run("k", 2, 64, bench.floats(new float[128]), out).findings()).isEmpty();
    bench.free(out);
    DeviceFault fault =
        catchThrowableOfType(
            DeviceFault.class, () -> bench.run("k", 2, 64, bench.floats(new float[128]), out));
    assertThat(fault.kind()).isEqualTo(DeviceFault.Kind.USE_AFTER_FREE);
    assertThat(fault.location().source()).isEqualTo("test.cu:4");
  }

  static List<Order> orders() {
    return ORDERS;
  }
}
