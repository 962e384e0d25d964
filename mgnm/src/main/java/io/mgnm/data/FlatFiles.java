package io.mgnm.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/**
 * Flat little-endian arrays in files: one array a file, no header; lengths and checksums are in the
 * manifest.
 */
final class FlatFiles {
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int CHUNK = 1 << 20;

  private FlatFiles() {}

  /** Writes a file in order, keeping its size and checksums. Not thread-safe. */
  static final class Writer implements AutoCloseable {
    private final Path file;
    private final FileChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    private final CRC32C crc = new CRC32C();
    private final MessageDigest sha = sha256();
    private long bytes;

    Writer(Path file) throws IOException {
      this.file = file;
      this.channel =
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    void putInt(int value) throws IOException {
      room(Integer.BYTES).putInt(value);
    }

    void putLong(long value) throws IOException {
      room(Long.BYTES).putLong(value);
    }

    /** Puts at most {@link #CHUNK} bytes. */
    void putBytes(byte[] value) throws IOException {
      room(value.length).put(value);
    }

    private ByteBuffer room(int needed) throws IOException {
      if (buffer.remaining() < needed) {
        drain();
      }
      return buffer;
    }

    private void drain() throws IOException {
      buffer.flip();
      crc.update(buffer.duplicate());
      sha.update(buffer.duplicate());
      bytes += buffer.remaining();
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      buffer.clear();
    }

    /** Forces the content to disk and tells what was written. */
    Manifest.DataFile finish() throws IOException {
      drain();
      channel.force(true);
      return new Manifest.DataFile(
          file.getFileName().toString(), bytes, hex(crc), HexFormat.of().formatHex(sha.digest()));
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  static Manifest.DataFile write(Path file, int[] values) throws IOException {
    try (Writer writer = new Writer(file)) {
      for (int value : values) {
        writer.putInt(value);
      }
      return writer.finish();
    }
  }

  static Manifest.DataFile write(Path file, long[] values) throws IOException {
    try (Writer writer = new Writer(file)) {
      for (long value : values) {
        writer.putLong(value);
      }
      return writer.finish();
    }
  }

  /** Maps a whole file for reading. */
  static MemorySegment map(Path file, Arena arena) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    }
  }

  /** The CRC-32C of a mapped file, as the manifest writes it. */
  static String crc32c(MemorySegment segment) {
    CRC32C crc = new CRC32C();
    for (long from = 0; from < segment.byteSize(); from += Integer.MAX_VALUE) {
      long length = Math.min(Integer.MAX_VALUE, segment.byteSize() - from);
      crc.update(segment.asSlice(from, length).asByteBuffer());
    }
    return hex(crc);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static String hex(CRC32C crc) {
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }
}
