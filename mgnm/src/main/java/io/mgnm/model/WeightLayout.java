package io.mgnm.model;

import java.util.ArrayList;
import java.util.List;

/**
 * Where each weight stands in the one block that holds all of them, so that the optimizer and the
 * checkpoint treat them as one.
 *
 * @param parts in the order of the block
 */
public record WeightLayout(List<Part> parts) {

  /**
   * A weight.
   *
   * @param name as in a checkpoint
   * @param offset its first value in the block
   * @param rows rows
   * @param width values of a row
   */
  public record Part(String name, int offset, int rows, int width) {
    /** Values. */
    public int size() {
      return rows * width;
    }
  }

  /** The layout of a model's weights. */
  public static WeightLayout of(ModelConfig config) {
    List<Part> parts = new ArrayList<>();
    int d = config.d();
    add(parts, "graph", d, d);
    add(parts, "projection", config.interests() * d, d);
    add(parts, "interest", config.interests() * d, d);
    add(parts, "encoder", 1, config.encoderWeights());
    return new WeightLayout(List.copyOf(parts));
  }

  private static void add(List<Part> parts, String name, int rows, int width) {
    int offset = parts.isEmpty() ? 0 : parts.getLast().offset() + parts.getLast().size();
    parts.add(new Part(name, offset, rows, width));
  }

  /** The part of that name. */
  public Part part(String name) {
    return parts.stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
  }

  /** Values of the whole block. */
  public int size() {
    return parts.getLast().offset() + parts.getLast().size();
  }
}
