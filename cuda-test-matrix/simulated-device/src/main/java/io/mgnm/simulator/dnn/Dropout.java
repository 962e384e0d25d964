package io.mgnm.simulator.dnn;

/** A dropout descriptor: its probability and where its random state lives. */
record Dropout(float probability, long states, long stateBytes, long seed) {}
