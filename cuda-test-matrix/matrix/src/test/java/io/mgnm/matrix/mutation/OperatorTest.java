package io.mgnm.matrix.mutation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Each operator on a line or two: what it makes of them. */
class OperatorTest {

  private static List<String> results(Operator operator, String text) {
    return operator.edits(new CudaSource(text)).stream().map(edit -> edit.apply(text)).toList();
  }

  @Test
  void commentsPreprocessorAndDeclarationsAreLeftAlone() {
    String text =
        """
        // a[1] - 2
        /* b[2] + 3 */
        #define N 4 \\
          + 5
        #if N > 1
        static_assert(N - 1 > 0, "x[1] - 1");
        __global__ void __launch_bounds__(128 + 1) f(float* a) {
          __shared__ float tile[N][N];
          float held[N];
        #pragma unroll 4
        }
        """;
    for (Operator operator : Operator.values()) {
      assertThat(results(operator, text)).as("%s", operator).isEmpty();
    }
  }

  @Test
  void dropsBarriers() {
    assertThat(results(Operator.DROP_BARRIER, "__syncthreads();\n__syncwarp(mask);"))
        .containsExactly(
            "static_cast<void>(0);\n__syncwarp(mask);", "__syncthreads();\nstatic_cast<void>(0);");
  }

  @Test
  void shiftsIndices() {
    assertThat(results(Operator.SHIFT_INDEX, "y = a[i * n]; return t[r][c];"))
        .containsExactly(
            "y = a[(i * n) + 1]; return t[r][c];",
            "y = a[i * n]; return t[(r) + 1][c];",
            "y = a[i * n]; return t[r][(c) + 1];");
  }

  @Test
  void swapsOperands() {
    assertThat(results(Operator.SWAP_OPERANDS, "y = p.x[i] - f<N>(q, 1) / -z;"))
        .containsExactly("y = f<N>(q, 1) - p.x[i] / -z;", "y = p.x[i] - -z / f<N>(q, 1);");
    assertThat(results(Operator.SWAP_OPERANDS, "y = c ? a + 1 : b(2, 3);"))
        .containsExactly("y = c ? b(2, 3) : a + 1;");
    assertThat(results(Operator.SWAP_OPERANDS, "s = fmaf(a, b[i], s);"))
        .containsExactly("s = fmaf(a, s, b[i]);");
    assertThat(results(Operator.SWAP_OPERANDS, "template <int N> float4* f(const float* x);"))
        .isEmpty();
    assertThat(results(Operator.SWAP_OPERANDS, "y = a - a;")).isEmpty();
  }

  @Test
  void changesConstants() {
    assertThat(results(Operator.CHANGE_CONSTANT, "f(1, 0x1fu, 0xffffffffu, 2.5f, 0.0f, 1e-3f);"))
        .containsExactly(
            "f(2, 0x1fu, 0xffffffffu, 2.5f, 0.0f, 1e-3f);",
            "f(1, 0x20u, 0xffffffffu, 2.5f, 0.0f, 1e-3f);",
            "f(1, 0x1fu, 0xfffffffeu, 2.5f, 0.0f, 1e-3f);",
            "f(1, 0x1fu, 0xffffffffu, (2.0f * 2.5f), 0.0f, 1e-3f);",
            "f(1, 0x1fu, 0xffffffffu, 2.5f, 1.0f, 1e-3f);",
            "f(1, 0x1fu, 0xffffffffu, 2.5f, 0.0f, (2.0f * 1e-3f));");
  }

  @Test
  void dropsTerms() {
    assertThat(results(Operator.DROP_TERM, "y = a + b * c[i] - d;"))
        .containsExactly("y = a  - d;", "y = a + b * c[i] ;");
    assertThat(results(Operator.DROP_TERM, "if (a && b < c && d) {}"))
        .containsExactly("if (a  && d) {}", "if (a && b < c ) {}");
    assertThat(results(Operator.DROP_TERM, "p.x[k] *= f(x, y);")).containsExactly(";");
    assertThat(results(Operator.DROP_TERM, "s = fmaf(a, b, s);"))
        .containsExactly("s = ((a) * (b));");
    assertThat(results(Operator.DROP_TERM, "for (; i < n; i += 2) {}")).isEmpty();
  }

  @Test
  void makesStridesWrong() {
    assertThat(results(Operator.WRONG_STRIDE, "for (int i = a; i < n; i += b + c) { x += d; }"))
        .containsExactly("for (int i = a; i < n; i += (b + c) + 1) { x += d; }");
    assertThat(results(Operator.WRONG_STRIDE, "for (int i = 0; i < n; ++i) { ++x; }"))
        .containsExactly("for (int i = 0; i < n; i += 2) { ++x; }");
    assertThat(results(Operator.WRONG_STRIDE, "a = x[r * w + c] * y + p * D;"))
        .containsExactly(
            "a = x[r * (w + 1) + c] * y + p * D;", "a = x[r * w + c] * y + p * (D + 1);");
  }
}
