package io.mgnm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.train.SafeTensors.Content;
import io.mgnm.train.SafeTensors.Entry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafeTensorsTest {
  private Path file;

  @BeforeEach
  void write(@TempDir Path folder) throws IOException {
    file = folder.resolve("x.safetensors");
    Map<String, Entry> tensors = new LinkedHashMap<>();
    tensors.put("a", Entry.of(2, 3, new float[] {1, -2, 3.5f, Float.MIN_VALUE, 0, 6}));
    tensors.put("steps", Entry.of(new int[] {7, -8}));
    tensors.put("empty", Entry.of(1, 0, new float[0]));
    float[] large = new float[600_000]; // more than one chunk
    for (int i = 0; i < large.length; i++) {
      large[i] = i;
    }
    tensors.put("large", Entry.of(1, large.length, large));
    SafeTensors.write(file, new Content(Map.of("format_version", "1", "wörd", "ü"), tensors));
  }

  @Test
  void whatWasWrittenIsRead() throws IOException {
    Content read = SafeTensors.read(file);
    assertThat(read.metadata()).containsEntry("wörd", "ü").containsEntry("format_version", "1");
    assertThat(read.tensors().keySet()).containsExactly("a", "steps", "empty", "large");
    assertThat(read.tensors().get("a").floats())
        .containsExactly(1, -2, 3.5f, Float.MIN_VALUE, 0, 6);
    assertThat(read.tensors().get("a").shape()).containsExactly(2, 3);
    assertThat(read.tensors().get("steps").ints()).containsExactly(7, -8);
    assertThat(read.tensors().get("large").floats()[599_999]).isEqualTo(599_999f);
  }

  @Test
  void theLayoutIsThatOfTheFormat() throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int length = Math.toIntExact(bytes.getLong(0));
    assertThat(length % 8).isZero();
    String header = StandardCharsets.UTF_8.decode(bytes.slice(8, length)).toString();
    assertThat(header)
        .contains("\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}")
        .contains("\"steps\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[24,32]}");
    assertThat(bytes.getFloat(8 + length + 8)).isEqualTo(3.5f);
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    for (int length : new int[] {0, 4, 8, 100, 400, whole.length / 2, whole.length - 1}) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> SafeTensors.read(file))
          .as("length " + length)
          .isInstanceOf(SafeTensors.FormatException.class)
          .hasMessageContaining("not a checkpoint that can be read");
    }
  }

  @Test
  void bytesBehindTheEndAreRefused() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length + 1));
    assertThatThrownBy(() -> SafeTensors.read(file)).hasMessageContaining("1 bytes behind");
  }

  @Test
  void aHeaderThatLiesIsRefused() throws IOException {
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    refuses(text.replace("\"shape\":[2,3]", "\"shape\":[2,4]"), "has 24 bytes");
    refuses(text.replace("[24,32]", "[28,36]"), "'steps' begins at 28, expected 24");
    refuses(text.replace("\"I32\"", "\"I64\""), "is of type I64");
    refuses(text.replace("{\"dtype\"", "{\"dtype "), "its header is not JSON");
  }

  private void refuses(String text, String why) throws IOException {
    Files.writeString(file, text, StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> SafeTensors.read(file))
        .isInstanceOf(SafeTensors.FormatException.class)
        .hasMessageContaining(why);
  }
}
