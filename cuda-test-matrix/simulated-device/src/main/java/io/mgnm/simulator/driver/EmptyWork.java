package io.mgnm.simulator.driver;

/** Only a place in the order: an event, a wait, the join of a graph's branches. */
final class EmptyWork extends Work {
  private final String name;

  EmptyWork(String name) {
    this.name = name;
  }

  @Override
  int nodeType() {
    return 5;
  }

  @Override
  String describe() {
    return name;
  }

  @Override
  void run(Operation operation) {}

  @Override
  long nanoseconds() {
    return 0;
  }
}
