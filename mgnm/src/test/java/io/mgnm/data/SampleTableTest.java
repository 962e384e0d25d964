package io.mgnm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The table against the protocol written out with lists and sorting. */
class SampleTableTest {
  private record Event(int user, int item, long time, int row) {}

  private record Sample(Part part, int user, List<Integer> history, int target) {}

  /** Random events in global order, every user with at least two. */
  private static List<Event> randomEvents(Random random, boolean timed) {
    int users = 2 + random.nextInt(8);
    List<Event> events = new ArrayList<>();
    for (int row = 0; row < users * (4 + random.nextInt(6)); row++) {
      int user = row < 4 * users ? row % users : random.nextInt(users);
      events.add(new Event(user, random.nextInt(7), timed ? random.nextInt(12) : 0, row));
    }
    events.sort(Comparator.comparingLong(Event::time).thenComparingInt(Event::row));
    return events;
  }

  private static EventLog log(List<Event> events, boolean timed) {
    int users = 1 + events.stream().mapToInt(Event::user).max().orElseThrow();
    EventLog log = new EventLog(events.size(), users, 7, timed);
    events.forEach(e -> log.add(e.user(), e.item(), e.time()));
    return log;
  }

  /** The protocol, naively: every sample with its place in the order, then parted. */
  private static List<Sample> protocol(
      List<Event> events, Split split, boolean timed, long[] cuts) {
    TreeMap<Integer, List<Event>> sequences = new TreeMap<>();
    record Placed(Event target, int position, List<Integer> history) {}
    List<Placed> placed = new ArrayList<>();
    for (Event e : events) {
      List<Event> sequence = sequences.computeIfAbsent(e.user(), u -> new ArrayList<>());
      if (!sequence.isEmpty()) {
        placed.add(new Placed(e, sequence.size(), sequence.stream().map(Event::item).toList()));
      }
      sequence.add(e);
    }
    if (!timed) {
      placed.sort(
          Comparator.comparingInt(Placed::position).thenComparingInt(p -> p.target().row()));
    }
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < placed.size(); i++) {
      Placed p = placed.get(i);
      int length = sequences.get(p.target().user()).size();
      Part part =
          switch (split) {
            case Split.Ratio r -> {
              int train = (int) Math.floor(Math.round(placed.size() * 700.0) / 1000.0);
              int test = (int) Math.floor(Math.round(placed.size() * 200.0) / 1000.0);
              yield i < train ? Part.TRAIN : i < placed.size() - test ? Part.VALIDATION : Part.TEST;
            }
            case Split.Time t ->
                p.target().time() < cuts[0]
                    ? Part.TRAIN
                    : p.target().time() < cuts[1] ? Part.VALIDATION : Part.TEST;
            case Split.LeaveOneOut l ->
                p.position() == length - 1
                    ? Part.TEST
                    : p.position() == length - 2 ? Part.VALIDATION : Part.TRAIN;
          };
      samples.add(new Sample(part, p.target().user(), p.history(), p.target().item()));
    }
    samples.sort(Comparator.comparing(Sample::part)); // Stable: order within a part stays.
    return samples;
  }

  private static List<Sample> samplesOf(SampleTable table) {
    List<Sample> samples = new ArrayList<>();
    for (Part part : Part.values()) {
      for (int s = table.partOffsets[part.index()]; s < table.partOffsets[part.index() + 1]; s++) {
        int user = table.sampleUsers[s];
        List<Integer> history = new ArrayList<>();
        for (int e = table.userOffsets[user]; e < table.sampleEvents[s]; e++) {
          history.add(table.eventItems[e]);
        }
        samples.add(new Sample(part, user, history, table.eventItems[table.sampleEvents[s]]));
      }
    }
    return samples;
  }

  @ParameterizedTest
  @ValueSource(strings = {"ratio", "time", "leave-one-out", "leave-one-out without times"})
  void samplesFollowTheProtocol(String name) {
    boolean timed = !name.endsWith("without times");
    for (int seed = 0; seed < 200; seed++) {
      List<Event> events = randomEvents(new Random(seed), timed);
      Split split = Split.parse(name.split(" ", 2)[0], name.equals("time") ? "5,8" : null);
      long[] cuts = {5, 8};
      List<Sample> expected = protocol(events, split, timed, cuts);
      if (expected.stream().map(Sample::part).distinct().count() < Part.values().length) {
        assertThatThrownBy(() -> table(events, split, timed, cuts))
            .as("seed %s", seed)
            .isInstanceOf(BadInputException.class)
            .hasMessageContaining("samples in every part");
      } else {
        assertThat(samplesOf(table(events, split, timed, cuts)))
            .as("seed %s", seed)
            .isEqualTo(expected);
      }
    }
  }

  private static SampleTable table(List<Event> events, Split split, boolean timed, long[] cuts) {
    TimeKind kind = timed ? TimeKind.INTEGER : TimeKind.NONE;
    return new SampleTable(log(events, timed), split, kind, cuts);
  }

  @Test
  void leaveOneOutOfTwoItemsIsTestOnly() {
    EventLog log = new EventLog(6, 2, 3, false);
    log.add(0, 0, 0);
    log.add(0, 1, 0);
    for (int item : new int[] {2, 1, 0, 2}) {
      log.add(1, item, 0);
    }
    SampleTable table = new SampleTable(log, new Split.LeaveOneOut(), TimeKind.NONE, new long[0]);
    assertThat(samplesOf(table))
        .containsExactly(
            new Sample(Part.TRAIN, 1, List.of(2), 1),
            new Sample(Part.VALIDATION, 1, List.of(2, 1), 0),
            new Sample(Part.TEST, 0, List.of(0), 1),
            new Sample(Part.TEST, 1, List.of(2, 1, 0), 2));
    assertThat(table.trainingEnds).containsExactly(1, 4);
  }

  /** No event of the training period is at or after the first target of another part. */
  @ParameterizedTest
  @ValueSource(strings = {"ratio", "time"})
  void trainingPeriodEndsBeforeValidation(String name) {
    int tried = 0;
    for (int seed = 0; seed < 100; seed++) {
      List<Event> events = randomEvents(new Random(seed), true);
      Split split = Split.parse(name, name.equals("time") ? "5,8" : null);
      long[] cuts = {5, 8};
      SampleTable table;
      try {
        table = table(events, split, true, cuts);
      } catch (BadInputException e) {
        continue; // A part is empty; samplesFollowTheProtocol covers that.
      }
      tried++;
      int[] seen = new int[table.trainingEnds.length];
      int[] expected = null;
      for (Event e : events) {
        int event = table.userOffsets[e.user()] + seen[e.user()];
        boolean validation = table.sampleEvents[table.partOffsets[1]] == event;
        if (expected == null && (name.equals("time") ? e.time() >= 5 : validation)) {
          expected = seen.clone();
        }
        seen[e.user()]++;
      }
      int[] lengths = new int[seen.length];
      for (int u = 0; u < lengths.length; u++) {
        lengths[u] = table.trainingEnds[u] - table.userOffsets[u];
      }
      assertThat(lengths).as("seed %s", seed).isEqualTo(expected);
    }
    assertThat(tried).isGreaterThan(20);
  }
}
