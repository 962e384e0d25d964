package io.mgnm.ops;

import java.util.Optional;

/**
 * Something that holds tensors and runs operations: the reference, the CPU or CUDA.
 *
 * <p>Operations run at once when called, in the order of the calls, or are recorded by {@link
 * #record} and run later as one {@link Sequence}. A backend is used by one thread at a time; the
 * threads it uses inside are its own affair and never change a result.
 */
public interface Backend extends AutoCloseable {

  /** The name by which a user asks for it: {@code reference}, {@code cpu} or {@code cuda}. */
  String name();

  /** One line for people: what runs the operations, and on what. */
  String describe();

  /** A new owner of memory; {@code name} appears in error messages and leak reports. */
  Scope scope(String name);

  /**
   * Runs {@code operations} once, without executing any operation, and returns what it called.
   *
   * @throws IllegalStateException when called while recording
   */
  Sequence record(String name, Runnable operations);

  /**
   * Memory on a device.
   *
   * @param needed bytes
   * @param free bytes, for all programs on the device
   */
  record DeviceMemory(long needed, long free) {}

  /**
   * What {@code allocations} would take of a device's own memory, without taking it.
   *
   * @param allocations makes scopes, tensors and recordings with this backend, runs nothing, and
   *     closes all of it
   * @return empty where tensors lie in the JVM's memory; then nothing was called
   */
  default Optional<DeviceMemory> deviceMemory(Runnable allocations) {
    return Optional.empty();
  }

  /** Draws training batches and initial logits. */
  BatchSampling batchSampling(BatchSampling.Options options);

  /** Divides a batch where a device has no room for the whole. */
  BatchParts batchParts();

  /** Copies embedding rows of a batch. */
  EmbeddingGather embeddingGather();

  /** Sets values of gathered rows to zero, in training. */
  Dropout dropout(Dropout.Options options);

  /** The adjacency alone, for study and tests: the model uses {@link #graphConvolution}. */
  HadamardSigmoidAdjacency hadamardSigmoidAdjacency();

  /** The learned graph and its convolutions. */
  GraphConvolution graphConvolution(GraphConvolution.Options options);

  /** Projects every level for every interest. */
  CapsuleProjection capsuleProjection();

  /** The squashing nonlinearity alone, the exemplar of an operation. */
  CapsuleSquash capsuleSquash();

  /** Dynamic routing, before and after the encoder. */
  CapsuleRouting capsuleRouting(CapsuleRouting.Options options);

  /** The bidirectional LSTM inside the routing. */
  BiLstm biLstm(BiLstm.Options options);

  /** The transformer block inside the routing. */
  TransformerEncoder transformerEncoder(TransformerEncoder.Options options);

  /** Adds a mean of the last items to the capsules' outputs; beyond the paper. */
  RecentItems recentItems(RecentItems.Options options);

  /** Interests, attention, per-level scores and the readout. */
  InterestReadout interestReadout(InterestReadout.Options options);

  /** The loss over all levels, and its derivative. */
  RankingLoss rankingLoss(RankingLoss.Options options);

  /** Sums row gradients by embedding row. */
  EmbeddingGradient embeddingGradient();

  /** The optimizer. */
  Adam adam(Adam.Options options);

  /** The best items, or a target's rank, over the whole catalogue. */
  TopK topK(TopK.Options options);

  /** Releases everything; idempotent. Scopes still open are closed first, and reported as leaks. */
  @Override
  void close();
}
