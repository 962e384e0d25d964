package io.mgnm.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/** Finds the columns of a table that mean user, item, time, rating or an item's name. */
record ColumnNames(PrepareOptions.Columns given) {

  /** What a column means, and the names it is known by: lower case, letters and digits only. */
  enum Role {
    USER,
    ITEM,
    TIME,
    RATING,
    NAME;

    private Set<String> names() {
      return switch (this) {
        case USER ->
            Set.of(
                "user",
                "userid",
                "uid",
                "reviewerid",
                "customerid",
                "visitorid",
                "sequence",
                "sequenceid",
                "session",
                "sessionid");
        case ITEM ->
            Set.of(
                "item",
                "itemid",
                "iid",
                "asin",
                "parentasin",
                "movieid",
                "productid",
                "businessid",
                "videoid",
                "trackid");
        case TIME ->
            Set.of(
                "time",
                "timestamp",
                "date",
                "datetime",
                "unixtime",
                "unixreviewtime",
                "eventtime",
                "ts");
        case RATING -> Set.of("rating", "ratings", "overall", "stars");
        case NAME -> Set.of("name", "title", "path", "itemname", "itemtitle");
      };
    }

    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private String given(Role role) {
    return switch (role) {
      case USER -> given.user();
      case ITEM -> given.item();
      case TIME -> given.time();
      case RATING -> given.rating();
      case NAME -> null;
    };
  }

  /** True where a first line is a header rather than the first sequence. */
  boolean recognisesAny(List<String> names) {
    return IntStream.range(0, names.size())
        .anyMatch(c -> matches(Role.USER, names.get(c)) || matches(Role.ITEM, names.get(c)));
  }

  private boolean matches(Role role, String column) {
    String wanted = given(role);
    return wanted == null
        ? role.names().contains(normalised(column))
        : wanted.equals(column) || wanted.equals(withoutType(column));
  }

  /**
   * The index of the column with this meaning.
   *
   * @return empty where there is none and none was asked for by name
   * @throws BadInputException where several fit, or the named one is missing
   */
  OptionalInt find(Role role, List<String> names, Path file) {
    int[] fitting =
        IntStream.range(0, names.size()).filter(c -> matches(role, names.get(c))).toArray();
    if (fitting.length > 1) {
      List<String> found = IntStream.of(fitting).mapToObj(names::get).toList();
      throw BadInputException.atLine(
          file,
          1,
          "one " + role.label() + " column",
          "several that could be it: " + String.join(", ", found),
          role == Role.NAME || found.stream().distinct().count() < found.size()
              ? "rename or remove all but one"
              : "name one, for example --" + role.label() + " " + withoutType(found.get(0)));
    }
    if (fitting.length == 0 && given(role) != null) {
      throw missing(role, given(role), names, file);
    }
    return fitting.length == 0 ? OptionalInt.empty() : OptionalInt.of(fitting[0]);
  }

  /** Like {@link #find}, for a column that must be there. */
  int require(Role role, List<String> names, Path file) {
    return find(role, names, file).orElseThrow(() -> missing(role, role.label(), names, file));
  }

  private static BadInputException missing(
      Role role, String wanted, List<String> names, Path file) {
    return BadInputException.atLine(
        file,
        1,
        "a column " + BadInputException.quote(wanted),
        "the columns " + BadInputException.quote(String.join(", ", names)),
        role == Role.NAME
            ? "call one column name or title, in a header line"
            : "add a header line, or name the column: --" + role.label() + " NAME");
  }

  /** {@code user_id:token} is {@code user_id}: RecBole writes types into names. */
  private static String withoutType(String column) {
    int colon = column.indexOf(':');
    return colon < 0 ? column : column.substring(0, colon);
  }

  private static String normalised(String column) {
    return withoutType(column).toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
  }
}
