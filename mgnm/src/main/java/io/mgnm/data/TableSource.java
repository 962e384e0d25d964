package io.mgnm.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.mgnm.data.ColumnNames.Role;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A table in a file, read into the database as text, column by meaning. */
final class TableSource {
  private static final Pattern CSV_LINE = Pattern.compile("CSV Error on Line: (\\d+)");
  private static final Pattern CSV_COLUMNS =
      Pattern.compile("Expected Number of Columns: (\\d+) Found: (\\d+)");

  /** Types that make an id; a floating-point id is a mistake of whoever wrote the file. */
  private static final Pattern ID_TYPE =
      Pattern.compile("VARCHAR|JSON|UUID|ENUM.*|BOOLEAN|DECIMAL\\(\\d+,0\\)|[A-Z]*INT(EGER)?");

  private final SourceFile source;
  private final String relation;
  private final List<String> names = new ArrayList<>();

  /** How each column is written in SQL. */
  private final List<String> expressions = new ArrayList<>();

  private final List<String> types = new ArrayList<>();

  /**
   * Reads the table's columns.
   *
   * @param links a folder for a link to the file where its name would be taken for a pattern
   */
  TableSource(SourceFile source, InteractionDatabase database, Path links) throws IOException {
    this.source = source;
    String path = literal(plainName(source.path(), links));
    String compression =
        source.gzip() ? ", compression = 'gzip'" : ", compression = 'uncompressed'";
    switch (source.kind()) {
      case DELIMITED -> {
        DelimitedHeader header = DelimitedHeader.parse(source.firstLine());
        for (String name : header.names()) {
          types.add("VARCHAR");
          expressions.add("c" + names.size());
          names.add(name);
        }
        String quote = header.quoted() ? "'\"'" : "''";
        relation =
            "read_csv("
                + path
                + ", auto_detect = false, header = true, hive_partitioning = false, delim = '"
                + header.delimiter()
                + "', quote = "
                + quote
                + ", escape = "
                + quote
                + ", columns = {"
                + expressions.stream()
                    .map(c -> "'" + c + "': 'VARCHAR'")
                    .collect(Collectors.joining(", "))
                + "}"
                + compression
                + ")";
      }
      case JSON_LINES -> {
        String json =
            "read_json("
                + path
                + ", format = 'newline_delimited', hive_partitioning = false"
                + compression;
        describe(database, json + ")");
        relation =
            json
                + ", columns = {"
                + names.stream()
                    .map(n -> "'" + n.replace("'", "''") + "': 'VARCHAR'")
                    .collect(Collectors.joining(", "))
                + "})";
      }
      case PARQUET -> {
        relation = "read_parquet(" + path + ", hive_partitioning = false, binary_as_string = true)";
        describe(database, relation);
      }
      case SEQUENCES -> throw new IllegalArgumentException("sequences are no table");
      default -> throw new IllegalArgumentException(source.kind().toString());
    }
  }

  /** A path as a SQL literal. */
  static String literal(Path path) {
    return "'" + path.toString().replace("'", "''") + "'";
  }

  /**
   * The database takes stars, question marks and brackets in a path for a pattern of many files.
   */
  private static Path plainName(Path path, Path links) throws IOException {
    Path absolute = path.toAbsolutePath();
    if (absolute.toString().chars().noneMatch(c -> "*?[]{}".indexOf(c) >= 0)) {
      return absolute;
    }
    Path link = Files.createTempDirectory(links, "link").resolve("source");
    return Files.createSymbolicLink(link, absolute);
  }

  private void describe(InteractionDatabase database, String described) throws IOException {
    try {
      database.query(
          "DESCRIBE SELECT * FROM " + described,
          row -> {
            names.add(row.getString(1));
            types.add(row.getString(2));
            expressions.add('"' + row.getString(1).replace("\"", "\"\"") + '"');
          });
    } catch (SQLException e) {
      throw explain(e);
    }
  }

  /** Which of the optional columns a table has. */
  record Found(boolean timed, boolean rated) {}

  /** Appends the interactions to {@code raw}. */
  Found loadInteractions(InteractionDatabase database, ColumnNames columns, boolean readRatings)
      throws IOException {
    int user = columns.require(Role.USER, names, source.path());
    int item = columns.require(Role.ITEM, names, source.path());
    OptionalInt time = columns.find(Role.TIME, names, source.path());
    OptionalInt rating =
        readRatings ? columns.find(Role.RATING, names, source.path()) : OptionalInt.empty();
    requireDifferent(user, item, time, rating);
    requireIdType(user);
    requireIdType(item);
    load(database, "raw", List.of(text(user), text(item), text(time), text(rating)));
    return new Found(time.isPresent(), rating.isPresent());
  }

  /** Appends items and their names to {@code names}. */
  void loadNames(InteractionDatabase database, ColumnNames columns) throws IOException {
    int item = columns.require(Role.ITEM, names, source.path());
    int name = columns.require(Role.NAME, names, source.path());
    requireIdType(item);
    load(database, "names", List.of(text(item), text(name)));
  }

  private void load(InteractionDatabase database, String table, List<String> columns)
      throws IOException {
    try {
      database.execute(
          "INSERT INTO " + table + " SELECT " + String.join(", ", columns) + " FROM " + relation);
    } catch (SQLException e) {
      throw explain(e);
    }
  }

  private String text(int column) {
    return "CAST(" + expressions.get(column) + " AS VARCHAR)";
  }

  private String text(OptionalInt column) {
    return column.isPresent() ? text(column.getAsInt()) : "CAST(NULL AS VARCHAR)";
  }

  private void requireDifferent(int user, int item, OptionalInt time, OptionalInt rating) {
    List<Integer> used = new ArrayList<>(List.of(user, item));
    time.ifPresent(used::add);
    rating.ifPresent(used::add);
    if (used.stream().distinct().count() < used.size()) {
      throw BadInputException.inFile(
          source.path(),
          "a column of its own for user, item, time and rating",
          "one column named for two of them",
          "correct --user, --item, --time or --rating");
    }
  }

  private void requireIdType(int column) {
    String type = types.get(column);
    if (!ID_TYPE.matcher(type).matches()) {
      throw BadInputException.inFile(
          source.path(),
          "ids as text or whole numbers in column " + BadInputException.quote(names.get(column)),
          "type " + type,
          "convert the column, for example to text");
    }
  }

  /** Turns what the database says about a file into what its owner can act on. */
  private BadInputException asInputError(SQLException e) throws IOException {
    String message = String.valueOf(e.getMessage());
    if (source.kind() == SourceFile.Kind.JSON_LINES) {
      requireJsonLines();
    }
    Matcher line = CSV_LINE.matcher(message);
    if (line.find()) {
      long number = Long.parseLong(line.group(1));
      Matcher columns = CSV_COLUMNS.matcher(message);
      if (columns.find()) {
        return BadInputException.atLine(
            source.path(),
            number,
            columns.group(1) + " columns, as in the header",
            columns.group(2),
            "correct the line; a value with the delimiter in it needs quotes");
      } else if (message.contains("Maximum line size")) {
        return BadInputException.atLine(
            source.path(),
            number,
            "lines below 2,000,000 bytes and ids of at most " + RowFaults.LONGEST_ID + " bytes",
            "a longer line",
            "shorten the ids, or look for a missing line end or quote");
      } else if (message.contains("unterminated quote")) {
        return BadInputException.atLine(
            source.path(), number, "a closing quote", "none", "close the quote, or double it");
      } else if (message.contains("unicode")) {
        return BadInputException.atLine(
            source.path(),
            number,
            "UTF-8 text",
            "other bytes",
            "convert it, for example with iconv -t UTF-8");
      }
      return BadInputException.atLine(
          source.path(),
          number,
          "a row of the table",
          BadInputException.quote(message.lines().skip(1).findFirst().orElse(message)),
          "correct the line");
    }
    return BadInputException.inFile(
        source.path(),
        "a readable " + source.kind().label() + " file",
        BadInputException.quote(firstMeaningfulLine(message)),
        "check the file, or fetch it again");
  }

  private BadInputException explain(SQLException e) throws IOException {
    String message = String.valueOf(e.getMessage());
    if (message.contains("Out of Memory Error") || message.contains("No space left")) {
      throw InteractionDatabase.failure(e);
    }
    BadInputException explained = asInputError(e);
    explained.addSuppressed(e);
    return explained;
  }

  private static String firstMeaningfulLine(String message) {
    return message
        .lines()
        .filter(l -> !l.isBlank() && !l.contains("unsuccessful or closed pending query"))
        .findFirst()
        .orElse(message);
  }

  /** Finds the line that is no JSON object; the database is off by one at some of them. */
  private void requireJsonLines() throws IOException {
    ObjectMapper mapper = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(source.open(), StandardCharsets.UTF_8))) {
      long number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        if (!line.isBlank()) {
          requireObject(mapper, line, number);
        }
      }
    }
  }

  private void requireObject(ObjectMapper mapper, String line, long number) {
    String problem = null;
    try {
      JsonNode node = mapper.readTree(line);
      if (!node.isObject()) {
        problem = node.getNodeType().toString().toLowerCase(Locale.ROOT);
      }
    } catch (JsonProcessingException e) {
      problem = e.getOriginalMessage().lines().findFirst().orElse("malformed JSON");
    }
    if (problem != null) {
      throw BadInputException.atLine(
          source.path(),
          number,
          "a JSON object on the line",
          BadInputException.quote(problem),
          "correct the line; JSON Lines has one whole object a line");
    }
  }
}
