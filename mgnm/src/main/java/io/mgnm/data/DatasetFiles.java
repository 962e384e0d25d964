package io.mgnm.data;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** Names of the files in a prepared dataset. All numbers in them are little-endian. */
final class DatasetFiles {
  /** The {@link Manifest}. */
  static final String MANIFEST = "manifest.json";

  /** i32[interactions]: item of each event, user after user. */
  static final String EVENT_ITEMS = "event_items.i32";

  /** i64[interactions]: stored time of each event; absent without times. */
  static final String EVENT_TIMES = "event_times.i64";

  /** i32[users + 1]: where each user's events begin. */
  static final String USER_OFFSETS = "user_offsets.i32";

  /** i32[users]: where each user's events of the training period end. */
  static final String TRAINING_ENDS = "training_ends.i32";

  /** i32[items]: events of each item in the training period. */
  static final String TRAINING_COUNTS = "training_counts.i32";

  /** i32[samples]: user of each sample. */
  static final String SAMPLE_USERS = "sample_users.i32";

  /** i32[samples]: target event of each sample. */
  static final String SAMPLE_EVENTS = "sample_events.i32";

  /** Stem of the user ids. */
  static final String USER_IDS = "user_ids";

  /** Stem of the item ids. */
  static final String ITEM_IDS = "item_ids";

  /** Stem of the item names; absent without names, empty where an item has none. */
  static final String ITEM_NAMES = "item_names";

  private DatasetFiles() {}

  /** UTF-8 bytes of all strings of a stem, end to end. */
  static String bytes(String stem) {
    return stem + ".utf8";
  }

  /** i64[count + 1]: where each string of a stem begins. */
  static String offsets(String stem) {
    return stem + "_offsets.i64";
  }

  /** i32[count]: indices in order of their strings' bytes. */
  static String order(String stem) {
    return stem + "_order.i32";
  }

  /** Reads and writes the manifest. */
  static ObjectMapper json() {
    return JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  }
}
