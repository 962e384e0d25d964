package io.mgnm.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.mgnm.bench.peer.Padded;
import io.mgnm.bench.peer.Torch;
import io.mgnm.cli.MgnmCommand;
import io.mgnm.config.Key;
import io.mgnm.model.ModelConfig;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Histories;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PeerTest {

  /** Needs libtorch: {@code mvn verify -Ppeers}. */
  @ParameterizedTest
  @MethodSource("cases")
  void libtorchHasTheSameLossGradientsAndScores(Case what) {
    assumeTrue(Torch.missing().isEmpty(), "libtorch is in the profile peers");
    for (String backend : List.of("reference", "cpu")) {
      assertThat(PeerCheck.check(backend, what.small())).hasSize(8);
    }
  }

  static List<Case> cases() {
    return Case.all();
  }

  @Test
  void peersWithoutLibtorchSaysWhatBringsIt() {
    assumeTrue(Torch.missing().isPresent(), "libtorch is here");
    StringWriter err = new StringWriter();
    int code = MgnmCommand.commandLine().setErr(new PrintWriter(err)).execute("bench", "peers");
    assertThat(code).isEqualTo(2);
    assertThat(err.toString()).contains("bin/mgnm bench peers");
  }

  @Test
  void aPaddedBatchHoldsTheRaggedOne() {
    Histories ragged =
        new Histories(
            new int[] {0, 1},
            new int[] {7, 3},
            new int[] {0, 1, 4},
            new int[] {50, 20, 30, 20},
            new int[] {30, 60, 20, 20});
    float[] logits = {1, 2, 3, 4, 5, 6, 7, 8};
    Padded padded = Padded.of(ragged, logits, 2);
    assertThat(padded.full()).isFalse();
    assertThat(padded.rows()).containsExactly(20, 30, 50, 60);
    assertThat(padded.userRows()).containsExactly(3, 7);
    assertThat(padded.users()).containsExactly(1, 0);
    assertThat(padded.items()).containsExactly(2, 0, 0, 0, 1, 0);
    assertThat(padded.positives()).containsExactly(1, 3, 0, 0);
    assertThat(padded.mask()).containsExactly(1, 0, 0, 1, 1, 1);
    // [position][history][capsule]
    assertThat(padded.logits()).containsExactly(1, 2, 3, 4, 0, 0, 5, 6, 0, 0, 7, 8);
    assertThat(padded.reversed()).containsExactly(0, 1, 10, 11, 4, 5, 6, 7, 8, 9, 2, 3);
  }

  @Test
  void bucketsHoldTheSameHistoriesShortestFirst() {
    Case what =
        Case.all().stream()
            .filter(each -> each.name().startsWith("the demo"))
            .findFirst()
            .orElseThrow();
    Case few = new Case(what.name(), what.settings().with(Key.BATCH, 16), what.events());
    ModelConfig config = ModelConfig.of(few.settings());
    int capsules = config.levels() * config.interests();
    try (Backend backend = Backends.open("cpu", new BackendOptions(1))) {
      List<Draws> draws = Draws.first(backend, few, 3);
      List<Draws> buckets = Draws.bucketed(draws, capsules);
      assertThat(buckets).hasSize(3);
      assertThat(histories(buckets, capsules))
          .containsExactlyInAnyOrderElementsOf(histories(draws, capsules));
      int[] lengths =
          buckets.stream().flatMapToInt(bucket -> lengths(bucket.histories())).toArray();
      assertThat(lengths).isSorted();
    }
  }

  private static IntStream lengths(Histories h) {
    return IntStream.range(0, h.count()).map(i -> h.offsets()[i + 1] - h.offsets()[i]);
  }

  /** Every history with all that belongs to it, as text. */
  private static List<String> histories(List<Draws> draws, int capsules) {
    return draws.stream()
        .flatMap(
            draw -> {
              Histories all = draw.histories();
              int candidates = all.candidates().length / all.count();
              return IntStream.range(0, all.count())
                  .mapToObj(
                      h -> {
                        int from = all.offsets()[h];
                        int to = all.offsets()[h + 1];
                        return all.samples()[h]
                            + " "
                            + all.users()[h]
                            + Arrays.toString(Arrays.copyOfRange(all.items(), from, to))
                            + Arrays.toString(
                                Arrays.copyOfRange(
                                    all.candidates(), h * candidates, (h + 1) * candidates))
                            + Arrays.toString(
                                Arrays.copyOfRange(draw.logits(), from * capsules, to * capsules));
                      });
            })
        .toList();
  }
}
