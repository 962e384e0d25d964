package io.mgnm.ops.reference;

import io.mgnm.ops.Adam;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BatchParts;
import io.mgnm.ops.BatchSampling;
import io.mgnm.ops.BiLstm;
import io.mgnm.ops.CapsuleProjection;
import io.mgnm.ops.CapsuleRouting;
import io.mgnm.ops.CapsuleSquash;
import io.mgnm.ops.Dropout;
import io.mgnm.ops.EmbeddingGather;
import io.mgnm.ops.EmbeddingGradient;
import io.mgnm.ops.GraphConvolution;
import io.mgnm.ops.HadamardSigmoidAdjacency;
import io.mgnm.ops.InterestReadout;
import io.mgnm.ops.RankingLoss;
import io.mgnm.ops.RecentItems;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TopK;
import io.mgnm.ops.TransformerEncoder;
import java.util.ArrayList;
import java.util.List;

/** Runs every operation at once over the whole batch, one plain loop after another. */
public final class ReferenceBackend implements Backend {
  private final Precision precision;
  private List<Runnable> recording;

  /** A reference that stores its values in the given precision. */
  public ReferenceBackend(Precision precision) {
    this.precision = precision;
  }

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public String describe() {
    return "reference: plain loops in " + (precision == Precision.DOUBLE ? "double" : "float");
  }

  Precision precision() {
    return precision;
  }

  /** Runs the operation now, or notes it where a sequence is being recorded. */
  void run(Runnable operation) {
    if (recording == null) {
      operation.run();
    } else {
      recording.add(operation);
    }
  }

  /** A reference tensor's values as they are, in canonical order: the truth to compare with. */
  public static double[] values(Tensor tensor) {
    return ReferenceTensor.of(tensor).downloadDouble();
  }

  /** Replaces a reference tensor's values, without rounding them to float first. */
  public static void setValues(Tensor tensor, double[] values) {
    ReferenceTensor.of(tensor).uploadDouble(values);
  }

  @Override
  public Scope scope(String name) {
    return new ReferenceScope(name, precision);
  }

  @Override
  public Sequence record(String name, Runnable operations) {
    if (recording != null) {
      throw new IllegalStateException("'" + name + "' cannot be recorded inside a recording");
    }
    List<Runnable> recorded = new ArrayList<>();
    recording = recorded;
    try {
      operations.run();
    } finally {
      recording = null;
    }
    return new Sequence() {
      @Override
      public void run() {
        recorded.forEach(Runnable::run);
      }

      @Override
      public void close() {
        recorded.clear();
      }
    };
  }

  @Override
  public BatchSampling batchSampling(BatchSampling.Options options) {
    return new ReferenceBatchSampling(this, options);
  }

  @Override
  public BatchParts batchParts() {
    return new ReferenceBatchParts(this);
  }

  @Override
  public EmbeddingGather embeddingGather() {
    return new ReferenceEmbeddingGather(this);
  }

  @Override
  public Dropout dropout(Dropout.Options options) {
    return new ReferenceDropout(this, options);
  }

  @Override
  public HadamardSigmoidAdjacency hadamardSigmoidAdjacency() {
    return new ReferenceHadamardSigmoidAdjacency(this);
  }

  @Override
  public GraphConvolution graphConvolution(GraphConvolution.Options options) {
    return new ReferenceGraphConvolution(this, options);
  }

  @Override
  public CapsuleProjection capsuleProjection() {
    return new ReferenceCapsuleProjection(this);
  }

  @Override
  public CapsuleSquash capsuleSquash() {
    return new ReferenceCapsuleSquash(this);
  }

  @Override
  public CapsuleRouting capsuleRouting(CapsuleRouting.Options options) {
    return new ReferenceCapsuleRouting(this, options);
  }

  @Override
  public BiLstm biLstm(BiLstm.Options options) {
    return new ReferenceBiLstm(this, options);
  }

  @Override
  public TransformerEncoder transformerEncoder(TransformerEncoder.Options options) {
    return new ReferenceTransformerEncoder(this, options);
  }

  @Override
  public RecentItems recentItems(RecentItems.Options options) {
    return new ReferenceRecentItems(this, options);
  }

  @Override
  public InterestReadout interestReadout(InterestReadout.Options options) {
    return new ReferenceInterestReadout(this, options);
  }

  @Override
  public RankingLoss rankingLoss(RankingLoss.Options options) {
    return new ReferenceRankingLoss(this, options);
  }

  @Override
  public EmbeddingGradient embeddingGradient() {
    return new ReferenceEmbeddingGradient(this);
  }

  @Override
  public Adam adam(Adam.Options options) {
    return new ReferenceAdam(this, options);
  }

  @Override
  public TopK topK(TopK.Options options) {
    return new ReferenceTopK(this, options);
  }

  @Override
  public void close() {
    // The JVM's own memory: nothing to release.
  }
}
