package io.mgnm.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * An input file that exists, was read to its end once and hashed; a gzip file is complete.
 *
 * <p>The check matters: the database reads a truncated gzip file without a word and returns the
 * rows before the cut.
 *
 * @param path the file
 * @param kind how it is to be read
 * @param gzip whether it is compressed
 * @param firstLine the header line of a delimited table; empty for other kinds
 * @param bytes size as stored
 * @param sha256 hash as stored, in hexadecimal
 */
record SourceFile(Path path, Kind kind, boolean gzip, String firstLine, long bytes, String sha256) {

  /** How a file is read. */
  enum Kind {
    DELIMITED,
    JSON_LINES,
    PARQUET,
    SEQUENCES;

    String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  private static final int LONGEST_FIRST_LINE = 1 << 20;
  private static final byte[] PARQUET_MAGIC = {'P', 'A', 'R', '1'};
  private static final Set<String> JSON_ENDINGS = Set.of("json", "jsonl", "ndjson");
  private static final Set<String> TABLE_ENDINGS = Set.of("csv", "tsv", "inter");
  private static final Set<String> OTHER_COMPRESSION = Set.of("zip", "bz2", "xz", "zst", "7z");

  /**
   * Reads the file to its end and recognises its kind.
   *
   * @throws BadInputException where it is missing, empty, not a file, or a broken gzip file
   */
  static SourceFile inspect(Path path, PrepareOptions.Format format, ColumnNames columns)
      throws IOException {
    if (!Files.exists(path)) {
      throw BadInputException.inFile(path, "a file", "nothing there", "check the path");
    }
    if (!Files.isRegularFile(path)) {
      throw BadInputException.inFile(
          path, "a regular file", "a folder or device", "name the files themselves");
    }
    if (!Files.isReadable(path)) {
      throw BadInputException.inFile(
          path, "a readable file", "no permission to read it", "change its permissions");
    }
    String ending = ending(path.getFileName().toString());
    if (OTHER_COMPRESSION.contains(ending)) {
      throw BadInputException.inFile(
          path, "plain text, .gz or Parquet", "." + ending, "decompress it first");
    }
    byte[] head = head(path);
    boolean gzip = head.length >= 2 && head[0] == (byte) 0x1f && head[1] == (byte) 0x8b;
    if (ending.equals("gz") && !gzip && head.length > 0) {
      throw BadInputException.inFile(
          path, "gzip data, as its name says", "something else", "rename it, or compress it");
    }
    if (ending.equals("gz")) {
      ending = ending(stripEnding(path.getFileName().toString()));
    }
    if (gzip && isParquet(ending, new byte[0])) {
      throw BadInputException.inFile(
          path, "Parquet as it is", "Parquet inside gzip", "decompress it first (gunzip)");
    }
    Content content = readThrough(path, gzip);
    if (content.decompressed == 0) {
      throw BadInputException.inFile(
          path, "a table or sequences", "an empty file", "check how it was made");
    }
    Kind kind;
    if (isParquet(ending, head)) {
      kind = Kind.PARQUET;
    } else {
      kind = textKind(path, ending, content.firstLine, format, columns);
    }
    if (kind != Kind.SEQUENCES && format == PrepareOptions.Format.SEQUENCES) {
      throw BadInputException.inFile(
          path, "sequences in a text file", kind.label(), "leave --format sequences out");
    }
    String line = kind == Kind.DELIMITED ? decode(path, content.firstLine) : "";
    return new SourceFile(path, kind, gzip, line, Files.size(path), content.sha256);
  }

  private static boolean isParquet(String ending, byte[] head) {
    return ending.equals("parquet") || ending.equals("pq") || startsWith(head, PARQUET_MAGIC);
  }

  private static Kind textKind(
      Path path, String ending, byte[] line, PrepareOptions.Format format, ColumnNames columns) {
    if (format == PrepareOptions.Format.SEQUENCES) {
      return Kind.SEQUENCES;
    }
    String text = decode(path, line);
    if (JSON_ENDINGS.contains(ending) || text.stripLeading().startsWith("{")) {
      if (text.stripLeading().startsWith("[")) {
        throw BadInputException.atLine(
            path, 1, "JSON Lines: an object a line", "an array", "convert it: jq -c '.[]' FILE");
      }
      return Kind.JSON_LINES;
    }
    if (format == PrepareOptions.Format.TABLE
        || TABLE_ENDINGS.contains(ending)
        || text.indexOf('\t') >= 0
        || text.indexOf(',') >= 0
        || columns.recognisesAny(DelimitedHeader.parse(text).names())) {
      return Kind.DELIMITED;
    }
    return Kind.SEQUENCES;
  }

  /** Opens the file's text, decompressed. */
  InputStream open() throws IOException {
    return open(path, gzip);
  }

  private static InputStream open(Path path, boolean gzip) throws IOException {
    InputStream raw = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
    try {
      return gzip ? new BufferedInputStream(new GZIPInputStream(raw, 1 << 16), 1 << 16) : raw;
    } catch (IOException e) {
      raw.close();
      throw e;
    }
  }

  /** What reading a file to its end told. */
  private static final class Content {
    private final byte[] firstLine;
    private final long decompressed;
    private final String sha256;

    Content(byte[] firstLine, long decompressed, String sha256) {
      this.firstLine = firstLine;
      this.decompressed = decompressed;
      this.sha256 = sha256;
    }
  }

  private static Content readThrough(Path path, boolean gzip) throws IOException {
    long decompressed = 0;
    byte[] first = new byte[0];
    boolean lineDone = false;
    byte[] buffer = new byte[1 << 16];
    try (InputStream raw = Files.newInputStream(path);
        DigestInputStream digest = new DigestInputStream(raw, FlatFiles.sha256())) {
      try {
        // Closing the outer stream closes the digest a second time, which is harmless.
        InputStream in = gzip ? new GZIPInputStream(digest, 1 << 16) : digest;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          decompressed += n;
          if (!lineDone) {
            int end = indexOf(buffer, n, (byte) '\n');
            lineDone = end >= 0 || first.length > LONGEST_FIRST_LINE;
            first = append(first, buffer, end >= 0 ? end : n);
          }
        }
      } catch (EOFException | ZipException e) {
        throw BadInputException.inFile(
            path,
            "complete gzip data",
            "a broken or truncated file after " + decompressed + " good bytes",
            "fetch or compress it again; `gzip -t` checks it");
      }
      while (digest.read(buffer) >= 0) {
        // What follows the gzip data belongs to the file's hash.
      }
      String sha256 = HexFormat.of().formatHex(digest.getMessageDigest().digest());
      return new Content(first, decompressed, sha256);
    }
  }

  private static String decode(Path path, byte[] line) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      if (line.length > LONGEST_FIRST_LINE) {
        throw BadInputException.atLine(
            path, 1, "a first line of at most 1 MiB", "a longer one", "check the file");
      }
      throw BadInputException.atLine(
          path, 1, "UTF-8 text", "other bytes", "convert it, for example with iconv -t UTF-8");
    }
  }

  private static byte[] head(Path path) {
    try (InputStream in = Files.newInputStream(path)) {
      return in.readNBytes(PARQUET_MAGIC.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean startsWith(byte[] head, byte[] magic) {
    return Arrays.equals(head, magic);
  }

  private static int indexOf(byte[] buffer, int length, byte wanted) {
    for (int i = 0; i < length; i++) {
      if (buffer[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  private static byte[] append(byte[] first, byte[] more, int length) {
    byte[] joined = Arrays.copyOf(first, first.length + length);
    System.arraycopy(more, 0, joined, first.length, length);
    return joined;
  }

  private static String ending(String name) {
    int dot = name.lastIndexOf('.');
    return dot < 0 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
  }

  private static String stripEnding(String name) {
    int dot = name.lastIndexOf('.');
    return dot < 0 ? name : name.substring(0, dot);
  }
}
