package io.mgnm.ops.cpu;

import io.mgnm.ops.Adam;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Batch;
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
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.InterestReadout;
import io.mgnm.ops.RaggedIds;
import io.mgnm.ops.RankingLoss;
import io.mgnm.ops.RecentItems;
import io.mgnm.ops.RowGradients;
import io.mgnm.ops.Scope;
import io.mgnm.ops.Sequence;
import io.mgnm.ops.StepState;
import io.mgnm.ops.Tensor;
import io.mgnm.ops.TopK;
import io.mgnm.ops.TransformerEncoder;
import java.util.List;

/** Runs operations on the processor's cores. See the package for the rules. */
public final class CpuBackend implements Backend {
  private final Workers workers;
  private CpuSequence recording;

  /** A backend with its own worker threads. */
  public CpuBackend(BackendOptions options) {
    workers = new Workers(options.threads());
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String describe() {
    return "cpu: %d threads, vectors of %d floats".formatted(workers.size(), Lanes.STEP);
  }

  Workers workers() {
    return workers;
  }

  @Override
  public Scope scope(String name) {
    return new CpuScope(this, name);
  }

  @Override
  public Sequence record(String name, Runnable operations) {
    if (recording != null) {
      throw new IllegalStateException("'" + name + "' cannot be recorded inside a recording");
    }
    CpuSequence sequence = new CpuSequence(this);
    recording = sequence;
    try {
      operations.run();
    } finally {
      recording = null;
    }
    sequence.finish();
    return sequence;
  }

  /**
   * Runs, or records, an operation that works history by history.
   *
   * @param sums the fixed tensors that {@code task} adds to through {@link CpuTensor#slot}; they
   *     are zero before the first history and hold the sum after the last
   */
  void perHistory(CpuBatch batch, HistoryTask task, CpuTensor... sums) {
    if (recording == null) {
      new CpuSection(workers, batch, List.of(task), List.of(sums)).run();
    } else {
      recording.perHistory(batch, task, List.of(sums));
    }
  }

  /** Runs, or records, an operation on everything at once; it may share its work out itself. */
  void whole(Runnable task) {
    if (recording == null) {
      task.run();
    } else {
      recording.whole(task);
    }
  }

  /** This backend's own tensor behind {@code tensor}. */
  CpuTensor own(Tensor tensor) {
    if (!(tensor instanceof CpuTensor cpu)) {
      throw foreign("a tensor");
    }
    use(cpu.scope());
    if (cpu.isLocal() && recording == null) {
      throw new IllegalStateException("a LOCAL tensor can be used in a recording only");
    }
    return cpu;
  }

  /**
   * The same for an operation on everything at once.
   *
   * @throws IllegalArgumentException where the tensor holds one micro-batch at a time
   */
  CpuTensor ownKept(String operation, String name, Tensor tensor) {
    CpuTensor cpu = own(tensor);
    if (cpu.isLocal()) {
      throw new IllegalArgumentException(operation + ": " + name + ": expected KEPT, got LOCAL");
    }
    return cpu;
  }

  /** This backend's own batch behind {@code batch}. */
  CpuBatch own(Batch batch) {
    if (!(batch instanceof CpuBatch cpu)) {
      throw foreign("a batch");
    }
    use(cpu.scope());
    return cpu;
  }

  /** This backend's own integers behind {@code ints}. */
  CpuInts own(IntTensor ints) {
    if (!(ints instanceof CpuInts cpu)) {
      throw foreign("an integer tensor");
    }
    use(cpu.scope);
    return cpu;
  }

  /** This backend's own id lists behind {@code lists}. */
  CpuRaggedIds own(RaggedIds lists) {
    if (!(lists instanceof CpuRaggedIds cpu)) {
      throw foreign("an id list");
    }
    use(cpu.scope);
    return cpu;
  }

  /** This backend's own row gradients behind {@code gradients}. */
  CpuRowGradients own(RowGradients gradients) {
    if (!(gradients instanceof CpuRowGradients cpu)) {
      throw foreign("a row gradient");
    }
    use(cpu.scope);
    return cpu;
  }

  /** This backend's own state behind {@code state}. */
  CpuStepState own(StepState state) {
    if (!(state instanceof CpuStepState cpu)) {
      throw foreign("a step state");
    }
    use(cpu.scope);
    return cpu;
  }

  private void use(CpuScope scope) {
    scope.requireOpen();
    if (scope.backend() != this) {
      throw foreign("memory");
    }
    if (recording != null) {
      recording.uses(scope);
    }
  }

  private static IllegalArgumentException foreign(String what) {
    return new IllegalArgumentException(what + " of another backend was given to 'cpu'");
  }

  @Override
  public BatchSampling batchSampling(BatchSampling.Options options) {
    return new CpuBatchSampling(this, options);
  }

  @Override
  public BatchParts batchParts() {
    return new CpuBatchParts(this);
  }

  @Override
  public EmbeddingGather embeddingGather() {
    return new CpuEmbeddingGather(this);
  }

  @Override
  public Dropout dropout(Dropout.Options options) {
    return new CpuDropout(this, options);
  }

  @Override
  public HadamardSigmoidAdjacency hadamardSigmoidAdjacency() {
    return new CpuHadamardSigmoidAdjacency(this);
  }

  @Override
  public GraphConvolution graphConvolution(GraphConvolution.Options options) {
    return new CpuGraphConvolution(this, options);
  }

  @Override
  public CapsuleProjection capsuleProjection() {
    return new CpuCapsuleProjection(this);
  }

  @Override
  public CapsuleSquash capsuleSquash() {
    return new CpuCapsuleSquash(this);
  }

  @Override
  public CapsuleRouting capsuleRouting(CapsuleRouting.Options options) {
    return new CpuCapsuleRouting(this, options);
  }

  @Override
  public BiLstm biLstm(BiLstm.Options options) {
    return new CpuBiLstm(this, options);
  }

  @Override
  public TransformerEncoder transformerEncoder(TransformerEncoder.Options options) {
    return new CpuTransformerEncoder(this, options);
  }

  @Override
  public RecentItems recentItems(RecentItems.Options options) {
    return new CpuRecentItems(this, options);
  }

  @Override
  public InterestReadout interestReadout(InterestReadout.Options options) {
    return new CpuInterestReadout(this, options);
  }

  @Override
  public RankingLoss rankingLoss(RankingLoss.Options options) {
    return new CpuRankingLoss(this, options);
  }

  @Override
  public EmbeddingGradient embeddingGradient() {
    return new CpuEmbeddingGradient(this);
  }

  @Override
  public Adam adam(Adam.Options options) {
    return new CpuAdam(this, options);
  }

  @Override
  public TopK topK(TopK.Options options) {
    return new CpuTopK(this, options);
  }

  @Override
  public void close() {
    workers.close();
  }
}
