package io.mgnm.ops.cuda;

import io.mgnm.cuda.CudaContext;
import io.mgnm.cuda.CudaDevice;
import io.mgnm.cuda.CudaKernel;
import io.mgnm.cuda.CudaStream;
import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.cuda.KernelBuilder;
import io.mgnm.cuda.KernelCompiler;
import io.mgnm.cuda.KernelLaunch;
import io.mgnm.ops.Adam;
import io.mgnm.ops.Backend;
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
import java.util.Map;
import java.util.Optional;

/** Runs operations on one NVIDIA GPU. See the package for the rules. */
public final class CudaBackend implements Backend {
  /**
   * Blocks that leave a partial sum over the batch, at most: enough for two a multiprocessor of an
   * H100, and the same on every device, so that bits do not depend on which one it is.
   */
  static final int SLOTS = 264;

  private final CudaContext context;
  private final KernelLibrary library;
  private final boolean graphs;
  private CudaSequence recording;

  /** Opens a device. */
  public CudaBackend(CudaDevice device) {
    this(device, KernelCompiler.withDefaultCache(), true);
  }

  /** Opens a device whose kernels {@code builder} makes of the catalogue's sources. */
  public CudaBackend(CudaDevice device, KernelBuilder builder) {
    this(device, builder, true);
  }

  /**
   * Opens a device.
   *
   * @param builder makes kernels of the catalogue's sources
   * @param graphs whether recordings become CUDA graphs; the results are the same
   */
  public CudaBackend(CudaDevice device, KernelBuilder builder, boolean graphs) {
    this.graphs = graphs;
    this.context = CudaContext.open(device);
    this.library = new KernelLibrary(context, builder);
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public String describe() {
    CudaDevice device = device();
    return "cuda: %s, compute capability %s, %d SMs, %d MiB; NVRTC %s"
        .formatted(
            device.name(),
            device.capability(),
            device.multiprocessors(),
            device.memoryBytes() >> 20,
            library.compilerVersion());
  }

  /** The device on which operations run. */
  public CudaDevice device() {
    return context.device();
  }

  /** The context that owns everything of this backend: its ledger, and its stream to wait for. */
  public CudaContext context() {
    return context;
  }

  CudaStream stream() {
    return context.stream();
  }

  @Override
  public Scope scope(String name) {
    return new CudaScope(this, context.scope(name));
  }

  @Override
  public Sequence record(String name, Runnable operations) {
    requireNoRecording("'" + name + "'");
    CudaSequence sequence = new CudaSequence(name, stream(), graphs);
    context.exclusively(
        () -> {
          recording = sequence;
          try {
            operations.run();
          } finally {
            recording = null;
          }
          sequence.finish();
        });
    return sequence;
  }

  @Override
  public Optional<DeviceMemory> deviceMemory(Runnable allocations) {
    requireNoRecording("measuring memory");
    return Optional.of(new DeviceMemory(context.measure(allocations), context.freeBytes()));
  }

  void requireNoRecording(String what) {
    if (recording != null) {
      throw new IllegalStateException(what + " cannot be inside a recording");
    }
  }

  boolean isRecording() {
    return recording != null;
  }

  CudaKernel kernel(String stem, String name, Map<String, Integer> constants) {
    return library.kernel(stem, name, constants);
  }

  /** Runs, or records, a launch. */
  void launch(KernelLaunch launch) {
    if (recording == null) {
      launch.run(stream());
    } else {
      recording.add(launch);
    }
  }

  /**
   * Blocks of a grid-stride launch: enough for all pieces of work, and no more than the device
   * holds at once.
   */
  int blocks(long pieces, int piecesPerBlock, int threads) {
    int resident =
        device().multiprocessors() * Math.max(1, device().threadsPerMultiprocessor() / threads);
    return (int) Math.max(1, Math.min(Math.ceilDiv(pieces, (long) piecesPerBlock), resident));
  }

  /**
   * Lanes a row, as {@code lanes_for} of warp.cuh: the least power of two that is enough, or 32.
   */
  static int lanesFor(int accesses) {
    return Math.min(32, accesses == 1 ? 1 : 2 * Integer.highestOneBit(accesses - 1));
  }

  /**
   * Adds up partial sums with a stem's kernel {@code STEM_sum}: now, or when the recording runs, by
   * the time somebody reads the total.
   */
  void sum(CudaKernel kernel, DeviceBuffer partials, int slots, CudaTensor total) {
    PartialSum sum = new PartialSum(kernel, partials, slots, total.buffer().slice(0, total.size()));
    if (recording == null) {
      launch(PartialSum.launch(List.of(sum)));
    } else {
      recording.add(sum);
    }
  }

  /** A batch gets other histories: now, or whenever the recording runs. */
  void draws(RepeatedDraws draw) {
    if (recording == null) {
      draw.happens();
    } else {
      recording.draws(draw);
    }
  }

  /**
   * Work that needs to know on the host what a batch holds: now, or whenever the recording runs,
   * which then is no graph.
   */
  void onHost(Runnable work) {
    if (recording == null) {
      work.run();
    } else {
      recording.addOnHost(work);
    }
  }

  /**
   * What the host keeps in mind for later work on it: now, or whenever the recording gets there.
   */
  void note(Runnable note) {
    if (recording == null) {
      note.run();
    } else {
      recording.note(note);
    }
  }

  /** This backend's own tensor behind {@code tensor}. */
  CudaTensor own(Tensor tensor) {
    if (!(tensor instanceof CudaTensor cuda)) {
      throw foreign("a tensor");
    }
    use(cuda.scope());
    if (cuda.isLocal() && recording == null) {
      throw new IllegalStateException("a LOCAL tensor can be used in a recording only");
    }
    return cuda;
  }

  /** The same, for an operation whose sums reach over the batch. */
  CudaTensor ownKept(String operation, String name, Tensor tensor) {
    CudaTensor cuda = own(tensor);
    if (cuda.isLocal()) {
      throw new IllegalArgumentException(operation + ": " + name + ": expected KEPT, got LOCAL");
    }
    return cuda;
  }

  /** This backend's own batch behind {@code batch}. */
  CudaBatch own(Batch batch) {
    if (!(batch instanceof CudaBatch cuda)) {
      throw foreign("a batch");
    }
    use(cuda.scope());
    return cuda;
  }

  /** This backend's own integers behind {@code ints}. */
  CudaInts own(IntTensor ints) {
    if (!(ints instanceof CudaInts cuda)) {
      throw foreign("an integer tensor");
    }
    use(cuda.scope());
    return cuda;
  }

  /** This backend's own state behind {@code state}. */
  CudaStepState own(StepState state) {
    if (!(state instanceof CudaStepState cuda)) {
      throw foreign("a step state");
    }
    use(cuda.scope());
    return cuda;
  }

  /** This backend's own lists behind {@code lists}. */
  CudaRaggedIds own(RaggedIds lists) {
    if (!(lists instanceof CudaRaggedIds cuda)) {
      throw foreign("a list of ids");
    }
    use(cuda.scope());
    return cuda;
  }

  /** This backend's own sums behind {@code gradients}. */
  CudaRowGradients own(RowGradients gradients) {
    if (!(gradients instanceof CudaRowGradients cuda)) {
      throw foreign("row gradients");
    }
    use(cuda.scope());
    return cuda;
  }

  private void use(CudaScope scope) {
    scope.requireOpen();
    if (scope.backend() != this) {
      throw foreign("memory");
    }
    if (recording != null) {
      recording.uses(scope);
    }
  }

  private static IllegalArgumentException foreign(String what) {
    return new IllegalArgumentException(what + " of another backend was given to 'cuda'");
  }

  @Override
  public BatchSampling batchSampling(BatchSampling.Options options) {
    return new CudaBatchSampling(this, options);
  }

  @Override
  public BatchParts batchParts() {
    return new CudaBatchParts(this);
  }

  @Override
  public EmbeddingGather embeddingGather() {
    return new CudaEmbeddingGather(this);
  }

  @Override
  public Dropout dropout(Dropout.Options options) {
    return new CudaDropout(this, options);
  }

  @Override
  public HadamardSigmoidAdjacency hadamardSigmoidAdjacency() {
    return new CudaHadamardSigmoidAdjacency(this);
  }

  @Override
  public GraphConvolution graphConvolution(GraphConvolution.Options options) {
    return new CudaGraphConvolution(this, options);
  }

  @Override
  public CapsuleProjection capsuleProjection() {
    return new CudaCapsuleProjection(this);
  }

  @Override
  public CapsuleSquash capsuleSquash() {
    return new CudaCapsuleSquash(this);
  }

  @Override
  public CapsuleRouting capsuleRouting(CapsuleRouting.Options options) {
    return new CudaCapsuleRouting(this, options);
  }

  @Override
  public BiLstm biLstm(BiLstm.Options options) {
    return switch (options.implementation()) {
      case AUTO, PERSISTENT -> new CudaBiLstm(this, options);
      case CUDNN -> new CudnnBiLstm(this, options);
    };
  }

  @Override
  public TransformerEncoder transformerEncoder(TransformerEncoder.Options options) {
    return new CudaTransformerEncoder(this, options);
  }

  @Override
  public RecentItems recentItems(RecentItems.Options options) {
    return new CudaRecentItems(this, options);
  }

  @Override
  public InterestReadout interestReadout(InterestReadout.Options options) {
    return new CudaInterestReadout(this, options);
  }

  @Override
  public RankingLoss rankingLoss(RankingLoss.Options options) {
    return new CudaRankingLoss(this, options);
  }

  @Override
  public EmbeddingGradient embeddingGradient() {
    return new CudaEmbeddingGradient(this);
  }

  @Override
  public Adam adam(Adam.Options options) {
    return new CudaAdam(this, options);
  }

  @Override
  public TopK topK(TopK.Options options) {
    return new CudaTopK(this, options);
  }

  @Override
  public void close() {
    context.close();
  }

  @Override
  public String toString() {
    return describe();
  }
}
