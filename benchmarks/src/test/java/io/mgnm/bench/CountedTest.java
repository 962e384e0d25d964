package io.mgnm.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.bench.LaunchCounts.KernelCost;
import java.util.List;
import org.junit.jupiter.api.Test;

class CountedTest {
  @Test
  void theSumIsOfAllKernelsAndGivesHistoriesASecond() {
    Counted counted =
        new Counted(
            "step",
            256,
            List.of(
                new KernelCost("one", 2, 3_000_000, 500_000, 20e-6, 15e-6, "L2"),
                new KernelCost("two", 1, 1_000_000, 250_000, 44e-6, 1e-6, "longest chain")));
    assertThat(counted.lines())
        .contains(
            "step: 256 histories, 3 graph nodes, estimate 64.0 µs, which would be 4,000,000"
                + " histories/s and 25 % of the bound",
            "| `one` | 2 | 3.000 | 0.500 | 20.0 | 75 % | L2 |",
            "| sum | 3 | 4.000 | 0.750 | 64.0 | 25 % |  |");
  }
}
