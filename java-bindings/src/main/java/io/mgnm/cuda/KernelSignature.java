package io.mgnm.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A kernel's name and parameters, as its source declares them.
 *
 * @param name of the kernel
 * @param parameters in their order
 */
public record KernelSignature(String name, List<Parameter> parameters) {
  private static final Pattern COMMENTS = Pattern.compile("//[^\n]*|/\\*.*?\\*/", Pattern.DOTALL);
  private static final Pattern DECLARATION =
      Pattern.compile(
          "__global__\\s+void\\s+(?:__launch_bounds__\\s*\\([^)]*\\)\\s*)?(\\w+)\\s*\\(([^)]*)\\)");
  private static final Pattern PARAMETER =
      Pattern.compile(
          "(?:const\\s+)?(float|double|int|unsigned(?:\\s+int)?|(?:unsigned\\s+)?long\\s+long)"
              + "\\s*(\\*)?\\s*(?:const\\s+)?(?:__restrict__\\s+)?(?:const\\s+)?(\\w+)");

  /**
   * A parameter.
   *
   * @param name as declared
   * @param type of the value, or of what the pointer points to
   * @param pointer whether it takes a {@link DeviceBuffer}
   */
  public record Parameter(String name, ElementType type, boolean pointer) {

    /** Whether an argument fits: a buffer of the type, or a Java number of exactly the type. */
    boolean takes(Object argument) {
      if (pointer) {
        return argument instanceof DeviceBuffer buffer && buffer.type() == type;
      }
      return switch (type) {
        case FLOAT32 -> argument instanceof Float;
        case INT32 -> argument instanceof Integer;
        case INT64 -> argument instanceof Long;
        case FLOAT64 -> argument instanceof Double;
      };
    }

    @Override
    public String toString() {
      return type + (pointer ? "* " : " ") + name;
    }
  }

  /** Checks nothing but copies the list. */
  public KernelSignature {
    parameters = List.copyOf(parameters);
  }

  /**
   * The kernels that a source declares.
   *
   * @throws IllegalArgumentException where a parameter has a type that launches do not know
   */
  static List<KernelSignature> of(String source) {
    List<KernelSignature> signatures = new ArrayList<>();
    Matcher kernel = DECLARATION.matcher(COMMENTS.matcher(source).replaceAll(" "));
    while (kernel.find()) {
      List<Parameter> parameters = new ArrayList<>();
      for (String declared : kernel.group(2).split(",", -1)) {
        if (!declared.isBlank()) {
          parameters.add(parameter(kernel.group(1), declared.strip()));
        }
      }
      signatures.add(new KernelSignature(kernel.group(1), parameters));
    }
    return signatures;
  }

  private static Parameter parameter(String kernel, String declared) {
    Matcher matcher = PARAMETER.matcher(declared);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "kernel %s: parameter '%s': expected float, double, int, unsigned or long long, or a pointer to one"
              .formatted(kernel, declared));
    }
    ElementType type =
        switch (matcher.group(1).replaceAll("\\s+", " ")) {
          case "float" -> ElementType.FLOAT32;
          case "double" -> ElementType.FLOAT64;
          case "int", "unsigned", "unsigned int" -> ElementType.INT32;
          default -> ElementType.INT64;
        };
    return new Parameter(matcher.group(3), type, matcher.group(2) != null);
  }

  @Override
  public String toString() {
    return parameters.stream()
        .map(Parameter::toString)
        .collect(Collectors.joining(", ", name + "(", ")"));
  }
}
