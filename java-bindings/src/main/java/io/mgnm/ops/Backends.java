package io.mgnm.ops;

import io.mgnm.ops.BackendProvider.Availability;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds and opens backends by name. */
public final class Backends {
  private static final Logger log = LoggerFactory.getLogger(Backends.class);

  /** Backends whose absence has been logged. */
  private static final Set<String> TOLD = ConcurrentHashMap.newKeySet();

  private Backends() {}

  /** All backends on the class path, in the order in which {@code auto} tries them. */
  public static List<BackendProvider> providers() {
    return ServiceLoader.load(BackendProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparingInt(BackendProvider::priority).reversed())
        .toList();
  }

  /**
   * Opens a backend.
   *
   * @param name {@code cuda}, {@code cpu}, {@code reference}, or {@code auto}: the first that can
   *     run here, with one log line, once a process, for each that cannot
   * @throws BackendUnavailableException where it cannot run here, with the reason and the remedy
   * @throws IllegalArgumentException where no backend has the name
   */
  public static Backend open(String name, BackendOptions options) {
    List<BackendProvider> providers = providers();
    if (name.equals("auto")) {
      return openFirst(providers, options);
    }
    for (BackendProvider provider : providers) {
      if (provider.name().equals(name)) {
        Availability availability = provider.availability();
        if (!availability.available()) {
          throw new BackendUnavailableException(
              "backend '" + name + "' cannot run here: " + availability.detail());
        }
        return provider.open(options);
      }
    }
    throw new IllegalArgumentException(
        "no backend is named '"
            + name
            + "'; expected auto or one of "
            + providers.stream().map(BackendProvider::name).collect(Collectors.joining(", ")));
  }

  private static Backend openFirst(List<BackendProvider> providers, BackendOptions options) {
    StringBuilder reasons = new StringBuilder();
    for (BackendProvider provider : providers) {
      if (provider.priority() < 0) {
        continue;
      }
      Availability availability = provider.availability();
      if (availability.available()) {
        return provider.open(options);
      }
      if (TOLD.add(provider.name())) {
        log.info("backend {} cannot run here: {}", provider.name(), availability.detail());
      }
      reasons.append(' ').append(provider.name()).append(": ").append(availability.detail());
    }
    throw new BackendUnavailableException("no backend can run here." + reasons);
  }
}
