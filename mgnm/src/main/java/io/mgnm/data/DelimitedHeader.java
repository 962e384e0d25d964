package io.mgnm.data;

import java.util.ArrayList;
import java.util.List;

/**
 * The header line of a delimited table: which of tab, comma, semicolon, bar and blank separates it,
 * and the names. Tab-separated values are taken as they stand, as RecBole writes them; the others
 * may be quoted with {@code "}.
 */
record DelimitedHeader(char delimiter, List<String> names) {
  private static final char[] DELIMITERS = {'\t', ',', ';', '|', ' '};

  static DelimitedHeader parse(String line) {
    String text = line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
    for (char delimiter : DELIMITERS) {
      List<String> names = split(text, delimiter);
      if (names.size() > 1) {
        return new DelimitedHeader(delimiter, names);
      }
    }
    return new DelimitedHeader(',', split(text, ','));
  }

  boolean quoted() {
    return delimiter != '\t';
  }

  private static List<String> split(String text, char delimiter) {
    List<String> names = new ArrayList<>();
    StringBuilder name = new StringBuilder();
    boolean inQuotes = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' && delimiter != '\t') {
        inQuotes = !inQuotes;
      } else if (c == delimiter && !inQuotes) {
        names.add(name.toString().strip());
        name.setLength(0);
      } else {
        name.append(c);
      }
    }
    names.add(name.toString().strip());
    return names;
  }
}
