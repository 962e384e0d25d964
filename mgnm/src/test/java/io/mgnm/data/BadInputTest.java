package io.mgnm.data;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.cli.MgnmCommand;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** Every kind of bad input, through the command line: code 2, a message, and nothing left. */
class BadInputTest {
  private static final String GOOD =
      "user,item,time\na,x,1\na,y,2\na,z,3\na,x,4\nb,x,1\nb,y,2\nb,z,3\nb,x,4\n";

  @TempDir Path folder;

  /**
   * A bad input.
   *
   * @param line what the message says of the place, such as "line 3"; empty where there is none
   * @param words what else the message says
   * @param options options of the command
   */
  record Case(String name, String content, String line, List<String> words, List<String> options) {
    @Override
    public String toString() {
      return name + ": " + words;
    }
  }

  private static Case bad(String name, String content, String line, String... words) {
    return new Case(name, content, line, List.of(words), List.of());
  }

  private static Case with(String options, String content, String... words) {
    return new Case("t.csv", content, "", List.of(words), List.of(options.split(" ")));
  }

  static Stream<Case> texts() {
    String plain = "user,item\na,x\na,y\na,z\na,x\nb,y\nb,z\n";
    String huge = "x".repeat(10_000_000);
    return Stream.of(
        bad("empty.csv", "", "", "an empty file"),
        bad("empty.csv.gz", "", "", "an empty file"),
        bad("empty.jsonl", "", "", "an empty file"),
        bad("header.csv", "user,item,time\n", "", "none below the header", "expected rows"),
        bad("header.csv", "user,item,time", "", "none below the header", "expected rows"),
        bad("blank.txt", "\n\n", "", "expected rows", "found none"),
        bad("missing.csv", "user,thing,time\na,x,1\n", "line 1", "'item'", "user, thing, time"),
        bad("headless.tsv", "196\t242\t3\n186\t302\t3\n", "line 1", "'user'", "header"),
        bad("headless", "196\t242\t3\n186\t302\t3\n", "line 1", "'user'", "header"),
        bad("two.csv", "user,user_id,item\na,a,x\n", "line 1", "user, user_id", "--user user"),
        bad("two.csv", "user,item,date,timestamp\na,a,1,2\n", "line 1", "--time date"),
        bad("same.csv", "user,item,item\na,x,y\n", "line 1", "item, item", "rename"),
        bad("text.csv", GOOD + "b,x,yesterday\n", "line 10", "a number", "'yesterday'"),
        bad("number.csv", GOOD.replace(",1\n", ",2001-01-01\n"), "line 3", "a date", "'2'"),
        bad("underscore.csv", GOOD + "b,x,1_000\n", "line 10", "a number", "'1_000'"),
        bad(
            "day.csv",
            "user,date,item\na,2001-02-28,x\na,2001-02-30,y\n",
            "line 3",
            "'2001-02-30'"),
        bad("none.csv", GOOD + "b,x,\n", "line 10", "time", "nothing"),
        bad("nan.csv", GOOD + "b,x,NaN\n", "line 10", "a finite time", "'NaN'"),
        bad("nan-first.csv", "user,item,time\na,x,nan\n", "line 2", "a finite time"),
        bad("inf.csv", GOOD + "b,x,-Infinity\n", "line 10", "a finite time"),
        bad("far.csv", GOOD + "b,x,1e999\n", "line 10", "a finite time"),
        bad("always.csv", "user,item,date\na,x,2001-01-01\na,y,infinity\n", "line 3", "finite"),
        bad("rating.csv", "user,item,rating\na,x,5\na,y,good\n", "line 3", "rating", "'good'"),
        bad("rating.csv", "user,item,rating\na,x,5\na,y,\n", "line 3", "rating", "nothing"),
        bad("rating.csv", "user,item,rating\na,x,5\na,y,nan\n", "line 3", "rating", "'nan'"),
        bad("user.csv", GOOD + ",x,1\n", "line 10", "a user id", "nothing"),
        bad("item.csv", GOOD + "a,  ,1\n", "line 10", "an item id", "nothing"),
        bad("quoted.csv", GOOD + "\"a\nb\",x,1\n\n\na,\"\",1\n", "line 14", "an item id"),
        bad("long.csv", "user,item\na,x\na," + "y".repeat(4097) + "\n", "line 3", "4096 bytes"),
        bad("huge.csv", "user,item\na,x\na," + huge + "\n", "line 3", "4096 bytes"),
        bad("huge.jsonl", "{\"user\":1,\"item\":\"" + huge + "\"}", "line 1", "4096 bytes"),
        bad("huge.txt", "a x y\nb " + huge + " x\n", "line 2", "4096 bytes"),
        bad("few.csv", GOOD + "a,x\n", "line 10", "3 columns", "found 2"),
        bad("many.csv", GOOD + "a,x,1,2\n", "line 10", "3 columns", "found 4"),
        bad("open.csv", GOOD + "a,\"x,1\n", "line 10", "quote"),
        bad("broken.jsonl", "{\"user\":1,\"item\":2}\n{\"user\":1,\n", "line 2", "JSON object"),
        bad("broken.json", "{\"user\":1,\"item\":2}\n\n{\"user\":1} x\n", "line 3", "JSON object"),
        bad("array.json", "[{\"user\":1,\"item\":2}]", "line 1", "an array", "jq"),
        bad(
            "null.jsonl",
            "{\"user\":1,\"item\":2}\n\n{\"user\":null,\"item\":3}\n",
            "line 3",
            "user id"),
        bad("nested.jsonl", "{\"user\":{\"id\":1},\"item\":2}\n", "", "STRUCT", "'user'"),
        bad("float.jsonl", "{\"user\":1.5,\"item\":2}\n", "", "DOUBLE", "'user'"),
        bad("t.parquet", "user,item\n1,2\n", "", "parquet", "check the file"),
        bad("t.csv.gz.txt.zip", "PK", "", "decompress"),
        bad("lonely.txt", "a x y z\nb\n", "line 2", "a user and items", "only 'b'"),
        bad("again.txt", "a x y\nb x y\nc x\na z\nb x\n", "line 4", "second line of user 'a'"),
        bad("one-user.csv", GOOD.replace('b', 'a'), "", "2 users and 2 items", "1 and 3"),
        bad("one-item.csv", GOOD.replaceAll("[yz]", "x"), "", "2 users and 2 items", "2 and 1"),
        bad("short.csv", "user,item\na,x\na,y\nb,x\nb,y\n", "", "none for train", "4 items"),
        with("--split ratio", plain, "times", "ratio", "leave-one-out"),
        with("--split time --cut 1,2", plain, "times", "time", "leave-one-out"),
        with("--split time", GOOD, "two cut times", "--cut"),
        with("--split time --cut 3,2", GOOD, "first cut time before"),
        with("--split time --cut 3,2001-01-01", GOOD, "a whole number", "'2001-01-01'"),
        with("--split time --cut 100,200", GOOD, "none for validation", "from 1 to 4"),
        with("--split ratio --cut 1,2", GOOD, "--cut only"),
        with("--split thirds", GOOD, "'thirds'", "leave-one-out"),
        with("--k-core 9", GOOD, "2 users and 2 items", "0 and 0"),
        with("--min-items 9", GOOD, "2 users and 2 items"),
        with("--min-items 1", GOOD, "at least 2"),
        with("--min-rating 3", GOOD, "a rating column"),
        with("--min-rating 6", "user,item,rating\na,x,5\nb,y,5\n", "rating >= 6.0", "none"),
        with("--min-rating NaN", GOOD, "a number"),
        with("--min-rating 3 --all-ratings", GOOD, "exclude each other"),
        with("--user nobody", GOOD, "'nobody'"),
        with("--time user", GOOD, "a column of its own"),
        with("--format pictures", GOOD, "pictures"),
        with("--memory 1", GOOD, "256 MB"),
        with("--threads 0", GOOD, "--threads"),
        with("--unknown", GOOD, "Unknown option"));
  }

  @ParameterizedTest
  @MethodSource("texts")
  void isRefused(Case bad) throws IOException {
    Path file = Tables.text(folder, bad.name(), bad.content());
    List<String> arguments = new ArrayList<>(List.of(file.toString()));
    arguments.addAll(bad.options());
    String message = refuse(arguments);
    if (!bad.line().isEmpty()) {
      assertThat(message).contains(file + ", " + bad.line() + ":");
    }
    assertThat(message).contains(bad.words());
  }

  /** Prepares into {@code out}, expects code 2 and no trace, and returns the message. */
  private String refuse(List<String> arguments) throws IOException {
    List<Path> before = list(folder);
    List<String> all = new ArrayList<>(List.of("prepare"));
    all.addAll(arguments);
    if (!all.contains("--out")) {
      all.addAll(List.of("--out", folder.resolve("out").toString()));
    }
    StringWriter err = new StringWriter();
    CommandLine line = MgnmCommand.commandLine().setErr(new PrintWriter(err));
    int code = line.execute(all.toArray(String[]::new));
    String message = err.toString();
    assertThat(code).as(message).isEqualTo(2);
    assertThat(message).doesNotContain("\tat ").hasSizeLessThan(6000);
    assertThat(message.contains("Remedy: ") || message.contains("Usage: ")).isTrue();
    assertThat(list(folder)).isEqualTo(before);
    return message;
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.sorted().toList();
    }
  }

  @Test
  void missingFile() throws IOException {
    assertThat(refuse(List.of(folder.resolve("nowhere.csv").toString())))
        .contains("nowhere.csv", "nothing there");
  }

  @Test
  void folderInsteadOfFile() throws IOException {
    assertThat(refuse(List.of(folder.toString()))).contains("a regular file");
  }

  @Test
  void noFileAtAll() throws IOException {
    assertThat(refuse(List.of())).contains("Missing required parameter: 'FILE'");
  }

  @Test
  void sameFileTwice() throws IOException {
    String file = Tables.text(folder, "t.csv", GOOD).toString();
    assertThat(refuse(List.of(file, file))).contains("it twice");
  }

  @Test
  void filesOfTwoSorts() throws IOException {
    String table = Tables.text(folder, "t.csv", GOOD).toString();
    String sequences = Tables.text(folder, "s.txt", "a x y\nb x y\n").toString();
    assertThat(refuse(List.of(table, sequences))).contains("unlike the files before it");
    String plain = Tables.text(folder, "p.csv", "user,item\nc,x\n").toString();
    assertThat(refuse(List.of(table, plain))).contains("p.csv", "the same columns");
  }

  @Test
  void badRowOfTheSecondFile() throws IOException {
    String one = Tables.text(folder, "1.csv", GOOD).toString();
    String two = Tables.text(folder, "2.csv", GOOD + "a,x,soon\n").toString();
    assertThat(refuse(List.of(one, two))).contains("2.csv, line 10:", "'soon'");
  }

  @Test
  void truncatedGzip() throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    Random random = new Random(1);
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write("user,item,time\n".getBytes(UTF_8));
      for (int i = 0; i < 50_000; i++) {
        String row = random.nextInt(1000) + "," + random.nextInt(1000) + "," + i + "\n";
        gzip.write(row.getBytes(UTF_8));
      }
    }
    byte[] bytes = packed.toByteArray();
    Path file = folder.resolve("t.csv.gz");
    for (int length : new int[] {bytes.length - 1, bytes.length / 2, 5}) {
      Files.write(file, Arrays.copyOf(bytes, length));
      assertThat(refuse(List.of(file.toString()))).contains("complete gzip data", "truncated");
    }
    bytes[bytes.length / 2] ^= 0x55;
    Files.write(file, bytes);
    assertThat(refuse(List.of(file.toString()))).contains("complete gzip data");
    Files.writeString(file, GOOD);
    assertThat(refuse(List.of(file.toString()))).contains("gzip data, as its name says");
  }

  @Test
  void corruptParquet() throws Exception {
    Path good =
        Tables.parquet(
            folder, "t.parquet", "SELECT i // 10 AS user, i % 7 AS item FROM range(5000) t(i)");
    byte[] bytes = Files.readAllBytes(good);
    Path file = folder.resolve("bad.parquet");
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
    assertThat(refuse(List.of(file.toString()))).contains("bad.parquet", "parquet");
    byte[] footer = bytes.clone();
    Arrays.fill(footer, bytes.length - 60, bytes.length - 8, (byte) 0xff);
    Files.write(file, footer);
    assertThat(refuse(List.of(file.toString()))).contains("bad.parquet", "parquet");
    byte[] pages = bytes.clone();
    Arrays.fill(pages, 4, 60, (byte) 0xff);
    Files.write(file, pages);
    assertThat(refuse(List.of(file.toString()))).contains("bad.parquet", "parquet");
  }

  @Test
  void badRowsOfParquet() throws Exception {
    String rows = "SELECT 1 AS user, 2 AS item, %s AS time FROM range(3) t(i)";
    Path nan =
        Tables.parquet(
            folder, "nan.parquet", rows.formatted("if(i = 2, 'nan'::DOUBLE, i::DOUBLE)"));
    assertThat(refuse(List.of(nan.toString()))).contains("nan.parquet, row 3", "a finite time");
    Path none = Tables.parquet(folder, "null.parquet", rows.formatted("nullif(i, 1)"));
    assertThat(refuse(List.of(none.toString()))).contains("null.parquet, row 2", "nothing");
    Path ids = Tables.parquet(folder, "ids.parquet", "SELECT 1.5::FLOAT AS user, [1] AS item");
    assertThat(refuse(List.of(ids.toString()))).contains("'user'", "FLOAT");
    Path empty = Tables.parquet(folder, "0.parquet", "SELECT 1 AS user, 2 AS item LIMIT 0");
    assertThat(refuse(List.of(empty.toString()))).contains("0.parquet", "expected rows");
  }

  @Test
  void textThatIsNotUtf8() throws IOException {
    Path table = folder.resolve("t.csv");
    Files.write(table, "user,item\na,x\na,\u00e9\n".getBytes(ISO_8859_1));
    assertThat(refuse(List.of(table.toString()))).contains("t.csv, line 3:", "UTF-8", "iconv");
    Path sequences = folder.resolve("s.txt");
    Files.write(sequences, "a x\nb \u00e9 y\n".getBytes(ISO_8859_1));
    assertThat(refuse(List.of(sequences.toString()))).contains("s.txt, line ", "UTF-8", "iconv");
  }

  @Test
  void itemNamesThatContradict() throws IOException {
    String table = Tables.text(folder, "t.csv", GOOD).toString();
    String names = Tables.text(folder, "n.csv", "item,name\nx,One\ny,Two\nx,Three\n").toString();
    assertThat(refuse(List.of(table, "--item-names", names)))
        .contains("n.csv", "one name an item", "'One' and 'Three'", "'x'");
    String none = Tables.text(folder, "m.csv", "item,colour\nx,red\n").toString();
    assertThat(refuse(List.of(table, "--item-names", none))).contains("m.csv", "'name'");
  }

  @Test
  void folderThatExists() throws IOException {
    String table = Tables.text(folder, "t.csv", GOOD).toString();
    Path existing = Files.createDirectory(folder.resolve("there"));
    assertThat(refuse(List.of(table, "--out", existing.toString())))
        .contains("there", "exists already");
    assertThat(refuse(List.of(table, "--out", table))).contains("exists already");
  }

  @Test
  void parentThatIsAFile() throws IOException {
    Path table = Tables.text(folder, "t.csv", GOOD);
    assertThat(refuse(List.of(table.toString(), "--out", table.resolve("out").toString())))
        .contains("a folder that can be written to");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void parentThatCannotBeWrittenTo() throws IOException {
    // Not a matter of permissions, which do not bind root: /proc takes no folders from anyone.
    String table = Tables.text(folder, "t.csv", GOOD).toString();
    assertThat(refuse(List.of(table, "--out", "/proc/mgnm-test")))
        .contains("a folder that can be written to", "/proc");
  }
}
