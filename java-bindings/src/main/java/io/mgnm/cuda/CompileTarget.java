package io.mgnm.cuda;

import java.util.Locale;

/**
 * What kernels are compiled to.
 *
 * <p>Machine code ({@link Form#CUBIN}) for exactly the device at hand is the rule: the driver takes
 * it as it is, whatever its age. {@link Form#PTX} is for devices that take no machine code; the
 * driver translates it, and must be as new as the compiler. The property {@code mgnm.cuda.image},
 * {@code cubin} or {@code ptx}, decides; the simulated device needs {@code ptx}.
 *
 * @param capability the generation of the device
 * @param form machine code or PTX
 */
public record CompileTarget(ComputeCapability capability, Form form) {
  /** The property that chooses the form. */
  public static final String PROPERTY = "mgnm.cuda.image";

  /** Machine code or PTX. */
  public enum Form {
    CUBIN,
    PTX
  }

  /**
   * A device's target, in the form that the property chooses.
   *
   * @throws IllegalArgumentException where the property is neither {@code cubin} nor {@code ptx}
   */
  public static CompileTarget of(ComputeCapability capability) {
    String chosen = System.getProperty(PROPERTY, "cubin");
    return switch (chosen) {
      case "cubin", "ptx" ->
          new CompileTarget(capability, Form.valueOf(chosen.toUpperCase(Locale.ROOT)));
      default ->
          throw new IllegalArgumentException(
              "-D" + PROPERTY + ": expected cubin or ptx, got " + chosen);
    };
  }

  /** The compiler's name of it: {@code sm_90}, or {@code compute_90} for PTX. */
  public String architecture() {
    return (form == Form.CUBIN ? "sm_" : "compute_") + capability.number();
  }
}
