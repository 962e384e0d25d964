package io.mgnm.cuda;

import java.util.LinkedHashSet;
import java.util.SequencedSet;

/** Things that must be closed, the last first, each tried even where another fails. */
final class Owned {
  private final SequencedSet<AutoCloseable> things = new LinkedHashSet<>();

  /** Takes a thing on. */
  <T extends AutoCloseable> T add(T thing) {
    things.add(thing);
    return thing;
  }

  /** Forgets a thing that was closed on its own. */
  void remove(AutoCloseable thing) {
    things.remove(thing);
  }

  /**
   * Closes all.
   *
   * @throws RuntimeException the first failure, with later ones as suppressed
   */
  void closeAll() {
    RuntimeException failure = null;
    while (!things.isEmpty()) {
      try {
        things.removeLast().close();
      } catch (Exception e) {
        if (failure != null) {
          failure.addSuppressed(e);
        } else {
          failure = e instanceof RuntimeException r ? r : new IllegalStateException(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
