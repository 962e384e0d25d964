package io.mgnm.matrix.mutation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.cuda.KernelSource;
import io.mgnm.kernels.KernelCatalogue;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MutantTest {
  private static final String STEM = "capsule_squash";

  @Test
  void everyFileThatAStemIncludesIsAmongItsMutantsAndEveryOperatorIsSampledEarly() {
    assertThat(Mutants.files(STEM)).containsOnly("capsule_squash.cu", "squash.cuh", "warp.cuh");
    List<Mutant> all = Mutants.all(STEM);
    assertThat(all).extracting(Mutant::file).containsAll(Mutants.files(STEM));
    assertThat(all).doesNotHaveDuplicates();
    List<Mutant> sampled = Mutants.sampled(STEM, 1);
    assertThat(sampled).containsExactlyInAnyOrderElementsOf(all);
    assertThat(sampled.stream().limit(5).map(Mutant::operator).distinct()).hasSize(5);
    assertThat(Mutants.sampled(STEM, 1)).isEqualTo(sampled);
    assertThat(Mutants.sampled(STEM, 2)).isNotEqualTo(sampled);
  }

  @Test
  void changesItsOwnStemOnlyAndIsNamedByTheLine() {
    for (Mutant mutant : Mutants.sampled(STEM, 1)) {
      KernelSource own =
          new KernelSource(
              "capsule_squash.cu", KernelCatalogue.source(STEM), KernelCatalogue.headers());
      KernelSource mutated = mutant.applyTo(own);
      boolean ofSource = mutant.file().endsWith(".cu");
      assertThat(mutated.text().equals(own.text())).isEqualTo(!ofSource);
      assertThat(mutated.headers().equals(own.headers())).isEqualTo(ofSource);
      KernelSource other = new KernelSource("other.cu", own.text(), own.headers());
      assertThat(mutant.applyTo(other)).isEqualTo(other);
      assertThat(mutant.name())
          .startsWith(mutant.file() + ": " + mutant.operator() + ": ")
          .contains(" => ")
          .doesNotContain("\n");
    }
  }

  @Test
  void survivorsNeedAReason() {
    Survivors list =
        Survivors.of(
            """
            # comment
            a.cu: b => c
              equivalent: because of
              this

            d.cu: e
              unseen: so
            """);
    assertThat(list.explains("a.cu: b => c")).isTrue();
    assertThat(list.isEquivalent("a.cu: b => c")).isTrue();
    assertThat(list.explains("d.cu: e")).isTrue();
    assertThat(list.isEquivalent("d.cu: e")).isFalse();
    assertThat(list.explains("a.cu: b")).isFalse();
    assertThatThrownBy(() -> Survivors.of("a.cu: b => c\nd.cu: e\n  unseen: so\n"))
        .hasMessageEndingWith("below a.cu: b => c");
    assertThatThrownBy(() -> Survivors.of("  so\n")).hasMessageContaining("before any name");
  }

  @Test
  void theCommittedSurvivorsAreStillMutants() {
    Map<String, Boolean> explained = Survivors.committed().names();
    KernelCatalogue.stems().stream()
        .flatMap(stem -> Mutants.all(stem).stream())
        .forEach(mutant -> explained.replace(mutant.name(), true));
    assertThat(explained).as("whether a mutant of that name exists").doesNotContainValue(false);
  }
}
