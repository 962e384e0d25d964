package io.mgnm.cuda;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who owns which device memory of one context, how much there was at most, and what leaked. It
 * holds no scope itself, so that a scope which the program lost can be noticed and reported.
 */
public final class MemoryLedger {
  private static final Logger log = LoggerFactory.getLogger(MemoryLedger.class);

  private final Map<Account, Account> accounts = new LinkedHashMap<>();
  private final List<String> leaks = new ArrayList<>();
  private long bytes;
  private long peak;

  /** What one scope holds. Its methods are called by the scope, {@code lost} by its Cleaner. */
  final class Account {
    private final String name;
    private final Map<Integer, Entry> entries = new LinkedHashMap<>();
    private int next;
    private boolean reported;

    private record Entry(String label, long bytes) {}

    private Account(String name) {
      this.name = name;
    }

    int add(String label, long added) {
      synchronized (MemoryLedger.this) {
        entries.put(next, new Entry(label, added));
        bytes += added;
        peak = Math.max(peak, bytes);
        return next++;
      }
    }

    void remove(int number) {
      synchronized (MemoryLedger.this) {
        bytes -= entries.remove(number).bytes();
      }
    }

    void close() {
      synchronized (MemoryLedger.this) {
        accounts.remove(this);
      }
    }

    /** The scope became unreachable; says so unless it was closed. Frees nothing. */
    void lost() {
      synchronized (MemoryLedger.this) {
        if (accounts.containsKey(this)) {
          reported = true;
          leak(this + " was lost without being closed");
        }
      }
    }

    private long held() {
      return entries.values().stream().mapToLong(Entry::bytes).sum();
    }

    @Override
    public String toString() {
      StringBuilder text = new StringBuilder("memory scope '").append(name).append("' with ");
      text.append(held()).append(" bytes");
      entries.values().stream()
          .limit(8)
          .forEach(e -> text.append(", ").append(e.label()).append(": ").append(e.bytes()));
      return text.append(entries.size() > 8 ? ", ..." : "").toString();
    }
  }

  MemoryLedger() {}

  synchronized Account open(String name) {
    Account account = new Account(name);
    accounts.put(account, account);
    return account;
  }

  /** Bytes of device memory in use. */
  public synchronized long bytes() {
    return bytes;
  }

  /** The most that was ever in use at once, in bytes. */
  public synchronized long peakBytes() {
    return peak;
  }

  /** One line a scope: its name, its bytes, and its first few buffers. */
  public synchronized String describe() {
    StringBuilder text = new StringBuilder();
    text.append(bytes).append(" bytes in use, at most ").append(peak);
    accounts.keySet().forEach(account -> text.append("\n  ").append(account));
    return text.toString();
  }

  /**
   * Scopes that were lost, or still open when their context closed. Tests assert that none were.
   */
  public synchronized List<String> leaks() {
    return List.copyOf(leaks);
  }

  synchronized void reportOpenScopes() {
    accounts.keySet().stream()
        .filter(account -> !account.reported)
        .forEach(account -> leak(account + " was open when its context closed"));
  }

  private void leak(String what) {
    leaks.add(what);
    log.warn("leak: {}", what);
  }
}
