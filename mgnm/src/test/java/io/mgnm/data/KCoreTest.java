package io.mgnm.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KCoreTest {
  private static List<List<Integer>> pairs(EventLog log) {
    List<List<Integer>> pairs = new ArrayList<>();
    for (int e = 0; e < log.size(); e++) {
      pairs.add(List.of(log.user(e), log.item(e), (int) log.time(e)));
    }
    return pairs;
  }

  private static long count(List<List<Integer>> pairs, int field, int code) {
    return pairs.stream().filter(p -> p.get(field) == code).count();
  }

  @Test
  void removesOneByOneUntilEveryoneHasK() {
    for (int seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      EventLog log = new EventLog(60, 15, 15, true);
      for (int e = 0; e < 60; e++) {
        log.add(random.nextInt(15), random.nextInt(15), e);
      }
      List<List<Integer>> expected = pairs(log);
      while (true) {
        List<List<Integer>> all = expected;
        var weak =
            all.stream()
                .filter(p -> count(all, 0, p.get(0)) < 4 || count(all, 1, p.get(1)) < 4)
                .findAny();
        if (weak.isEmpty()) {
          break;
        }
        expected = all.stream().filter(p -> !p.equals(weak.get())).toList();
      }
      KCore.apply(log, 4);
      assertThat(pairs(log)).as("seed %s", seed).isEqualTo(expected);
    }
  }

  @Test
  void shortUsersAreDroppedOnce() {
    EventLog log = new EventLog(5, 3, 3, false);
    log.add(0, 0, 0);
    log.add(1, 1, 0);
    log.add(2, 1, 0);
    log.add(1, 2, 0);
    log.add(2, 2, 0);
    KCore.dropShortUsers(log, 2);
    assertThat(pairs(log))
        .containsExactly(List.of(1, 1, 0), List.of(2, 1, 0), List.of(1, 2, 0), List.of(2, 2, 0));
    log.renumber(EventLog.renumbering(log.userCounts()), EventLog.renumbering(log.itemCounts()));
    assertThat(pairs(log))
        .containsExactly(List.of(0, 0, 0), List.of(1, 0, 0), List.of(0, 1, 0), List.of(1, 1, 0));
    assertThat(log.userCodes()).isEqualTo(2);
    assertThat(log.itemCodes()).isEqualTo(2);
  }
}
