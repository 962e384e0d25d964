package io.mgnm.matrix.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.matrix.rows.Row;
import io.mgnm.matrix.rows.Rows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The page itself is not made again: that takes a quarter of an hour. */
class KernelTableTest {

  @Test
  void thePageHasEveryDirectionOfEveryKernel() throws IOException {
    String page = Files.readString(Path.of("..", "..", "docs", "kernels.md"));
    assertThat(page).contains(KernelTable.head());
    for (Row row : Rows.all()) {
      for (String direction : row.directions()) {
        assertThat(page)
            .as("docs/kernels.md holds the output of: bin/mgnm matrix --table docs/kernels.md")
            .contains("| `%s` | %s |".formatted(row.stem(), direction));
      }
    }
  }
}
