package io.mgnm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class KernelCatalogueTest {
  private static final Path FOLDER = Path.of("src", "main", "cuda");

  @Test
  void listsExactlyTheFilesOfTheFolder() throws IOException {
    TreeSet<String> listed = new TreeSet<>(KernelCatalogue.headers().keySet());
    KernelCatalogue.stems().forEach(stem -> listed.add(KernelCatalogue.fileName(stem)));
    try (Stream<Path> files = Files.list(FOLDER)) {
      List<String> names = files.map(file -> file.getFileName().toString()).sorted().toList();
      assertThat(listed).containsExactlyElementsOf(names);
    }
  }

  @Test
  void shipsTheFilesAsTheyAre() throws IOException {
    for (String stem : KernelCatalogue.stems()) {
      Path file = FOLDER.resolve(KernelCatalogue.fileName(stem));
      assertThat(KernelCatalogue.source(stem)).isEqualTo(Files.readString(file));
    }
  }

  @Test
  void everySourceBeginsWithItsContractAndStaysSmall() {
    for (String stem : KernelCatalogue.stems()) {
      String source = KernelCatalogue.source(stem);
      assertThat(source).startsWith("// " + stem + ":");
      assertThat(source).contains("// Launch:", "// Aliasing:", "// Determinism:");
      assertThat(source.lines().count()).isLessThan(500);
    }
  }

  @Test
  void refusesAnUnknownStem() {
    assertThatThrownBy(() -> KernelCatalogue.source("capsule_squish"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("capsule_squish")
        .hasMessageContaining("capsule_squash");
  }
}
