package io.mgnm.simulator.machine;

import io.mgnm.simulator.exec.Finding;
import io.mgnm.simulator.exec.ThreadId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Findings of a launch, one for each kind and instruction. */
public final class Findings {
  private record Key(Finding.Kind kind, Instruction at) {}

  private static final class Entry {
    private final Finding first;
    private long occurrences;

    Entry(Finding first) {
      this.first = first;
    }
  }

  private final Map<Key, Entry> entries = new LinkedHashMap<>();

  void add(
      Finding.Kind kind, Instruction at, ThreadId thread, long address, Supplier<String> message) {
    entries.computeIfAbsent(
            new Key(kind, at),
            key -> new Entry(new Finding(kind, at.location(), thread, address, message.get(), 0)))
        .occurrences++;
  }

  /** All findings in the order of their first occurrence. */
  public List<Finding> list() {
    List<Finding> result = new ArrayList<>();
    for (Entry e : entries.values()) {
      Finding f = e.first;
      result.add(
          new Finding(f.kind(), f.location(), f.thread(), f.address(), f.message(), e.occurrences));
    }
    return result;
  }
}
