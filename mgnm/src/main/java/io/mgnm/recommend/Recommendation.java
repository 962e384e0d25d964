package io.mgnm.recommend;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/**
 * An answer.
 *
 * @param items best first
 * @param unknown items of the history that the model does not know; they were left out
 */
public record Recommendation(List<Item> items, List<String> unknown) {

  /**
   * A recommended item.
   *
   * @param id its id in the data
   * @param name its name, or null where the data has none
   * @param score the readout of its levels' scores
   * @param level the level with the highest score, 0 to L
   * @param interest the interest of that level with the largest weight, 0 to K - 1; with joint
   *     attention the one with the largest weight of all levels
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Item(String id, String name, float score, int level, int interest) {}
}
