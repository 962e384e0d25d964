package io.mgnm.ops;

/** What a row of a tensor stands for, and so how many rows there are. */
public enum Axis {
  /** A number of rows fixed at allocation: parameters, tables, anything outside a batch. */
  FIXED,
  /** One row a history of the batch: B. */
  HISTORIES,
  /** One row an item of a history: T, all histories after one another. */
  ITEMS,
  /** One row a candidate: B·C, the C candidates of a history together. */
  CANDIDATES,
  /** One row an ordered pair of items of one history: Σ n², history by history, row-major. */
  PAIRS
}
