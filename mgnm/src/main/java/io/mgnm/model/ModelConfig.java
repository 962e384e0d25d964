package io.mgnm.model;

import io.mgnm.config.Key;
import io.mgnm.config.Settings;
import io.mgnm.ops.BatchShape;
import io.mgnm.ops.BiLstm;
import io.mgnm.ops.CapsuleRouting;
import io.mgnm.ops.GraphConvolution;
import io.mgnm.ops.InterestReadout;
import io.mgnm.ops.TransformerEncoder;

/**
 * Everything about the model that is constant in a run.
 *
 * @param d embedding size
 * @param interests K
 * @param layers L
 * @param truncation items of a history that count, m
 * @param graph the graph's options, θ1 included
 * @param routing the routing's options
 * @param encoder what encodes a sequence
 * @param implementation what runs a BiLSTM on CUDA
 * @param recentWeight of the recent items' mean in the capsules' outputs; 0 where it has no part
 * @param readout how interests score candidates
 * @param randomLogits whether routing starts from random logits
 */
public record ModelConfig(
    int d,
    int interests,
    int layers,
    int truncation,
    GraphConvolution.Options graph,
    CapsuleRouting.Options routing,
    Encoder encoder,
    BiLstm.Implementation implementation,
    double recentWeight,
    InterestReadout.Options readout,
    boolean randomLogits) {

  /** What encodes the order of a history. */
  public enum Encoder {
    BILSTM,
    BILSTM_PROJECTED,
    TRANSFORMER,
    NONE
  }

  /** The model that the settings describe. */
  public static ModelConfig of(Settings settings) {
    settings.check();
    double perCandidate =
        settings.is(Key.L1_PER, "candidate") ? 1 + settings.integer(Key.NEGATIVES) : 1;
    boolean joint = settings.is(Key.READOUT, "joint");
    return new ModelConfig(
        settings.integer(Key.D),
        settings.integer(Key.INTERESTS),
        settings.integer(Key.LAYERS),
        settings.integer(Key.TRUNCATION),
        new GraphConvolution.Options(
            settings.constant(Key.GRAPH_NORMALISATION, GraphConvolution.Normalisation.class),
            settings.flag(Key.GRAPH_USER),
            settings.constant(Key.GRAPH_INPUT, GraphConvolution.Input.class),
            (float) settings.real(Key.GRAPH_SLOPE),
            (float) (settings.real(Key.L1_WEIGHT) * perCandidate)),
        new CapsuleRouting.Options(
            settings.integer(Key.ROUTING_ITERATIONS),
            settings.constant(Key.ROUTING_SOFTMAX, CapsuleRouting.Softmax.class),
            settings.constant(Key.ROUTING_GRADIENT, CapsuleRouting.Gradient.class),
            settings.constant(Key.ROUTING_ENCODED, CapsuleRouting.Encoded.class)),
        settings.constant(Key.ENCODER, Encoder.class),
        settings.constant(Key.ENCODER_IMPLEMENTATION, BiLstm.Implementation.class),
        settings.real(Key.RECENT_WEIGHT),
        new InterestReadout.Options(
            settings.constant(Key.INTEREST_PROJECTION, InterestReadout.Projection.class),
            joint ? InterestReadout.Attention.JOINT : InterestReadout.Attention.LEVEL,
            settings.is(Key.READOUT, "sum")
                ? InterestReadout.Readout.SUM
                : InterestReadout.Readout.MAX),
        settings.is(Key.ROUTING_INIT, "random"));
  }

  /** L + 1. */
  public int levels() {
    return layers + 1;
  }

  /** Scores of a candidate. */
  public int scores() {
    return readout.scores(levels());
  }

  /** The BiLSTM, where the encoder is one. */
  BiLstm.Options lstm() {
    return new BiLstm.Options(d, encoder == Encoder.BILSTM_PROJECTED, implementation);
  }

  /** Values of the encoder's weights. */
  public int encoderWeights() {
    return switch (encoder) {
      case BILSTM, BILSTM_PROJECTED -> lstm().weights();
      case TRANSFORMER -> new TransformerEncoder.Options(d, truncation).weights();
      case NONE -> 0;
    };
  }

  /** The capacity of a batch of this model. */
  public BatchShape batch(int histories, int candidates) {
    return new BatchShape(
        histories,
        Math.multiplyExact(histories, truncation),
        truncation,
        candidates,
        d,
        levels(),
        interests);
  }
}
