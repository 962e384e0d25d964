package io.mgnm.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The CUDA sources: one {@code .cu} an operation, named by the operation's stem, each a translation
 * unit of its own, and the headers that they include. A source's own header comment is its
 * contract.
 */
public final class KernelCatalogue {
  private static final List<String> STEMS =
      List.of(
          "adam",
          "batch_parts",
          "batch_sampling",
          "bilstm",
          "capsule_projection",
          "capsule_routing",
          "capsule_squash",
          "dropout",
          "embedding_gather",
          "embedding_gradient",
          "graph_convolution",
          "hadamard_sigmoid_adjacency",
          "interest_readout",
          "ranking_loss",
          "recent_items",
          "top_k",
          "transformer_encoder");
  private static final List<String> HEADERS =
      List.of(
          "access.cuh",
          "best_keys.cuh",
          "bilstm_backward.cuh",
          "bilstm_cell.cuh",
          "bilstm_forward.cuh",
          "bilstm_gradients.cuh",
          "bilstm_lanes.cuh",
          "bilstm_slopes.cuh",
          "bilstm_tile.cuh",
          "block_prefix.cuh",
          "catalogue_tiles.cuh",
          "feistel.cuh",
          "graph_gradient.cuh",
          "graph_layers.cuh",
          "graph_tiles.cuh",
          "interest_attention.cuh",
          "interest_projection.cuh",
          "interest_readout_backward.cuh",
          "item_rows.cuh",
          "key_sort.cuh",
          "outer_piece.cuh",
          "outer_sums.cuh",
          "partials.cuh",
          "philox.cuh",
          "quad_rows.cuh",
          "quads.cuh",
          "ragged.cuh",
          "routing_passes.cuh",
          "routing_unit.cuh",
          "sigmoid.cuh",
          "softmax_loss.cuh",
          "squash.cuh",
          "step_state.cuh",
          "transformer_attention.cuh",
          "transformer_backward.cuh",
          "transformer_layer.cuh",
          "transformer_norm.cuh",
          "warp.cuh");

  private KernelCatalogue() {}

  /** Stems of all operations that have kernels, such as {@code capsule_squash}. */
  public static List<String> stems() {
    return STEMS;
  }

  /** File name of a stem's source, as compilers and reports show it. */
  public static String fileName(String stem) {
    return stem + ".cu";
  }

  /**
   * The text of a stem's source.
   *
   * @throws IllegalArgumentException where no operation has the stem
   */
  public static String source(String stem) {
    if (!STEMS.contains(stem)) {
      throw new IllegalArgumentException("no kernels for '" + stem + "'; there are " + STEMS);
    }
    return read(fileName(stem));
  }

  /** All headers by the name under which sources include them. */
  public static Map<String, String> headers() {
    Map<String, String> headers = new TreeMap<>();
    for (String name : HEADERS) {
      headers.put(name, read(name));
    }
    return headers;
  }

  private static String read(String file) {
    try (InputStream in = KernelCatalogue.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException("this library's packaging lacks " + file);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }
}
