package io.mgnm.config;

import java.util.List;

/** Every setting of a run: its name, what it may be, its default, and what it means. */
public enum Key {
  SEED("seed", Kind.integer(0, Long.MAX_VALUE), 1L, "key of every random draw"),

  D(
      "model.d",
      Kind.integer(1, 512),
      16L,
      "size d of embeddings; even with encoder bilstm or transformer"),
  INTERESTS("model.interests", Kind.integer(1, 64), 4L, "interests K of each level"),
  LAYERS("model.layers", Kind.integer(0, 16), 3L, "graph layers L; 0 has no graph"),

  GRAPH_NORMALISATION(
      "graph.normalisation",
      Kind.choice("symmetric", "kipf", "none"),
      "symmetric",
      "operator P: I + D^-1/2 A D^-1/2, Kipf's, or A itself"),
  GRAPH_USER("graph.user", Kind.flag(), true, "whether the user weights the products in A"),
  GRAPH_INPUT(
      "graph.input",
      Kind.choice("previous", "first"),
      "previous",
      "what a layer convolves: the level before it, or H0"),
  GRAPH_SLOPE("graph.slope", Kind.real(0, 1), 0.2, "LeakyReLU's slope"),

  ROUTING_ITERATIONS(
      "routing.iterations", Kind.integer(1, 10), 3L, "τ; at least 2 unless encoder is none"),
  ROUTING_SOFTMAX(
      "routing.softmax",
      Kind.choice("positions", "interests"),
      "positions",
      "over what the couplings sum to one"),
  ROUTING_INIT(
      "routing.init", Kind.choice("random", "zeros"), "random", "the logits before iteration 1"),
  ROUTING_RECENCY(
      "routing.recency",
      Kind.real(0, 10),
      0.0,
      "how much the first interest's initial logit falls with every item back from the end;"
          + " half as much for each further interest"),
  ROUTING_GRADIENT(
      "routing.gradient",
      Kind.choice("full", "last"),
      "full",
      "whether derivatives go through every iteration's couplings"),
  ROUTING_ENCODED(
      "routing.encoded",
      Kind.choice("everywhere", "agreement"),
      "everywhere",
      "where the encoded sequence replaces the projected one after iteration 1"),
  ENCODER(
      "encoder",
      Kind.choice("bilstm", "bilstm-projected", "transformer", "none"),
      "bilstm",
      "what encodes the order of a history"),
  ENCODER_IMPLEMENTATION(
      "encoder.implementation",
      Kind.choice("auto", "persistent", "cudnn"),
      "auto",
      "what runs a bilstm on CUDA: the own kernels or cuDNN; auto is persistent on every device"),
  RECENT_WEIGHT(
      "recent.weight",
      Kind.real(0, 100),
      0.0,
      "how much of a mean of the history's item rows, the last ones first, is added to each capsule's"
          + " output"),
  INTEREST_PROJECTION(
      "interest.projection",
      Kind.choice("relu", "relu-bias", "none"),
      "relu",
      "q = ReLU(o W'); the same with 1 as the last value, so that an item row's last value is its"
          + " bias; or q = o"),
  READOUT(
      "readout",
      Kind.choice("max", "sum", "joint"),
      "max",
      "one score of the levels': their maximum, their sum, or one softmax over all interests"),

  LOSS(
      "loss",
      Kind.choice("logistic", "softmax"),
      "logistic",
      "cross-entropy of every candidate by itself, or of the positive against its negatives"),
  DROPOUT(
      "dropout",
      Kind.real(0, 0.99),
      0.0,
      "share of the values of a history's item rows that a training step sets to zero"),
  L1_WEIGHT("l1.weight", Kind.real(0, 1), 1e-6, "θ1: weight of the sum of A's entries"),
  L1_PER(
      "l1.per",
      Kind.choice("history", "candidate"),
      "history",
      "how often a history's sum of A counts: once, or for each candidate"),
  L2_WEIGHT("l2.weight", Kind.real(0, 1), 1e-5, "θ2: weight of half the squared parameters"),

  EMBEDDING_UPDATE(
      "embedding.update",
      Kind.choice("touched", "dense"),
      "touched",
      "rows that the optimizer moves: those of the batch, or all"),
  LEARNING_RATE("adam.learning_rate", Kind.real(0, 10), 1e-3, "Adam's rate"),
  LEARNING_RATE_SCHEDULE(
      "adam.schedule",
      Kind.choice("constant", "cosine"),
      "constant",
      "the rate over training.epochs: the same, or along half a cosine down to 0"),
  BETA1("adam.beta1", Kind.real(0, 0.999999), 0.9, "decay of the first moment"),
  BETA2("adam.beta2", Kind.real(0, 0.99999999), 0.999, "decay of the second moment"),
  EPSILON("adam.epsilon", Kind.real(1e-30, 1), 1e-8, "added to the root of the second moment"),

  NEGATIVES("negatives.count", Kind.integer(1, 10_000), 5L, "negatives of each positive"),
  NEGATIVES_DISTRIBUTION(
      "negatives.distribution",
      Kind.choice("uniform", "popularity"),
      "uniform",
      "how negatives are drawn"),
  NEGATIVES_EXPONENT(
      "negatives.exponent", Kind.real(0, 4), 0.75, "power of the counts with popularity"),
  NEGATIVES_CATALOGUE(
      "negatives.catalogue",
      Kind.choice("all", "train"),
      "all",
      "items that negatives come from: all, or those of the training period"),
  NEGATIVES_CORRECTION(
      "negatives.correction",
      Kind.choice("none", "logq"),
      "none",
      "what loss softmax subtracts from every score: nothing, or the logarithm of how likely its item"
          + " is drawn, so as to estimate the loss over all items; with uniform negatives that is one"
          + " number for all"),

  BATCH("batch", Kind.integer(1, 1 << 20), 256L, "positives of a step"),
  TRUNCATION("truncation", Kind.integer(1, 10_000), 100L, "last items of a history that count, m"),

  INIT_USER_STD("init.user_std", Kind.real(0, 10), 0.1, "deviation of the initial user rows"),
  INIT_ITEM_STD(
      "init.item_std",
      Kind.real(0, 10),
      0.0,
      "deviation of the initial item rows; 0 takes Glorot's uniform range"),
  UNSEEN(
      "unseen",
      Kind.choice("mean", "zero", "initial"),
      "mean",
      "row of a user that training never saw"),

  EPOCHS("training.epochs", Kind.integer(0, 1_000_000), 50L, "epochs at most"),
  PATIENCE(
      "training.patience",
      Kind.integer(1, 1_000_000),
      5L,
      "epochs without a better validation NDCG@5 before training stops"),
  VALIDATION_CANDIDATES(
      "validation.candidates", Kind.integer(1, 1_000_000), 1000L, "negatives of early stopping"),
  SAVE_SECONDS(
      "training.save_seconds",
      Kind.integer(1, 1_000_000),
      300L,
      "seconds between checkpoints inside an epoch"),

  MEMORY_FIT(
      "memory.fit",
      Kind.flag(),
      false,
      "whether a batch that has no room on the device goes through it in parts, instead of an error");

  private final String key;
  private final Kind kind;
  private final Object initial;
  private final String meaning;

  Key(String key, Kind kind, Object initial, String meaning) {
    this.key = key;
    this.kind = kind;
    this.initial = initial;
    this.meaning = meaning;
  }

  /** The dotted name that users write. */
  public String key() {
    return key;
  }

  /** What values it takes. */
  public Kind kind() {
    return kind;
  }

  /** The value of preset {@code default}. */
  public Object initial() {
    return initial;
  }

  /** One line for people. */
  public String meaning() {
    return meaning;
  }

  /** The key of that name, or null. */
  static Key named(String name) {
    return List.of(values()).stream().filter(k -> k.key.equals(name)).findFirst().orElse(null);
  }
}
