package io.mgnm.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The safetensors format: eight bytes with the length of a JSON header, the header, and the
 * tensors' bytes one after another, little-endian. Types F32 and I32.
 *
 * <p>The reader is strict: a header that does not describe the file exactly is refused.
 */
public final class SafeTensors {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String METADATA = "__metadata__";
  private static final long MAX_HEADER = 16 << 20;
  private static final int CHUNK = 1 << 20; // bytes written or read at a time

  private SafeTensors() {}

  /** A tensor of a file; exactly one of the arrays is there. */
  public record Entry(List<Integer> shape, float[] floats, int[] ints) {
    /** A tensor of floats, rows × width. */
    public static Entry of(int rows, int width, float[] values) {
      return new Entry(List.of(rows, width), values, null);
    }

    /** A list of integers. */
    public static Entry of(int[] values) {
      return new Entry(List.of(values.length), null, values);
    }

    String type() {
      return floats != null ? "F32" : "I32";
    }

    int size() {
      return floats != null ? floats.length : ints.length;
    }
  }

  /**
   * What a file holds.
   *
   * @param metadata free text by name
   * @param tensors by name, in the file's order
   */
  public record Content(Map<String, String> metadata, Map<String, Entry> tensors) {}

  /** A file that is not what it should be. */
  public static final class FormatException extends IOException {
    private static final long serialVersionUID = 1L;

    FormatException(Path file, String message) {
      super(file + ": not a checkpoint that can be read: " + message);
    }
  }

  /** Writes and fsyncs a file. */
  public static void write(Path file, Content content) throws IOException {
    ObjectNode header = JSON.createObjectNode();
    ObjectNode metadata = header.putObject(METADATA);
    content.metadata().forEach(metadata::put);
    long offset = 0;
    for (Map.Entry<String, Entry> tensor : content.tensors().entrySet()) {
      Entry entry = tensor.getValue();
      long end = offset + (long) Float.BYTES * entry.size();
      ObjectNode node = header.putObject(tensor.getKey());
      node.put("dtype", entry.type());
      entry.shape().forEach(node.putArray("shape")::add);
      node.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] json = JSON.writeValueAsBytes(header);
    int padded = (json.length + 7) / 8 * 8; // data begins at a multiple of 8, filled with spaces
    ByteBuffer head = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
    head.putLong(padded).put(json);
    while (head.hasRemaining()) {
      head.put((byte) ' ');
    }
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      writeFully(channel, head.flip());
      ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
      for (Entry entry : content.tensors().values()) {
        writeValues(channel, buffer, entry);
      }
      channel.force(true);
    }
  }

  private static void writeValues(FileChannel channel, ByteBuffer buffer, Entry entry)
      throws IOException {
    int step = CHUNK / Float.BYTES;
    for (int from = 0; from < entry.size(); from += step) {
      int count = Math.min(step, entry.size() - from);
      buffer.clear().limit(count * Float.BYTES);
      if (entry.floats() != null) {
        buffer.asFloatBuffer().put(entry.floats(), from, count);
      } else {
        buffer.asIntBuffer().put(entry.ints(), from, count);
      }
      writeFully(channel, buffer);
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  /**
   * Reads a whole file.
   *
   * @throws FormatException where it is not exactly what its header says
   */
  public static Content read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      JsonNode header = readHeader(file, channel);
      long data = channel.position();
      Map<String, String> metadata = new LinkedHashMap<>();
      header
          .path(METADATA)
          .properties()
          .forEach(e -> metadata.put(e.getKey(), e.getValue().asText()));
      List<Map.Entry<String, JsonNode>> described = new ArrayList<>(header.properties());
      described.removeIf(e -> e.getKey().equals(METADATA));
      described.sort(Comparator.comparingLong(e -> begin(e.getValue())));
      Map<String, Entry> tensors = new LinkedHashMap<>();
      ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
      for (Map.Entry<String, JsonNode> e : described) {
        long expected = channel.position() - data;
        if (begin(e.getValue()) != expected) {
          throw new FormatException(
              file,
              "'%s' begins at %d, expected %d"
                  .formatted(e.getKey(), begin(e.getValue()), expected));
        }
        tensors.put(e.getKey(), readEntry(file, channel, buffer, e.getKey(), e.getValue()));
      }
      if (channel.position() != channel.size()) {
        throw new FormatException(
            file, (channel.size() - channel.position()) + " bytes behind the last tensor");
      }
      return new Content(metadata, tensors);
    }
  }

  private static long begin(JsonNode node) {
    return node.path("data_offsets").path(0).asLong(-1);
  }

  private static JsonNode readHeader(Path file, FileChannel channel) throws IOException {
    ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    readFully(file, channel, length);
    long size = length.getLong(0);
    if (size <= 0 || size > MAX_HEADER || size > channel.size() - 8) {
      throw new FormatException(file, "a header of " + size + " bytes");
    }
    ByteBuffer json = ByteBuffer.allocate((int) size);
    readFully(file, channel, json);
    try {
      return JSON.readTree(new String(json.array(), StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      throw new FormatException(file, "its header is not JSON: " + e.getOriginalMessage());
    }
  }

  private static Entry readEntry(
      Path file, FileChannel channel, ByteBuffer buffer, String name, JsonNode node)
      throws IOException {
    List<Integer> shape = new ArrayList<>();
    long size = 1;
    for (JsonNode dimension : node.path("shape")) {
      shape.add(dimension.asInt());
      size = Math.multiplyExact(size, dimension.asLong());
    }
    String type = node.path("dtype").asText();
    boolean floats = type.equals("F32");
    if (!floats && !type.equals("I32")) {
      throw new FormatException(file, "'%s' is of type %s, not F32 or I32".formatted(name, type));
    }
    long bytes = node.path("data_offsets").path(1).asLong(-1) - begin(node);
    if (size < 0 || bytes != size * Float.BYTES || bytes > channel.size() - channel.position()) {
      throw new FormatException(
          file, "'%s' of shape %s has %d bytes".formatted(name, shape, bytes));
    }
    float[] floatValues = floats ? new float[Math.toIntExact(size)] : null;
    int[] intValues = floats ? null : new int[Math.toIntExact(size)];
    int step = CHUNK / Float.BYTES;
    for (int from = 0; from < size; from += step) {
      int count = (int) Math.min(step, size - from);
      buffer.clear().limit(count * Float.BYTES);
      readFully(file, channel, buffer);
      buffer.flip();
      if (floats) {
        buffer.asFloatBuffer().get(floatValues, from, count);
      } else {
        buffer.asIntBuffer().get(intValues, from, count);
      }
    }
    return new Entry(List.copyOf(shape), floatValues, intValues);
  }

  private static void readFully(Path file, FileChannel channel, ByteBuffer buffer)
      throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new FormatException(file, "it ends too early");
      }
    }
  }
}
