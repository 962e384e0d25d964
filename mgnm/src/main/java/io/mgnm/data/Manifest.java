package io.mgnm.data;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/**
 * What a prepared dataset is: counts, times, split, cold shares, options, sources, files. Stored as
 * {@code manifest.json}. Holds no clock time and no path, so the same input gives the same bytes.
 *
 * @param format always {@value #FORMAT}
 * @param formatVersion {@value #VERSION}; another version is refused
 * @param contentHash SHA-256 over names, sizes and hashes of the data files, in their order
 * @param itemNames whether items have names besides their ids
 * @param filters how many interactions each step left
 */
public record Manifest(
    String format,
    @JsonProperty("format_version") int formatVersion,
    @JsonProperty("content_hash") String contentHash,
    int users,
    int items,
    int interactions,
    @JsonProperty("item_names") boolean itemNames,
    Times times,
    SplitReport split,
    Filters filters,
    Options options,
    List<SourceReport> sources,
    List<DataFile> files) {

  /** The value of {@code format}. */
  public static final String FORMAT = "mgnm-dataset";

  /** The version of the folder's layout that this code writes and reads. */
  public static final int VERSION = 1;

  /** Kind of the times and their range, shown as in the data (timestamps in ISO form, UTC). */
  public record Times(TimeKind kind, String first, String last) {}

  /**
   * The split.
   *
   * @param cuts the two cut times of {@code time}, shown; empty for the others
   */
  public record SplitReport(String method, List<String> cuts, List<PartReport> parts) {}

  /**
   * One part of the split. A cold user has no training sample; a cold item does not occur in the
   * training period.
   *
   * @param samples samples of the part
   * @param users distinct users of the samples
   * @param coldUsers those of them that are cold
   * @param coldUserSamples samples of a cold user
   * @param items distinct target items of the samples
   * @param coldItems those of them that are cold
   * @param coldItemSamples samples whose target is cold
   */
  public record PartReport(
      Part part,
      int samples,
      int users,
      @JsonProperty("cold_users") int coldUsers,
      @JsonProperty("cold_user_samples") int coldUserSamples,
      int items,
      @JsonProperty("cold_items") int coldItems,
      @JsonProperty("cold_item_samples") int coldItemSamples) {}

  /** Interactions left after reading and after each filter. */
  public record Filters(
      long read,
      @JsonProperty("after_ratings") int afterRatings,
      @JsonProperty("after_k_core") int afterKCore,
      @JsonProperty("after_min_items") int afterMinItems) {}

  /** The options that shaped the data. */
  public record Options(
      String ratings, @JsonProperty("k_core") int kCore, @JsonProperty("min_items") int minItems) {}

  /** A file that was read. */
  public record SourceReport(String name, String kind, long bytes, String sha256, long rows) {}

  /** A file of the dataset. */
  public record DataFile(String name, long bytes, String crc32c, String sha256) {}

  /** The content hash that belongs to a list of files. */
  static String contentHash(List<DataFile> files) {
    StringBuilder text = new StringBuilder();
    for (DataFile file : files) {
      text.append(file.name()).append(' ').append(file.bytes()).append(' ');
      text.append(file.crc32c()).append(' ').append(file.sha256()).append('\n');
    }
    byte[] digest = FlatFiles.sha256().digest(text.toString().getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest);
  }
}
