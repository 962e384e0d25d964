package io.mgnm.cuda;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiled kernels on disk, one file each, named by the hash of everything that decides the result.
 * A file begins with the hash of its content: a damaged one is as good as none. A folder that
 * cannot be written costs time, not function, and is said once.
 */
final class KernelCache {
  private static final Logger log = LoggerFactory.getLogger(KernelCache.class);
  private static final int HASH_BYTES = 32;

  private final Path folder;
  private boolean saidWhy;

  /** What a file holds. */
  static final class Entry {
    private final byte[] code;
    private final String log;

    Entry(byte[] code, String log) {
      this.code = code;
      this.log = log;
    }

    byte[] code() {
      return code;
    }

    String log() {
      return log;
    }
  }

  KernelCache(Path folder) {
    this.folder = folder;
  }

  /** The name of what is compiled from {@code parts}. */
  static String key(Iterable<String> parts) {
    MessageDigest digest = sha256();
    for (String part : parts) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8)); // so no two lists agree
      digest.update(bytes);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The entry, unless there is none or it is damaged. */
  Optional<Entry> read(String key) {
    Path file = file(key);
    try {
      byte[] bytes = Files.readAllBytes(file);
      if (bytes.length < HASH_BYTES) {
        throw new IOException("it is cut short");
      }
      byte[] content = Arrays.copyOfRange(bytes, HASH_BYTES, bytes.length);
      if (!Arrays.equals(bytes, 0, HASH_BYTES, sha256().digest(content), 0, HASH_BYTES)) {
        throw new IOException("its checksum is wrong");
      }
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(content));
      byte[] code = in.readNBytes(in.readInt());
      return Optional.of(new Entry(code, new String(in.readAllBytes(), StandardCharsets.UTF_8)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      log.warn("compiled kernel {} cannot be used and is made again: {}", file, e.toString());
      return Optional.empty();
    }
  }

  /** Keeps an entry. */
  void write(String key, Entry entry) {
    try {
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(content);
      out.writeInt(entry.code().length);
      out.write(entry.code());
      out.write(entry.log().getBytes(StandardCharsets.UTF_8));
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      bytes.write(sha256().digest(content.toByteArray()));
      content.writeTo(bytes);
      CacheFolder.writeAtomically(file(key), path -> Files.write(path, bytes.toByteArray()));
    } catch (IOException e) {
      if (!saidWhy) {
        log.warn("compiled kernels are not kept, so each start compiles them: {}", e.toString());
        saidWhy = true;
      }
    }
  }

  private Path file(String key) {
    return folder.resolve(key + ".kernel");
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
