package io.mgnm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SettingsCommandTest {

  @Test
  void theDocumentShowsEverySettingAsItIs() throws IOException {
    String table = SettingsCommand.table().collect(Collectors.joining("\n"));
    assertThat(Files.readString(Path.of("..", "docs", "settings.md")))
        .as("docs/settings.md holds the output of: bin/mgnm settings")
        .contains(table);
  }
}
