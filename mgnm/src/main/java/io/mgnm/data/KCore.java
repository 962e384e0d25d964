package io.mgnm.data;

/** Filters that remove users and items with too few interactions, on parallel arrays in place. */
final class KCore {
  private KCore() {}

  /**
   * Removes interactions of users and items with fewer than k, until every one left has k.
   * Interactions are counted, so a repeated one counts each time. Order is kept.
   */
  static void apply(EventLog log, int k) {
    int before;
    do {
      before = log.size();
      int[] users = log.userCounts();
      int[] items = log.itemCounts();
      log.retain((user, item) -> users[user] >= k && items[item] >= k);
    } while (log.size() < before);
  }

  /** Removes users with fewer than {@code minItems} interactions, once. Order is kept. */
  static void dropShortUsers(EventLog log, int minItems) {
    int[] users = log.userCounts();
    log.retain((user, item) -> users[user] >= minItems);
  }
}
