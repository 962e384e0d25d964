package io.mgnm.simulator.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.exec.Finding;
import io.mgnm.simulator.exec.LaunchReport;
import io.mgnm.simulator.exec.Order;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Instructions that lanes or warps execute together, against plain loops. */
class WarpInstructionsTest {
  private static final String HEAD =
      "extern \"C\" __global__ void k(const int* in, int* out) { const int t = threadIdx.x;"
          + " int v = in[t]; int r = 0; ";

  private static int[] run(String body, int threads, int[] in, Order order) {
    Bench bench = Bench.cuda(HEAD + body + " out[t] = r; }", "9.0");
    bench.order = order;
    long out = bench.uninitialised(4L * threads);
    LaunchReport report = bench.run("k", 1, threads, bench.ints(in), out);
    assertThat(report.findings()).isEmpty();
    return bench.readInts(out, threads);
  }

  private static int[] values(int n) {
    return new Random(9).ints(n, 0, 6).toArray();
  }

  private static void check(String body, IntUnaryOperator expected) {
    int[] got = run(body, 32, values(32), Order.ascending());
    for (int i = 0; i < 32; i++) {
      assertThat(got[i]).as("%s, lane %d", body, i).isEqualTo(expected.applyAsInt(i));
    }
  }

  @Test
  void shuffles() {
    int[] v = values(32);
    check("r = __shfl_sync(~0u, v, (t * 7 + 3) & 31);", i -> v[(i * 7 + 3) & 31]);
    check("r = __shfl_sync(~0u, v, t + 2, 8);", i -> v[(i & 24) + ((i + 2) & 7)]);
    check("r = __shfl_up_sync(~0u, v, 3);", i -> v[i < 3 ? i : i - 3]);
    check("r = __shfl_up_sync(~0u, v, 3, 8);", i -> v[(i & 7) < 3 ? i : i - 3]);
    check("r = __shfl_down_sync(~0u, v, 5);", i -> v[i + 5 > 31 ? i : i + 5]);
    check("r = __shfl_down_sync(~0u, v, 5, 16);", i -> v[(i & 15) + 5 > 15 ? i : i + 5]);
    check("r = __shfl_xor_sync(~0u, v, 9);", i -> v[i ^ 9]);
  }

  @Test
  void votes() {
    int[] v = values(32);
    int ballot = 0;
    int sum = 0;
    int max = 0;
    for (int i = 0; i < 32; i++) {
      ballot |= v[i] > 2 ? 1 << i : 0;
      sum += v[i];
      max = Math.max(max, v[i]);
    }
    int votes = ballot;
    int total = sum;
    int largest = max;
    check("r = __ballot_sync(~0u, v > 2);", i -> votes);
    check("r = __any_sync(~0u, v > 100) + 2 * __all_sync(~0u, v < 100);", i -> 2);
    check("r = __reduce_add_sync(~0u, v);", i -> total);
    check("r = __reduce_max_sync(~0u, (unsigned)v);", i -> largest);
    check(
        "r = __match_any_sync(~0u, v);",
        i -> {
          int same = 0;
          for (int j = 0; j < 32; j++) {
            same |= v[i] == v[j] ? 1 << j : 0;
          }
          return same;
        });
    check("int p; r = __match_all_sync(~0u, v & 0, &p) + p;", i -> 0);
    check("if (v > 2) r = __activemask();", i -> v[i] > 2 ? votes : 0);
    check(
        "unsigned m = __ballot_sync(~0u, v > 2); if (v > 2) r = __popc(__ballot_sync(m, 1));"
            + " else r = __popc(__ballot_sync(~m, 1));",
        i -> v[i] > 2 ? Integer.bitCount(votes) : 32 - Integer.bitCount(votes));
  }

  @ParameterizedTest
  @MethodSource("io.mgnm.simulator.launch.PlantedFaultsTest#orders")
  void blockBarriersWithReductionAndNames(Order order) {
    int[] v = values(128);
    int over = (int) java.util.Arrays.stream(v).filter(x -> x > 2).count();
    int[] got =
        run(
            "r = __syncthreads_count(v > 2) * 4 + __syncthreads_or(v > 4) * 2"
                + " + __syncthreads_and(v > 4);",
            128,
            v,
            order);
    assertThat(got).containsOnly(over * 4 + 2);
    // Two pairs of warps, each pair with a barrier of its own.
    got =
        run(
            "__shared__ int s[128]; s[t] = v; asm volatile(\"bar.sync %0, 64;\" :: \"r\"(1 + t /"
                + " 64) : \"memory\"); r = s[t ^ 32];",
            128, v, order);
    for (int i = 0; i < 128; i++) {
      assertThat(got[i]).isEqualTo(v[i ^ 32]);
    }
  }

  @Test
  void namedBarriersOrderOnlyThoseWhoCome() {
    Bench bench =
        Bench.cuda(
            HEAD
                + "__shared__ int s[128]; s[t] = v; asm volatile(\"bar.sync %0, 64;\" ::"
                + " \"r\"(1 + t / 64) : \"memory\"); out[t] = s[t ^ 64]; }",
            "9.0");
    LaunchReport report =
        bench.run("k", 1, 128, bench.ints(new int[128]), bench.uninitialised(512));
    assertThat(report.findings()).extracting(Finding::kind).contains(Finding.Kind.SHARED_RACE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "__shared__"})
  void atomics(String space) {
    String declare = space.isEmpty() ? "int* a = out + 32; " : "__shared__ int a[8]; ";
    String prepare =
        declare
            + "if (t < 8) a[t] = t == 1 ? 1000 : t == 3 ? -1 : 0; __syncthreads();"
            + " atomicAdd(&a[0], v); atomicMin(&a[1], v + 5); atomicMax(&a[2], v);"
            + " atomicAnd(&a[3], ~(1 << v)); atomicOr(&a[4], 1 << t); atomicXor(&a[5], 1 << t);"
            + " atomicInc((unsigned*)&a[6], 6); atomicCAS(&a[7], 0, 77);"
            + " atomicCAS(&a[7], 77, 78); __syncthreads(); r = t < 8 ? a[t] : 0;";
    Bench bench = Bench.cuda(HEAD + prepare + " out[t] = r; }", "9.0");
    int[] v = values(32);
    long out = bench.uninitialised(4 * 40);
    assertThat(bench.run("k", 1, 32, bench.ints(v), out).findings()).isEmpty();
    int[] got = bench.readInts(out, 8);
    int and = -1;
    for (int x : v) {
      and &= ~(1 << x);
    }
    assertThat(got)
        .containsExactly(
            java.util.Arrays.stream(v).sum(),
            5 + java.util.Arrays.stream(v).min().orElseThrow(),
            java.util.Arrays.stream(v).max().orElseThrow(),
            and,
            -1,
            -1,
            32 % 7,
            78);
  }

  @ParameterizedTest
  @CsvSource({"tf32, 4", "tf32, 8", "bf16, 8", "bf16, 16", "f16, 8", "f16, 16"})
  void matrixProducts(String type, int depth) {
    boolean half = !type.equals("tf32");
    int perRegister = half ? 2 : 1;
    int nA = depth / 2 / perRegister;
    int nB = depth / 4 / perRegister;
    Random random = new Random(depth);
    // Small integers are exact in every format: the product must be exact too.
    int[][] a = new int[16][depth];
    int[][] b = new int[depth][8];
    for (int[] row : a) {
      java.util.Arrays.setAll(row, i -> random.nextInt(15) - 7);
    }
    for (int[] row : b) {
      java.util.Arrays.setAll(row, i -> random.nextInt(15) - 7);
    }
    int[] in = new int[32 * 16];
    for (int lane = 0; lane < 32; lane++) {
      int group = lane / 4;
      int inGroup = lane % 4;
      for (int reg = 0; reg < nA; reg++) {
        // Registers go down the rows first, then to the next half of the columns.
        int row = group + 8 * (reg % 2);
        int column = (half ? inGroup * 2 : inGroup) + reg / 2 * (half ? 8 : 4);
        in[lane * 16 + reg] = packed(type, a[row][column], half ? a[row][column + 1] : 0);
      }
      for (int reg = 0; reg < nB; reg++) {
        int row = (half ? inGroup * 2 : inGroup) + reg * (half ? 8 : 4);
        in[lane * 16 + 8 + reg] = packed(type, b[row][group], half ? b[row + 1][group] : 0);
      }
    }
    StringBuilder asm = new StringBuilder("{%0,%1,%2,%3}, {");
    StringBuilder inputs = new StringBuilder();
    for (int i = 0; i < nA; i++) {
      asm.append(i > 0 ? "," : "").append('%').append(4 + i);
      inputs.append("\"r\"(in[t * 16 + ").append(i).append("]),");
    }
    asm.append("}, {");
    for (int i = 0; i < nB; i++) {
      asm.append(i > 0 ? "," : "").append('%').append(4 + nA + i);
      inputs.append("\"r\"(in[t * 16 + ").append(8 + i).append("])").append(i + 1 < nB ? "," : "");
    }
    String source =
        "extern \"C\" __global__ void k(const int* in, float* out) { const int t = threadIdx.x;"
            + " float c[4] = {1, 2, 3, 4}; asm volatile(\"mma.sync.aligned.m16n8k"
            + depth
            + ".row.col.f32."
            + type
            + "."
            + type
            + ".f32 "
            + asm
            + "}, {%0,%1,%2,%3};\""
            + " : \"+f\"(c[0]), \"+f\"(c[1]), \"+f\"(c[2]), \"+f\"(c[3]) : "
            + inputs
            + ");"
            + " for (int i = 0; i < 4; ++i) out[t * 4 + i] = c[i]; }";
    Bench bench = Bench.cuda(source, "9.0");
    long out = bench.uninitialised(512);
    assertThat(bench.run("k", 1, 32, bench.ints(in), out).findings()).isEmpty();
    float[] got = bench.readFloats(out, 128);
    for (int lane = 0; lane < 32; lane++) {
      for (int i = 0; i < 4; i++) {
        float want = i + 1;
        for (int k = 0; k < depth; k++) {
          want += a[lane / 4 + i / 2 * 8][k] * b[k][lane % 4 * 2 + i % 2];
        }
        assertThat(got[lane * 4 + i]).isEqualTo(want);
      }
    }
  }

  private static int packed(String type, int low, int high) {
    return switch (type) {
      case "tf32" -> Float.floatToRawIntBits(low);
      case "bf16" ->
          Float.floatToRawIntBits(low) >>> 16 | (Float.floatToRawIntBits(high) & 0xffff0000);
      default -> (Float.floatToFloat16(low) & 0xffff) | Float.floatToFloat16(high) << 16;
    };
  }

  static List<String> loads() {
    return FormCase.product(
        "ldmatrix.sync.aligned.m8n8",
        new String[] {"x1", "x2", "x4"},
        new String[] {"", "trans"},
        new String[] {"shared.b16", "shared::cta.b16"});
  }

  /** The forms that have their answers here. */
  static List<String> forms() {
    List<String> result = new ArrayList<>(loads());
    for (String types :
        new String[] {
          "4.row.col.f32.tf32.tf32",
          "8.row.col.f32.tf32.tf32",
          "8.row.col.f32.bf16.bf16",
          "16.row.col.f32.bf16.bf16",
          "8.row.col.f32.f16.f16",
          "16.row.col.f32.f16.f16"
        }) {
      result.add("mma.sync.aligned.m16n8k" + types + ".f32");
    }
    result.add("exit");
    result.add("trap");
    return result;
  }

  /** What comes after {@code exit} or {@code trap} is not done. */
  @Test
  void exitAndTrap() {
    String source =
        HEAD
            + "out[t] = 1; if (v > 2) asm volatile(\"exit;\"); out[t] = 2;"
            + " if (t == 40) asm volatile(\"trap;\"); }";
    Bench bench = Bench.cuda(source, "9.0");
    int[] v = values(32);
    long out = bench.uninitialised(256);
    assertThat(bench.run("k", 1, 32, bench.ints(v), out).findings()).isEmpty();
    int[] got = bench.readInts(out, 32);
    for (int i = 0; i < 32; i++) {
      assertThat(got[i]).isEqualTo(v[i] > 2 ? 1 : 2);
    }
    assertThatThrownBy(() -> bench.run("k", 1, 64, bench.ints(new int[64]), out))
        .isInstanceOf(DeviceFault.class)
        .hasMessageContaining("the kernel traps");
  }

  @ParameterizedTest
  @MethodSource("loads")
  void loadMatrix(String form) {
    int count = form.charAt(form.indexOf(".x") + 2) - '0';
    boolean transposed = form.contains("trans");
    String registers = "{%0,%1,%2,%3}".substring(0, 3 * count) + "}";
    String source =
        "extern \"C\" __global__ void k(int* out) { __shared__ __align__(16) short s[32][8];"
            + " const int t = threadIdx.x; for (int j = 0; j < 8; ++j) s[t][j] = t * 8 + j;"
            + " __syncthreads(); unsigned a = (unsigned)__cvta_generic_to_shared(s[t]); int r[4];"
            + " asm volatile(\""
            + form
            + " "
            + registers
            + ", [%4];\" : \"=r\"(r[0]), \"=r\"(r[1]), \"=r\"(r[2]), \"=r\"(r[3])"
            + " : \"r\"(a)); for (int i = 0; i < "
            + count
            + "; ++i) out[t * 4 + i] = r[i]; }";
    Bench bench = Bench.cuda(source, "9.0");
    long out = bench.ints(new int[128]);
    assertThat(bench.run("k", 1, 32, out).findings()).isEmpty();
    int[] got = bench.readInts(out, 128);
    for (int lane = 0; lane < 32; lane++) {
      for (int m = 0; m < count; m++) {
        int row = lane / 4;
        int column = lane % 4 * 2;
        int low = !transposed ? row * 8 + column : column * 8 + row;
        int high = !transposed ? low + 1 : low + 8;
        assertThat(got[lane * 4 + m]).isEqualTo(m * 64 + low | (m * 64 + high) << 16);
      }
    }
  }
}
