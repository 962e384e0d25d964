package io.mgnm.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The paper's largest dataset in size, made up; about a minute and 1 GB of disk. */
@Tag("long")
class LargePreparationTest {
  @TempDir Path folder;

  @Test
  void preparesInUnderTwoMinutesOnTwoThreads() throws Exception {
    Path table = folder.resolve("large.parquet");
    SyntheticTable.write(
        new SyntheticInteractions(
            new SyntheticInteractions.Options(
                60_813, 292_286, 14_952_659, 5000, 4, .02, .1, .9, 1)),
        table,
        null);
    PrepareOptions options =
        PrepareOptions.defaults().withSplit(new Split.Ratio()).withResources(2, 1536);
    long start = System.nanoTime();
    Manifest manifest =
        new DatasetPreparation(options).prepare(List.of(table), folder.resolve("out"));
    double seconds = (System.nanoTime() - start) / 1e9;
    assertThat(manifest.users()).isEqualTo(60_813);
    assertThat(manifest.items()).isEqualTo(292_286);
    assertThat(manifest.interactions()).isEqualTo(14_952_659);
    assertThat(seconds).isLessThan(120);
  }
}
