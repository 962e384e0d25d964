package io.mgnm.data;

import java.util.Arrays;

/**
 * Interactions in global order, (time, row of the file), as parallel arrays; 16 bytes each. Users
 * and items are dense codes.
 */
final class EventLog {
  /** Whether an interaction stays. */
  interface Keep {
    boolean test(int user, int item);
  }

  private final int[] users;
  private final int[] items;
  private final long[] times;
  private int userCodes;
  private int itemCodes;
  private int size;

  /**
   * An empty log.
   *
   * @param capacity most interactions it will hold
   * @param userCodes users are in [0, userCodes)
   * @param itemCodes items are in [0, itemCodes)
   * @param timed whether interactions have times
   */
  EventLog(int capacity, int userCodes, int itemCodes, boolean timed) {
    this.users = new int[capacity];
    this.items = new int[capacity];
    this.times = timed ? new long[capacity] : null;
    this.userCodes = userCodes;
    this.itemCodes = itemCodes;
  }

  void add(int user, int item, long time) {
    users[size] = user;
    items[size] = item;
    if (times != null) {
      times[size] = time;
    }
    size++;
  }

  int size() {
    return size;
  }

  int user(int event) {
    return users[event];
  }

  int item(int event) {
    return items[event];
  }

  /** The time, in the encoding of {@link TimeKind}; 0 where there are none. */
  long time(int event) {
    return times == null ? 0 : times[event];
  }

  boolean timed() {
    return times != null;
  }

  int[] userCounts() {
    return counts(users, userCodes);
  }

  int[] itemCounts() {
    return counts(items, itemCodes);
  }

  private int[] counts(int[] codes, int distinct) {
    int[] counts = new int[distinct];
    for (int e = 0; e < size; e++) {
      counts[codes[e]]++;
    }
    return counts;
  }

  /** Removes the interactions that are not to be kept; the others keep their order. */
  void retain(Keep keep) {
    int kept = 0;
    for (int e = 0; e < size; e++) {
      if (keep.test(users[e], items[e])) {
        users[kept] = users[e];
        items[kept] = items[e];
        if (times != null) {
          times[kept] = times[e];
        }
        kept++;
      }
    }
    size = kept;
  }

  /**
   * Maps old codes to dense new ones in the same order, for users or items that still occur; -1 for
   * those that do not.
   */
  static int[] renumbering(int[] counts) {
    int[] renumbered = new int[counts.length];
    int next = 0;
    for (int code = 0; code < counts.length; code++) {
      renumbered[code] = counts[code] > 0 ? next++ : -1;
    }
    return renumbered;
  }

  /** Replaces all codes by new ones, as {@link #renumbering} gives them. */
  void renumber(int[] newUsers, int[] newItems) {
    for (int e = 0; e < size; e++) {
      users[e] = newUsers[users[e]];
      items[e] = newItems[items[e]];
    }
    userCodes = distinct(newUsers);
    itemCodes = distinct(newItems);
  }

  private static int distinct(int[] renumbering) {
    return Arrays.stream(renumbering).max().orElse(-1) + 1;
  }

  int userCodes() {
    return userCodes;
  }

  int itemCodes() {
    return itemCodes;
  }
}
