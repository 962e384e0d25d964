package io.mgnm.simulator.driver;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Opaque handles of one API. A handle is never given out twice in a process, so a stale one is
 * recognised; all kinds and all APIs share one numbering, so one of the wrong kind is too.
 */
public final class Handles {
  /** Far from host and device addresses, and no small number that a program could make up. */
  private static final AtomicLong NEXT = new AtomicLong(0x5151_0000_0000L);

  private final Map<Long, Object> live = new HashMap<>();
  private final Map<Long, String> gone = new HashMap<>();
  private final int invalidCode;

  /**
   * @param invalidCode the API's code for a handle that is not one
   */
  public Handles(int invalidCode) {
    this.invalidCode = invalidCode;
  }

  public long add(Object object) {
    long handle = NEXT.addAndGet(16);
    live.put(handle, object);
    return handle;
  }

  /**
   * The object of a handle.
   *
   * @throws ApiException where there is none of that kind
   */
  public <T> T get(long handle, Class<T> type) {
    Object object = live.get(handle);
    if (type.isInstance(object)) {
      return type.cast(object);
    }
    String what = type.getSimpleName();
    if (object != null) {
      what = "a " + object.getClass().getSimpleName() + " where a " + what + " is wanted";
    } else if (gone.containsKey(handle)) {
      what = "a destroyed " + gone.get(handle);
    } else {
      what = "not a " + what;
    }
    throw new ApiException(invalidCode, String.format("handle 0x%x is %s", handle, what));
  }

  /** As {@link #get}, and the handle is dead from now on. */
  public <T> T remove(long handle, Class<T> type) {
    T object = get(handle, type);
    live.remove(handle);
    gone.put(handle, type.getSimpleName());
    return object;
  }

  /** Removes whatever handle stands for the object. */
  @SuppressWarnings("ReferenceEquality") // handles stand for objects, not for values
  public void removeObject(Object object) {
    live.entrySet()
        .removeIf(
            entry -> {
              if (entry.getValue() != object) {
                return false;
              }
              gone.put(entry.getKey(), object.getClass().getSimpleName());
              return true;
            });
  }

  /** How many handles are live. */
  public int count() {
    return live.size();
  }

  /** The live handle of an object; 0 where it has none. */
  @SuppressWarnings("ReferenceEquality") // handles stand for objects, not for values
  public long handleOf(Object object) {
    for (Map.Entry<Long, Object> entry : live.entrySet()) {
      if (entry.getValue() == object) {
        return entry.getKey();
      }
    }
    return 0;
  }
}
