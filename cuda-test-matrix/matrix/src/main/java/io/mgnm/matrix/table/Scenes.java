package io.mgnm.matrix.table;

import java.util.List;

/** The scenes of the table, in the order of a training step. */
final class Scenes {
  private static final List<Scene> ALL =
      List.of(
          new BatchSamplingScene(),
          new BatchPartsScene(),
          new EmbeddingGatherScene(),
          new DropoutScene(),
          new HadamardSigmoidAdjacencyScene(),
          new GraphConvolutionScene(),
          new CapsuleProjectionScene(),
          new CapsuleRoutingScene(),
          new CapsuleSquashScene(),
          new BiLstmScene(),
          new TransformerEncoderScene(),
          new RecentItemsScene(),
          new InterestReadoutScene(),
          new RankingLossScene(),
          new EmbeddingGradientScene(),
          new AdamScene(),
          new TopKScene());

  private Scenes() {}

  static List<Scene> all() {
    return ALL;
  }

  static Scene of(String stem) {
    return ALL.stream().filter(scene -> scene.stem().equals(stem)).findFirst().orElseThrow();
  }
}
