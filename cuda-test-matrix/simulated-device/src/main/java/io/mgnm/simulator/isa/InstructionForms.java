package io.mgnm.simulator.isa;

import io.mgnm.simulator.ptx.PtxException;
import io.mgnm.simulator.ptx.Statement;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which types and modifiers each instruction has: the table {@code instructions.txt}, which says
 * how it is written. The families decode what passes here.
 */
public final class InstructionForms {
  /**
   * A place for modifiers.
   *
   * @param optional whether it may be empty
   * @param hint whether the choice changes no result
   */
  private record Slot(List<List<String>> choices, boolean optional, boolean hint) {}

  /** One line of the table, for one opcode. */
  private record Line(List<Slot> slots, int least, int most, int capability) {}

  private static final Map<String, List<Line>> LINES = read();

  private InstructionForms() {}

  /**
   * Refuses a statement that no line of the table gives.
   *
   * @param target the module's: 75, 90 ...
   * @throws PtxException that names the first word which does not belong, and the line
   */
  static void check(Statement s, int target) {
    List<String> parts = s.parts();
    List<Line> lines = LINES.get(parts.getFirst());
    if (lines == null) {
      throw refused(s, "unknown instruction " + parts.getFirst());
    }
    Search search = new Search(parts);
    int operands = s.operands().size();
    Line nearest = null;
    for (Line line : lines) {
      if (search.matches(line, 0, 1)) {
        if (operands >= line.least && operands <= line.most && target >= line.capability) {
          return;
        }
        nearest = line;
      }
    }
    if (nearest == null) {
      throw refused(s, search.explanation());
    }
    if (operands < nearest.least || operands > nearest.most) {
      throw refused(
          s,
          "expected "
              + (nearest.least == nearest.most ? "" : nearest.least + " to ")
              + nearest.most
              + " operands");
    }
    throw refused(
        s,
        String.format(
            "needs compute capability %d.%d, and the module is for sm_%d",
            nearest.capability / 10, nearest.capability % 10, target));
  }

  /**
   * Every form there is, hints one at a time: {@code ld.ca.b32} and {@code ld.weak.b32}, but not
   * {@code ld.weak.ca.b32}.
   */
  public static Set<String> all() {
    Set<String> result = new LinkedHashSet<>();
    LINES.forEach(
        (opcode, lines) -> {
          for (Line line : lines) {
            expand(opcode, line, -1, null, result);
            for (int i = 0; i < line.slots.size(); i++) {
              if (line.slots.get(i).hint) {
                for (List<String> choice : line.slots.get(i).choices) {
                  expand(opcode, line, i, choice, result);
                }
              }
            }
          }
        });
    return result;
  }

  /** The products of a line's choices; of hints only the one at {@code varied} is chosen freely. */
  private static void expand(
      String opcode, Line line, int varied, List<String> hint, Collection<String> result) {
    List<String> forms = List.of(opcode);
    for (int i = 0; i < line.slots.size(); i++) {
      Slot slot = line.slots.get(i);
      List<List<String>> choices = new ArrayList<>();
      if (i == varied) {
        choices.add(hint);
      } else if (slot.optional) {
        choices.add(List.of());
      }
      if (i != varied && (!slot.hint || !slot.optional)) {
        // With another hint varied, one type is enough.
        boolean one = slot.hint || hint != null;
        choices.addAll(one ? List.of(slot.choices.getFirst()) : slot.choices);
      }
      List<String> longer = new ArrayList<>();
      for (String form : forms) {
        for (List<String> choice : choices) {
          longer.add(choice.isEmpty() ? form : form + "." + String.join(".", choice));
        }
      }
      forms = longer;
    }
    result.addAll(forms);
  }

  private static PtxException refused(Statement s, String why) {
    return new PtxException(s.line(), "not simulated: " + s.text() + " (" + why + ")");
  }

  /** How far the words of one statement follow the lines of its opcode. */
  private static final class Search {
    private final List<String> words;
    private final Set<String> expected = new TreeSet<>();
    private int furthest = 1;

    Search(List<String> words) {
      this.words = words;
    }

    boolean matches(Line line, int slotAt, int wordAt) {
      if (slotAt == line.slots.size()) {
        note(wordAt, wordAt == words.size() ? "" : "no more");
        return wordAt == words.size();
      }
      Slot slot = line.slots.get(slotAt);
      for (List<String> choice : slot.choices) {
        int k = 0;
        while (k < choice.size()
            && wordAt + k < words.size()
            && words.get(wordAt + k).equals(choice.get(k))) {
          k++;
        }
        if (k == choice.size()) {
          if (matches(line, slotAt + 1, wordAt + k)) {
            return true;
          }
        } else {
          note(wordAt + k, "." + choice.get(k));
        }
      }
      return slot.optional && matches(line, slotAt + 1, wordAt);
    }

    private void note(int at, String instead) {
      if (at > furthest) {
        expected.clear();
        furthest = at;
      }
      if (at == furthest && !instead.isEmpty()) {
        expected.add(instead);
      }
    }

    String explanation() {
      String start = String.join(".", words.subList(0, furthest));
      String here =
          furthest < words.size()
              ? "modifier ." + words.get(furthest) + " is not known here"
              : "a modifier is missing";
      return here + ": after " + start + " comes " + String.join(" ", expected);
    }
  }

  // Reading the table.

  private static Map<String, List<Line>> read() {
    Map<String, List<Line>> lines = new LinkedHashMap<>();
    Map<String, String> sets = new LinkedHashMap<>();
    try (InputStream in = InstructionForms.class.getResourceAsStream("instructions.txt");
        BufferedReader text =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String row = text.readLine(); row != null; row = text.readLine()) {
        String content = row.replaceAll("#.*", "").trim();
        if (content.startsWith("let ")) {
          String[] fields = content.split("\\s+", -1);
          sets.put(fields[1], fields[2]);
        } else if (!content.isEmpty()) {
          List<String> fields = new ArrayList<>(List.of(content.split("\\s+", -1)));
          String opcodes = fields.removeFirst();
          Line line = line(fields, sets);
          for (String opcode : opcodes.split("\\|", -1)) {
            lines.computeIfAbsent(opcode, key -> new ArrayList<>()).add(line);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return lines;
  }

  private static Line line(List<String> fields, Map<String, String> sets) {
    List<Slot> slots = new ArrayList<>();
    int least = -1;
    int most = -1;
    int capability = 0;
    for (String field : fields) {
      char first = field.charAt(0);
      if (first == '/') {
        String[] range = field.substring(1).split("-", -1);
        least = Integer.parseInt(range[0]);
        most = Integer.parseInt(range[range.length - 1]);
      } else if (first == '@') {
        capability = Integer.parseInt(field.substring(1));
      } else {
        boolean bracket = first == '[' || first == '(' || first == '<';
        String inner = bracket ? field.substring(1, field.length() - 1) : field;
        slots.add(
            new Slot(
                choices(inner, sets), first == '[' || first == '(', first == '(' || first == '<'));
      }
    }
    if (least < 0) {
      throw new IllegalStateException("instructions.txt lacks the operands of " + fields);
    }
    return new Line(slots, least, most, capability);
  }

  private static List<List<String>> choices(String text, Map<String, String> sets) {
    List<List<String>> result = new ArrayList<>();
    for (String choice : text.split("\\|", -1)) {
      List<List<String>> sequences = List.of(List.of());
      for (String word : choice.split("\\.", -1)) {
        List<List<String>> next =
            sets.containsKey(word) ? choices(sets.get(word), sets) : List.of(List.of(word));
        List<List<String>> longer = new ArrayList<>();
        for (List<String> start : sequences) {
          for (List<String> end : next) {
            List<String> joined = new ArrayList<>(start);
            joined.addAll(end);
            longer.add(joined);
          }
        }
        sequences = longer;
      }
      result.addAll(sequences);
    }
    return result;
  }
}
