package io.mgnm.matrix.work;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.function.Consumer;

/**
 * A piece of work for a process of its own: a process has one simulated machine at a time, and what
 * crashes or never ends there does no harm here. Travels as JSON, as do its reports.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.CLASS)
public interface Job {

  /** Of the operation that it is about. */
  String stem();

  /** Does it, in the worker process. */
  void run(Consumer<Report> reports);

  /** What to report, in the process that asked, where the worker died or had to be ended. */
  void died(String why, Consumer<Report> reports);

  /** Seconds without any report after which the worker is taken for stuck. */
  default int patienceSeconds() {
    return 900;
  }

  /** Something that a job tells the process that asked for it. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.CLASS)
  interface Report {}
}
