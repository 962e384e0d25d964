package io.mgnm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetTest {
  @TempDir Path folder;
  private Path prepared;

  @BeforeEach
  void prepare() throws IOException {
    Path file =
        Tables.text(
            folder, "t.csv", "user,item,time\na,x,1\nb,y,2\na,z,3\na,x,4\nb,x,5\na,y,6\nb,z,7\n");
    prepared = folder.resolve("prepared");
    Tables.prepare(PrepareOptions.defaults(), prepared, file).close();
  }

  @Test
  void givesEventsSamplesAndCopies() throws IOException {
    try (Dataset data = Dataset.open(prepared)) {
      assertThat(data.users()).isEqualTo(2);
      assertThat(data.items()).isEqualTo(3);
      assertThat(data.interactions()).isEqualTo(7);
      assertThat(data.itemsOfEvents()).containsExactly(0, 2, 0, 1, 1, 0, 2);
      assertThat(data.userOffsets()).containsExactly(0, 4, 7);
      assertThat(data.userBegin(1)).isEqualTo(4);
      assertThat(data.userEnd(1)).isEqualTo(7);
      assertThat(data.trainingEnds()).containsExactly(2, 5);
      assertThat(data.trainingEnd(0)).isEqualTo(2);
      assertThat(data.trainingCounts()).containsExactly(1, 1, 1);
      assertThat(data.time(3)).isEqualTo(6);
      assertThat(data.samples()).isEqualTo(5);
      assertThat(data.partBegin(Part.VALIDATION)).isEqualTo(data.partEnd(Part.TRAIN)).isEqualTo(1);
      assertThat(data.sampleUsers(Part.VALIDATION)).containsExactly(0, 1);
      assertThat(data.sampleEvents(Part.VALIDATION)).containsExactly(2, 5);
      assertThat(data.sampleUsers(Part.TEST)).containsExactly(0, 1);
      assertThat(data.sampleEvents(Part.TEST)).containsExactly(3, 6);
      assertThat(data.sampleUsers()).containsExactly(0, 0, 1, 0, 1);
      assertThat(data.sampleEvents()).containsExactly(1, 2, 5, 3, 6);
      assertThat(data.sampleUser(4)).isEqualTo(1);
      assertThat(data.sampleEvent(4)).isEqualTo(6);
      assertThat(data.item(data.sampleEvent(4))).isEqualTo(data.findItem("z").getAsInt());
      assertThat(data.hasItemNames()).isFalse();
      assertThat(data.itemName(1)).isEqualTo("y");
      assertThat(data.manifest()).isEqualTo(Dataset.readManifest(prepared));
    }
  }

  @Test
  void findsEveryIdAndNoOther() throws IOException {
    // Ids whose order by UTF-16, UTF-8 and number differ, and prefixes of each other.
    Set<String> ids =
        new LinkedHashSet<>(
            List.of("9", "10", "1", "100", "é", "z", "\uFFFD", "😀", "a b", "A", "a"));
    Random random = new Random(3);
    while (ids.size() < 500) {
      ids.add(
          random
              .ints(1 + random.nextInt(4), 'a', 'f')
              .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
              .toString());
    }
    StringBuilder rows = new StringBuilder("user,item\n");
    for (String id : ids) {
      rows.append("%1$s,%1$s\n%1$s,p\n%1$s,q\n%1$s,r\n".formatted(id));
    }
    Path file = Tables.text(folder, "ids.csv", rows.toString());
    Path out = folder.resolve("ids");
    try (Dataset data = Tables.prepare(PrepareOptions.defaults(), out, file)) {
      int user = 0;
      for (String id : ids) {
        assertThat(data.findUser(id)).hasValue(user);
        assertThat(data.userId(user)).isEqualTo(id);
        assertThat(data.itemId(data.findItem(id).orElseThrow())).isEqualTo(id);
        assertThat(data.findUser(id + "!")).isEmpty();
        user++;
      }
      assertThat(data.findItem("")).isEmpty();
      assertThat(data.findItem("zzzz")).isEmpty();
    }
  }

  @Test
  void closedDatasetThrows() throws IOException {
    Dataset data = Dataset.open(prepared);
    data.close();
    data.close();
    assertThatThrownBy(() -> data.item(0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> data.findItem("x")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void indexOutOfRangeThrows() throws IOException {
    try (Dataset data = Dataset.open(prepared)) {
      assertThatThrownBy(() -> data.item(7)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> data.itemId(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void everyChangedFileIsNoticed() throws IOException {
    for (Manifest.DataFile file : Dataset.readManifest(prepared).files()) {
      Path path = prepared.resolve(file.name());
      byte[] good = Files.readAllBytes(path);
      byte[] flipped = good.clone();
      flipped[good.length / 2] ^= 1;
      Files.write(path, flipped);
      assertRefused(file.name(), "checksum");
      Files.write(path, Arrays.copyOf(good, good.length - 1));
      assertRefused(file.name(), (good.length - 1) + " bytes");
      Files.delete(path);
      assertRefused(file.name(), "nothing");
      Files.write(path, good);
    }
    Dataset.open(prepared).close();
  }

  @Test
  void manifestMustFit() throws IOException {
    Path manifest = prepared.resolve("manifest.json");
    String good = Files.readString(manifest);
    Files.writeString(manifest, good.replace("\"format_version\" : 1", "\"format_version\" : 2"));
    assertRefused("manifest.json", "version 2");
    Files.writeString(manifest, good.replace("\"users\" : 2", "\"users\" : 3"));
    assertRefused("user_offsets.i32", "16 bytes");
    Files.writeString(manifest, good.replaceFirst("\"crc32c\" : \".", "\"crc32c\" : \"g"));
    assertRefused("manifest.json", "content hash");
    Files.writeString(manifest, good.substring(0, 40));
    assertRefused("manifest.json", "manifest");
    Files.delete(manifest);
    assertRefused("prepared", "manifest.json");
  }

  private void assertRefused(String... words) {
    assertThatThrownBy(() -> Dataset.open(prepared))
        .isInstanceOf(BadInputException.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void filesAreLittleEndian() throws IOException {
    byte[] offsets = Files.readAllBytes(prepared.resolve("user_offsets.i32"));
    assertThat(offsets).isEqualTo(new byte[] {0, 0, 0, 0, 4, 0, 0, 0, 7, 0, 0, 0});
    assertThat(ByteBuffer.wrap(Files.readAllBytes(prepared.resolve("event_times.i64"))).get(0))
        .isEqualTo((byte) 1);
  }

  @Test
  void lengthsHaveQuantilesAndBuckets() {
    int[] lengths = new int[100];
    Arrays.setAll(lengths, i -> 100 - i);
    assertThat(SequenceLengths.of(lengths))
        .isEqualTo(
            new SequenceLengths(
                1,
                50,
                50.5,
                90,
                99,
                100,
                List.of(
                    new SequenceLengths.Bucket(1, 1, 1),
                    new SequenceLengths.Bucket(2, 3, 2),
                    new SequenceLengths.Bucket(4, 7, 4),
                    new SequenceLengths.Bucket(8, 15, 8),
                    new SequenceLengths.Bucket(16, 31, 16),
                    new SequenceLengths.Bucket(32, 63, 32),
                    new SequenceLengths.Bucket(64, 127, 37))));
  }
}
