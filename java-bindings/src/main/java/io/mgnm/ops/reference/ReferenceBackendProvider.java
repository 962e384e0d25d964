package io.mgnm.ops.reference;

import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.BackendProvider;
import java.util.List;

/** The reference is always there, and never chosen unless asked for: it is slow. */
public final class ReferenceBackendProvider implements BackendProvider {

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public int priority() {
    return -1;
  }

  @Override
  public Availability availability() {
    return new Availability(true, "plain loops in double");
  }

  @Override
  public List<Finding> describe() {
    return List.of(new Finding("double arithmetic", true, availability().detail()));
  }

  @Override
  public Backend open(BackendOptions options) {
    return new ReferenceBackend(Precision.DOUBLE);
  }
}
