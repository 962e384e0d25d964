package io.mgnm.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DatasetPreparationTest {
  private static final PrepareOptions DEFAULTS = PrepareOptions.defaults();

  /** Rows out of order, a tie at time 2, a repeated event, ids that sort otherwise. */
  private static final String ROWS =
      """
      b,x10,4
      a,x9,2
      a,x10,2
      a,x9,1
      b,x1,1
      a,x1,5
      b,x9,3
      a,x1,5
      b,x10,9
      """;

  private static final List<String> SEQUENCES = List.of("b:x1,x9,x10,x10", "a:x9,x9,x10,x1,x1");

  @TempDir Path folder;

  static Stream<String> tables() {
    return Stream.of(
        "t.csv",
        "t.csv.gz",
        "t.tsv",
        "t.tsv.gz",
        "t.inter",
        "t.jsonl",
        "t.jsonl.gz",
        "t.parquet",
        "t.txt",
        "crlf.csv",
        "bom.csv",
        "quoted.csv",
        "semicolon.csv",
        "dates.csv",
        "timestamps.parquet",
        "floats.tsv",
        "glob[1]*?.csv",
        "it's.tsv",
        "t");
  }

  private Path table(String name) throws IOException, SQLException {
    String tabs = "user\titem\ttime\n" + ROWS.replace(',', '\t');
    return switch (name) {
      case "t.parquet" ->
          Tables.parquet(folder, name, "SELECT * FROM read_csv('" + table("t.csv") + "')");
      case "timestamps.parquet" ->
          Tables.parquet(
              folder,
              name,
              "SELECT user, item, TIMESTAMP '1999-01-01 00:00:00' + to_days(CAST(time AS INTEGER))"
                  + " AS t_stamp FROM read_csv('"
                  + table("t.csv")
                  + "')");
      case "t.jsonl", "t.jsonl.gz" ->
          Tables.text(
              folder,
              name,
              ROWS.replaceAll(
                  "(?m)^(.*),(.*),(.*)$",
                  "{\"user\": \"$1\", \"extra\": [1, {}], \"item\": \"$2\", \"time\": $3}\n"));
      case "t.inter" ->
          Tables.text(
              folder,
              name,
              "user_id:token\titem_id:token\ttimestamp:float\n" + ROWS.replace(',', '\t'));
      case "t.tsv", "t.tsv.gz", "t.txt", "it's.tsv", "t" -> Tables.text(folder, name, tabs);
      case "floats.tsv" -> Tables.text(folder, name, tabs.replaceAll("(?m)1$", "1e0"));
      case "crlf.csv" ->
          Tables.text(folder, name, ("user,item,time\n" + ROWS).replace("\n", "\r\n"));
      case "bom.csv" -> Tables.text(folder, name, "\uFEFFuser,item,time\n" + ROWS);
      case "quoted.csv" ->
          Tables.text(
              folder,
              name,
              "\"other, thing\",\"user\",item,time\n"
                  + ROWS.replaceAll("(?m)^(.*),(.*),", "\"two\nlines, \"\"and\"\"\",$1,\"$2\","));
      case "semicolon.csv" ->
          Tables.text(folder, name, ("USER_ID;Item Id;time\n" + ROWS).replace(',', ';'));
      case "dates.csv" ->
          Tables.text(
              folder, name, "user,item,date\n" + ROWS.replaceAll("(?m)([0-9])$", "2001-02-0$1"));
      default -> Tables.text(folder, name, "user,item,time\n" + ROWS);
    };
  }

  @ParameterizedTest
  @MethodSource("tables")
  void everyFormatGivesTheSameSequences(String name) throws Exception {
    PrepareOptions options =
        name.equals("timestamps.parquet")
            ? DEFAULTS.withColumns(new PrepareOptions.Columns(null, null, "t_stamp", null))
            : DEFAULTS;
    try (Dataset data = Tables.prepare(options, folder.resolve("out"), table(name))) {
      assertThat(Tables.sequences(data)).isEqualTo(SEQUENCES);
      assertThat(data.hasTimes()).isTrue();
      assertThat(Tables.samples(data, Part.TRAIN)).containsExactly("a>x9", "a>x10", "b>x9");
      assertThat(Tables.samples(data, Part.VALIDATION)).containsExactly("b>x10", "a>x1");
      assertThat(Tables.samples(data, Part.TEST)).containsExactly("a>x1", "b>x10");
    }
  }

  @Test
  void timesKeepTheirKindAndUnit() throws Exception {
    for (String[] expected :
        new String[][] {
          {"t.csv", "INTEGER", "1", "9", "1.0"},
          {"floats.tsv", "FLOAT", "1.0", "9.0", "1.0"},
          {"dates.csv", "TIMESTAMP", "2001-02-01T00:00:00Z", "2001-02-09T00:00:00Z", "9.809856E14"}
        }) {
      Path out = folder.resolve("out-" + expected[0]);
      try (Dataset data = Tables.prepare(DEFAULTS, out, table(expected[0]))) {
        Manifest.Times times = data.manifest().times();
        assertThat(times.kind()).isEqualTo(TimeKind.valueOf(expected[1]));
        assertThat(times.first()).isEqualTo(expected[2]);
        assertThat(times.last()).isEqualTo(expected[3]);
        assertThat(data.time(0)).isEqualTo(Double.parseDouble(expected[4]));
      }
    }
  }

  @Test
  void timestampsWithZonesAreOrderedAsInstants() throws Exception {
    Path file =
        Tables.text(
            folder,
            "z.csv",
            """
            user,item,time
            a,late,2020-01-01T10:00:00-05:00
            a,early,2020-01-01T11:00:00+02:00
            a,middle,2020-01-01 12:00:00
            a,last,2020-01-02
            b,late,2020-01-01
            b,early,2020-01-02
            """);
    try (Dataset data = Tables.prepare(DEFAULTS, folder.resolve("out"), file)) {
      assertThat(Tables.sequences(data))
          .containsExactly("a:early,middle,late,last", "b:late,early");
    }
  }

  @Test
  void sequencesAreReadInTheirOrder() throws Exception {
    Path file = Tables.text(folder, "s.txt", "u2 9 8\t7 6\n\n  u1  8 8 9 \r\nu3 1 2");
    PrepareOptions options = DEFAULTS.withFormat(PrepareOptions.Format.SEQUENCES);
    try (Dataset data = Tables.prepare(options, folder.resolve("out"), file)) {
      assertThat(Tables.sequences(data)).containsExactly("u2:9,8,7,6", "u1:8,8,9", "u3:1,2");
      assertThat(data.hasTimes()).isFalse();
      // By (position, row): second items first.
      assertThat(Tables.samples(data, Part.TEST)).containsExactly("u3>2", "u1>9", "u2>6");
      assertThat(data.manifest().times().kind()).isEqualTo(TimeKind.NONE);
    }
  }

  @Test
  void sequencesAreRecognised() throws Exception {
    Path file = Tables.text(folder, "s.txt.gz", "1 1 2 3 4\n2 4 3\n");
    try (Dataset data = Tables.prepare(DEFAULTS, folder.resolve("out"), file)) {
      assertThat(Tables.sequences(data)).containsExactly("1:1,2,3,4", "2:4,3");
      assertThat(data.manifest().sources().get(0).kind()).isEqualTo("sequences");
    }
  }

  @Test
  void filesAreReadOneAfterTheOther() throws Exception {
    Path one = Tables.text(folder, "1.csv", "user,item,time\na,x,1\na,y,1\nb,x,1\n");
    Path two = Tables.text(folder, "2.tsv", "time\titem\tuser\n1\tz\ta\n0\tw\ta\n1\tz\tb\n");
    try (Dataset data = Tables.prepare(DEFAULTS, folder.resolve("out"), one, two)) {
      assertThat(Tables.sequences(data)).containsExactly("a:w,x,y,z", "b:x,z");
      assertThat(data.manifest().sources())
          .extracting(Manifest.SourceReport::name, Manifest.SourceReport::rows)
          .containsExactly(
              org.assertj.core.groups.Tuple.tuple("1.csv", 3L),
              org.assertj.core.groups.Tuple.tuple("2.tsv", 3L));
    }
  }

  @Test
  void rowOrderDecidesTiesInLargeFiles() throws Exception {
    // Enough rows that the database reads with several threads.
    StringBuilder rows = new StringBuilder("user,item,time\n");
    Random random = new Random(5);
    int[] next = new int[50];
    for (int row = 0; row < 400_000; row++) {
      int user = random.nextInt(50);
      rows.append(user).append(',').append(next[user]++ % 1000).append(",7\n");
    }
    Path file = Tables.text(folder, "ties.csv", rows.toString());
    try (Dataset data = Tables.prepare(DEFAULTS, folder.resolve("out"), file)) {
      for (int u = 0; u < data.users(); u++) {
        for (int e = data.userBegin(u); e < data.userEnd(u); e++) {
          String expected = Integer.toString((e - data.userBegin(u)) % 1000);
          assertThat(data.itemId(data.item(e))).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void ratingsAreFilteredBeforeTheCore() throws Exception {
    String rows =
        """
        user,item,rating,time
        a,x,5,1
        a,y,2,2
        a,z,2.5,3
        a,w,4,4
        b,x,3,1
        b,w,3,2
        c,y,5,1
        c,x,1,2
        a,x,4,9
        a,w,3,10
        """;
    Path file = Tables.text(folder, "r.csv", rows);
    try (Dataset data = Tables.prepare(DEFAULTS, folder.resolve("above2"), file)) {
      assertThat(Tables.sequences(data)).containsExactly("a:x,z,w,x,w", "b:x,w");
      assertThat(data.findUser("c")).isEmpty();
      assertThat(data.findItem("y")).isEmpty();
      assertThat(data.manifest().filters()).isEqualTo(new Manifest.Filters(10, 8, 8, 7));
    }
    PrepareOptions least = DEFAULTS.withRatings(PrepareOptions.Ratings.atLeast(2));
    try (Dataset data = Tables.prepare(least, folder.resolve("from2"), file)) {
      assertThat(Tables.sequences(data)).containsExactly("a:x,y,z,w,x,w", "b:x,w");
    }
    PrepareOptions all = DEFAULTS.withRatings(PrepareOptions.Ratings.ALL);
    try (Dataset data = Tables.prepare(all, folder.resolve("all"), file)) {
      assertThat(Tables.sequences(data)).containsExactly("a:x,y,z,w,x,w", "b:x,w", "c:y,x");
    }
    PrepareOptions core = DEFAULTS.withLimits(2, 2);
    try (Dataset data = Tables.prepare(core, folder.resolve("core"), file)) {
      assertThat(Tables.sequences(data)).containsExactly("a:x,w,x,w", "b:x,w");
      assertThat(data.manifest().filters()).isEqualTo(new Manifest.Filters(10, 8, 6, 6));
    }
  }

  @Test
  void timeSplitCutsBeforeTheGivenTimes() throws Exception {
    PrepareOptions options = DEFAULTS.withSplit(new Split.Time("2001-02-03", "2001-02-05"));
    try (Dataset data = Tables.prepare(options, folder.resolve("out"), table("dates.csv"))) {
      assertThat(Tables.samples(data, Part.TRAIN)).containsExactly("a>x9", "a>x10");
      assertThat(Tables.samples(data, Part.VALIDATION)).containsExactly("b>x9", "b>x10");
      assertThat(Tables.samples(data, Part.TEST)).containsExactly("a>x1", "a>x1", "b>x10");
      assertThat(data.manifest().split().cuts())
          .containsExactly("2001-02-03T00:00:00Z", "2001-02-05T00:00:00Z");
      assertThat(data.trainingEnds()).containsExactly(1, 7);
      assertThat(data.trainingCounts()).hasSize(3);
      assertThat(data.trainingCounts()[data.findItem("x9").getAsInt()]).isEqualTo(2);
      assertThat(data.trainingCounts()[data.findItem("x10").getAsInt()]).isEqualTo(1);
      assertThat(data.trainingCounts()[data.findItem("x1").getAsInt()]).isEqualTo(1);
    }
  }

  @Test
  void coldSharesAreCounted() throws Exception {
    Path file =
        Tables.text(
            folder,
            "c.csv",
            """
            user,item,time
            a,x,1
            a,y,2
            a,x,3
            c,y,4
            c,x,5
            a,z,6
            b,x,7
            b,w,8
            """);
    PrepareOptions options = DEFAULTS.withSplit(new Split.Time("5", "6"));
    try (Dataset data = Tables.prepare(options, folder.resolve("out"), file)) {
      assertThat(data.manifest().split().parts())
          .containsExactly(
              new Manifest.PartReport(Part.TRAIN, 2, 1, 0, 0, 2, 0, 0),
              new Manifest.PartReport(Part.VALIDATION, 1, 1, 1, 1, 1, 0, 0),
              new Manifest.PartReport(Part.TEST, 2, 2, 1, 1, 2, 2, 2));
    }
  }

  @Test
  void itemNamesAreKeptWhereThereAreSome() throws Exception {
    Path names = Tables.text(folder, "n.csv", "title,item\n\"Ten, the\",x10\nNine,x9\n?,gone\n");
    PrepareOptions options = DEFAULTS.withItemNames(names);
    try (Dataset data = Tables.prepare(options, folder.resolve("out"), table("t.csv"))) {
      assertThat(data.hasItemNames()).isTrue();
      assertThat(data.itemName(data.findItem("x10").getAsInt())).isEqualTo("Ten, the");
      assertThat(data.itemName(data.findItem("x9").getAsInt())).isEqualTo("Nine");
      assertThat(data.itemName(data.findItem("x1").getAsInt())).isEqualTo("x1");
    }
  }

  @Test
  void sameInputGivesTheSameBytes() throws Exception {
    Path file = table("t.csv");
    Tables.prepare(DEFAULTS, folder.resolve("one"), file).close();
    Tables.prepare(DEFAULTS.withResources(1, 256), folder.resolve("two"), file).close();
    try (Stream<Path> files = Files.list(folder.resolve("one"))) {
      for (Path one : files.toList()) {
        assertThat(folder.resolve("two").resolve(one.getFileName())).hasSameBinaryContentAs(one);
      }
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder("one", "two", "t.csv");
    }
  }
}
