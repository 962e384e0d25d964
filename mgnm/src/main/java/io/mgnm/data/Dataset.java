package io.mgnm.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A prepared dataset, memory-mapped: opening costs no heap. Any number of threads may read it;
 * nothing changes it. Use after {@link #close} is an IllegalStateException.
 *
 * <p>Users are [0, users), items [0, items), events [0, interactions): user after user, each user's
 * in (time, row) order. Samples are [0, samples), part after part; a sample's number is stable and
 * identifies it for ever. The history of a sample is the user's events in [{@link #userBegin},
 * {@link #sampleEvent}), its target the item of that event.
 */
public final class Dataset implements AutoCloseable {
  private static final String MAKE_AGAIN = "prepare the dataset again";

  private final Path folder;
  private final Manifest manifest;
  private final Arena arena = Arena.ofShared();
  private final Map<String, MemorySegment> segments = new HashMap<>();
  private final int[] partOffsets = new int[Part.values().length + 1];
  private final MemorySegment eventItems;
  private final MemorySegment eventTimes;
  private final MemorySegment userOffsets;
  private final MemorySegment trainingEnds;
  private final MemorySegment trainingCounts;
  private final MemorySegment sampleUsers;
  private final MemorySegment sampleEvents;
  private final StringTable userIds;
  private final StringTable itemIds;
  private final StringTable itemNames;

  private Dataset(Path folder, Manifest manifest) throws IOException {
    this.folder = folder;
    this.manifest = manifest;
    try {
      for (Manifest.DataFile file : manifest.files()) {
        segments.put(file.name(), map(file));
      }
      for (Manifest.PartReport part : manifest.split().parts()) {
        int p = part.part().index();
        partOffsets[p + 1] = Math.addExact(partOffsets[p], part.samples());
      }
      long users = manifest.users();
      long items = manifest.items();
      long events = manifest.interactions();
      boolean timed = manifest.times().kind() != TimeKind.NONE;
      eventItems = segment(DatasetFiles.EVENT_ITEMS, events * Integer.BYTES);
      eventTimes = timed ? segment(DatasetFiles.EVENT_TIMES, events * Long.BYTES) : null;
      userOffsets = segment(DatasetFiles.USER_OFFSETS, (users + 1) * Integer.BYTES);
      trainingEnds = segment(DatasetFiles.TRAINING_ENDS, users * Integer.BYTES);
      trainingCounts = segment(DatasetFiles.TRAINING_COUNTS, items * Integer.BYTES);
      long samples = samples();
      sampleUsers = segment(DatasetFiles.SAMPLE_USERS, samples * Integer.BYTES);
      sampleEvents = segment(DatasetFiles.SAMPLE_EVENTS, samples * Integer.BYTES);
      userIds = strings(DatasetFiles.USER_IDS, users, true);
      itemIds = strings(DatasetFiles.ITEM_IDS, items, true);
      itemNames = manifest.itemNames() ? strings(DatasetFiles.ITEM_NAMES, items, false) : null;
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Maps a prepared dataset and checks its version, sizes and checksums (CRC-32C, reading every
   * byte once).
   *
   * @throws BadInputException where the folder is no dataset, of another version, or damaged
   * @throws IOException where it cannot be read
   */
  public static Dataset open(Path folder) throws IOException {
    return new Dataset(folder, readManifest(folder));
  }

  /** Reads the manifest alone, checking its format, version and content hash. */
  public static Manifest readManifest(Path folder) throws IOException {
    Path file = folder.resolve(DatasetFiles.MANIFEST);
    if (!Files.isRegularFile(file)) {
      throw BadInputException.inFile(
          folder, "a prepared dataset", "no " + DatasetFiles.MANIFEST, "make one: mgnm prepare");
    }
    Manifest manifest;
    try {
      var tree = DatasetFiles.json().readTree(file.toFile());
      if (!Manifest.FORMAT.equals(tree.path("format").asText())
          || tree.path("format_version").asInt() != Manifest.VERSION) {
        throw BadInputException.inFile(
            file,
            Manifest.FORMAT + " version " + Manifest.VERSION,
            BadInputException.quote(
                tree.path("format").asText() + " version " + tree.path("format_version").asText()),
            MAKE_AGAIN);
      }
      manifest = DatasetFiles.json().treeToValue(tree, Manifest.class);
    } catch (JsonProcessingException e) {
      throw BadInputException.inFile(
          file,
          "a dataset's manifest",
          BadInputException.quote(e.getOriginalMessage()),
          MAKE_AGAIN);
    }
    if (!Manifest.contentHash(manifest.files()).equals(manifest.contentHash())) {
      throw BadInputException.inFile(
          file, "a content hash that fits its files", "another", MAKE_AGAIN);
    }
    return manifest;
  }

  private MemorySegment map(Manifest.DataFile file) throws IOException {
    Path path = folder.resolve(file.name());
    if (!Files.isRegularFile(path)) {
      throw BadInputException.inFile(path, "a file of the dataset", "nothing", MAKE_AGAIN);
    }
    MemorySegment segment = FlatFiles.map(path, arena);
    if (segment.byteSize() != file.bytes()) {
      throw BadInputException.inFile(
          path, file.bytes() + " bytes", segment.byteSize() + " bytes", MAKE_AGAIN);
    }
    String checksum = FlatFiles.crc32c(segment);
    if (!checksum.equals(file.crc32c())) {
      throw BadInputException.inFile(
          path, "the checksum " + file.crc32c(), checksum + ": it was changed", MAKE_AGAIN);
    }
    return segment;
  }

  private MemorySegment segment(String name, long bytes) {
    MemorySegment segment = segments.get(name);
    if (segment == null || segment.byteSize() != bytes) {
      throw BadInputException.inFile(
          folder.resolve(name),
          bytes + " bytes, as the manifest's counts need",
          segment == null ? "no such file" : segment.byteSize() + " bytes",
          MAKE_AGAIN);
    }
    return segment;
  }

  private StringTable strings(String stem, long count, boolean ordered) {
    MemorySegment offsets = segment(DatasetFiles.offsets(stem), (count + 1) * Long.BYTES);
    long bytes = offsets.getAtIndex(FlatFiles.LONG, count);
    return new StringTable(
        segment(DatasetFiles.bytes(stem), bytes),
        offsets,
        ordered ? segment(DatasetFiles.order(stem), count * Integer.BYTES) : null);
  }

  /** Counts, times, split, cold shares, options, sources. */
  public Manifest manifest() {
    return manifest;
  }

  /** The folder it was opened from. */
  public Path folder() {
    return folder;
  }

  /** Number of users. */
  public int users() {
    return manifest.users();
  }

  /** Number of items: the catalogue. */
  public int items() {
    return manifest.items();
  }

  /** Number of events of all users. */
  public int interactions() {
    return manifest.interactions();
  }

  /** The item of an event. */
  public int item(int event) {
    return eventItems.getAtIndex(FlatFiles.INT, event);
  }

  /** Where the events of a user begin. */
  public int userBegin(int user) {
    return userOffsets.getAtIndex(FlatFiles.INT, user);
  }

  /** Where the events of a user end, exclusive. */
  public int userEnd(int user) {
    return userOffsets.getAtIndex(FlatFiles.INT, user + 1L);
  }

  /**
   * Where the user's events of the training period end, exclusive: [{@link #userBegin}, this) is
   * all that training may see of the user. It may be empty.
   */
  public int trainingEnd(int user) {
    return trainingEnds.getAtIndex(FlatFiles.INT, user);
  }

  /** Whether events have times. */
  public boolean hasTimes() {
    return eventTimes != null;
  }

  /**
   * The time of an event: the number of the data, or microseconds since 1970 for timestamps.
   *
   * @throws IllegalStateException without times
   */
  public double time(int event) {
    if (eventTimes == null) {
      throw new IllegalStateException("the dataset has no times");
    }
    return manifest.times().kind().value(eventTimes.getAtIndex(FlatFiles.LONG, event));
  }

  /** Number of samples of all parts. */
  public int samples() {
    return partOffsets[Part.values().length];
  }

  /** The first sample of a part. */
  public int partBegin(Part part) {
    return partOffsets[part.index()];
  }

  /** The end of a part's samples, exclusive. */
  public int partEnd(Part part) {
    return partOffsets[part.index() + 1];
  }

  /** The user of a sample. */
  public int sampleUser(int sample) {
    return sampleUsers.getAtIndex(FlatFiles.INT, sample);
  }

  /** The target event of a sample. */
  public int sampleEvent(int sample) {
    return sampleEvents.getAtIndex(FlatFiles.INT, sample);
  }

  /** Copy of the items of all events: int[interactions]. */
  public int[] itemsOfEvents() {
    return eventItems.toArray(FlatFiles.INT);
  }

  /** Copy of where users' events begin: int[users + 1], the last being the number of events. */
  public int[] userOffsets() {
    return userOffsets.toArray(FlatFiles.INT);
  }

  /** Copy of where users' training periods end: int[users]. */
  public int[] trainingEnds() {
    return trainingEnds.toArray(FlatFiles.INT);
  }

  /** Copy of the users of all samples, part after part: int[samples]. */
  public int[] sampleUsers() {
    return sampleUsers.toArray(FlatFiles.INT);
  }

  /** Copy of the target events of all samples, part after part: int[samples]. */
  public int[] sampleEvents() {
    return sampleEvents.toArray(FlatFiles.INT);
  }

  /** Copy of the users of a part's samples, in order. */
  public int[] sampleUsers(Part part) {
    return part(sampleUsers, part);
  }

  /** Copy of the target events of a part's samples, in order. */
  public int[] sampleEvents(Part part) {
    return part(sampleEvents, part);
  }

  private int[] part(MemorySegment all, Part part) {
    long begin = (long) partBegin(part) * Integer.BYTES;
    long end = (long) partEnd(part) * Integer.BYTES;
    return all.asSlice(begin, end - begin).toArray(FlatFiles.INT);
  }

  /** Copy of how often each item occurs in the training period: int[items]. */
  public int[] trainingCounts() {
    return trainingCounts.toArray(FlatFiles.INT);
  }

  /** The id of a user, as in the data. */
  public String userId(int user) {
    return userIds.get(user);
  }

  /** The id of an item, as in the data. */
  public String itemId(int item) {
    return itemIds.get(item);
  }

  /** Whether names of items were given. */
  public boolean hasItemNames() {
    return itemNames != null;
  }

  /** The name of an item; its id where it has none. */
  public String itemName(int item) {
    String name = itemNames == null ? "" : itemNames.get(item);
    return name.isEmpty() ? itemId(item) : name;
  }

  /** The user with an id. */
  public OptionalInt findUser(String id) {
    return userIds.find(id);
  }

  /** The item with an id. */
  public OptionalInt findItem(String id) {
    return itemIds.find(id);
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
