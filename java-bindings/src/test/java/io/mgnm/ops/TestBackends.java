package io.mgnm.ops;

import java.util.stream.Stream;

/** The backends that every parity test runs on. */
public final class TestBackends {
  private TestBackends() {}

  /** Each candidate, opened by name, so that a test cannot run on another by accident. */
  public static Stream<Backend> candidates() {
    return Stream.of("cpu").map(TestBackends::open);
  }

  private static Backend open(String name) {
    Backend backend = Backends.open(name, new BackendOptions(2));
    if (!backend.name().equals(name)) {
      throw new AssertionError("asked for " + name + ", got " + backend.name());
    }
    return backend;
  }
}
