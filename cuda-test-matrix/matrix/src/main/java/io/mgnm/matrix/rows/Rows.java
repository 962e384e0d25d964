package io.mgnm.matrix.rows;

import java.util.List;

/** The rows of the matrix. */
public final class Rows {
  private static final List<Row> ALL =
      List.of(
          new AdamRow(),
          new BatchPartsRow(),
          new BatchSamplingRow(),
          new BiLstmRow(),
          new CapsuleProjectionRow(),
          new CapsuleRoutingRow(),
          new CapsuleSquashRow(),
          new DropoutRow(),
          new EmbeddingGatherRow(),
          new EmbeddingGradientRow(),
          new GraphConvolutionRow(),
          new HadamardSigmoidAdjacencyRow(),
          new InterestReadoutRow(),
          new RankingLossRow(),
          new RecentItemsRow(),
          new TopKRow(),
          new TransformerEncoderRow());

  private Rows() {}

  /** One for every operation. */
  public static List<Row> all() {
    return ALL;
  }

  /**
   * The row of a stem.
   *
   * @throws IllegalArgumentException where there is none
   */
  public static Row of(String stem) {
    return ALL.stream()
        .filter(row -> row.stem().equals(stem))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("the matrix has no row for " + stem));
  }
}
