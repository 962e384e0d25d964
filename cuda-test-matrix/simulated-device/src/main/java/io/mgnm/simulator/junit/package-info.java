/** The JUnit extension that gives a test a simulated machine: {@code @SimulatedCuda}. */
package io.mgnm.simulator.junit;
