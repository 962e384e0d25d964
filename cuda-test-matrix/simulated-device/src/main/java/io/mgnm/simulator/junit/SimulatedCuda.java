package io.mgnm.simulator.junit;

import io.mgnm.simulator.driver.Schedule;
import io.mgnm.simulator.exec.Check;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * Runs each test on a fresh machine with simulated CUDA devices behind JCuda. A test may ask for it
 * as a parameter of type {@link io.mgnm.simulator.driver.Machine}. After the test, whatever it left
 * allocated and whatever was found wrong fails it, unless it took the findings itself.
 *
 * <p>JCuda's classes must not be touched before the first such test of the JVM. Where the simulated
 * device cannot run (no {@code cc}, not Linux, another collector than G1) the tests are skipped
 * with the reason, or fail if the system property {@code simulated.cuda.required} is {@code true}.
 *
 * <p>On a method it replaces the one on the class.
 */
@Documented
@Inherited
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(SimulatedCudaExtension.class)
@ResourceLock("the simulated machine of this JVM")
public @interface SimulatedCuda {
  /** 7.5, 8.6 or 9.0. */
  String computeCapability() default "9.0";

  /** Order inside launches. */
  LaunchOrder order() default LaunchOrder.ASCENDING;

  /** When work given to streams runs. */
  Schedule schedule() default Schedule.LATE;

  /** For everything drawn at random. */
  long seed() default 1;

  /** Checks inside kernels to leave out, for speed; the driver's own checks stay. */
  Check[] without() default {};

  /** Whether launches are counted. */
  boolean counting() default true;

  /**
   * Blocks of a launch that run at most, spread over the grid: for counting what a large launch
   * costs. Its results are not there.
   */
  long sampledBlocks() default Long.MAX_VALUE;

  /** Host threads that run the blocks of a launch. */
  int threads() default 1;

  /** Number of devices. */
  int devices() default 1;

  /** Memory of each device; what is not used costs nothing. */
  long memoryBytes() default 4L << 30;
}
