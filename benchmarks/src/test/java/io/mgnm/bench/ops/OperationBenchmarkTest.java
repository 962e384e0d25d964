package io.mgnm.bench.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.kernels.KernelCatalogue;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OperationBenchmarkTest {
  /** Copies between parts of a batch, which the CPU never needs. */
  private static final String NOT_TIMED = "batch_parts";

  @Test
  void everyStemIsTimed() {
    List<String> stems =
        OperationBench.names().stream().map(name -> name.split(" ", 2)[0]).distinct().toList();
    assertThat(stems)
        .containsExactlyInAnyOrderElementsOf(
            KernelCatalogue.stems().stream().filter(stem -> !stem.equals(NOT_TIMED)).toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "graph_convolution backward",
        "bilstm backward",
        "capsule_routing before backward",
        "adam touched",
        "top_k best"
      })
  void resultsAreTheReferences(String name) {
    OperationBenchmark benchmark = new OperationBenchmark();
    benchmark.operation = name;
    benchmark.d = 4;
    benchmark.setUp(); // compares
    benchmark.run();
    benchmark.tearDown();
  }

  @Test
  void productsAreCounted() {
    assertThat(Operation.of("capsule_projection forward").flops(16))
        .isEqualTo(2L * 100 * 16 * 16 * 16);
    assertThat(OperationBench.hasProducts("bilstm forward")).isTrue();
    assertThat(OperationBench.hasProducts("capsule_squash forward")).isFalse();
  }
}
