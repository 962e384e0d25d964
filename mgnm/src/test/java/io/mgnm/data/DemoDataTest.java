package io.mgnm.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoDataTest {
  @TempDir Path folder;

  @Test
  void preparesWithTheKnownCountsAndNames() throws Exception {
    Path out = folder.resolve("demo");
    DemoData.prepare(out, step -> {});
    try (Dataset data = Dataset.open(out)) {
      assertThat(data.users()).isEqualTo(3570);
      assertThat(data.items()).isEqualTo(5090);
      assertThat(data.interactions()).isEqualTo(141_200);
      assertThat(data.manifest().times().first()).startsWith("1989-02-19");
      assertThat(data.manifest().times().last()).startsWith("2022-07-27");
      SequenceLengths lengths = SequenceLengths.of(data);
      assertThat(lengths.min()).isEqualTo(5);
      assertThat(lengths.median()).isEqualTo(18);
      assertThat(lengths.max()).isEqualTo(1337);
      assertThat(data.partEnd(Part.TEST) - data.partBegin(Part.TEST)).isEqualTo(3570);
      assertThat(data.itemName(data.findItem("1").orElseThrow())).isEqualTo("c++tools/Makefile.in");
    }
    assertThat(DemoData.readme()).contains("Free Software Foundation").contains("royalty");
  }
}
