package io.mgnm.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.kernels.KernelCatalogue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * An operation has one stem, and each place has its name made of it: the scheme of CONTRIBUTING,
 * executed. Operations are what {@link Backend} has factories for; kernels are the files of the
 * kernels folder.
 */
class OperationInventoryTest {
  private static final Path MAIN = Path.of("src", "main", "java", "io", "mgnm", "ops");
  private static final Path TEST = Path.of("src", "test", "java", "io", "mgnm", "ops");
  private static final Path KERNELS = Path.of("..", "kernels", "src", "main", "cuda");
  private static final Pattern STEM = Pattern.compile("(?m)^ \\* \\{@code ([a-z_]+)\\}[,:]");

  /** Files that are not there yet. One that comes is taken off; one may only be added here. */
  private static final Set<String> UNFINISHED = Set.of();

  private static List<String> operations() {
    List<String> names =
        Arrays.stream(Backend.class.getMethods())
            .map(method -> method.getReturnType().getSimpleName())
            .filter(
                name ->
                    Arrays.stream(Backend.class.getMethods())
                        .anyMatch(method -> method.getName().equalsIgnoreCase(name)))
            .filter(name -> !name.equals("Scope"))
            .sorted()
            .toList();
    assertThat(names).hasSizeGreaterThan(10).contains("CapsuleSquash", "BiLstm", "TopK");
    return names;
  }

  private static String stem(String operation) throws IOException {
    String source = Files.readString(MAIN.resolve(operation + ".java"));
    Matcher matcher = STEM.matcher(source);
    assertThat(matcher.find()).as("%s names its stem first", operation).isTrue();
    return matcher.group(1);
  }

  /** capsule_squash is CapsuleSquash; bilstm is BiLstm, as its contract writes it. */
  private static String camel(String stem) throws IOException {
    for (String operation : operations()) {
      if (stem(operation).equals(stem)) {
        return operation;
      }
    }
    return Stream.of(stem.split("_"))
        .map(word -> Character.toUpperCase(word.charAt(0)) + word.substring(1))
        .collect(Collectors.joining());
  }

  @Test
  void everyOperationHasContractReferenceFallbackAndTest() throws IOException {
    Set<String> missing = new TreeSet<>();
    for (String operation : operations()) {
      assertThat(stem(operation).replace("_", "")).isEqualToIgnoringCase(operation);
      for (Path file :
          List.of(
              MAIN.resolve("reference").resolve("Reference" + operation + ".java"),
              MAIN.resolve("cpu").resolve("Cpu" + operation + ".java"),
              TEST.resolve(operation + "ParityTest.java"))) {
        if (!Files.exists(file)) {
          missing.add(file.getFileName().toString().replace(".java", ""));
        }
      }
    }
    assertThat(missing)
        .as("missing; those not listed are new, listed ones have come")
        .isEqualTo(UNFINISHED);
  }

  @Test
  void kernelsAndLaunchersComeInPairs() throws IOException {
    Set<String> ofKernels = new TreeSet<>();
    try (Stream<Path> files = Files.list(KERNELS)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".cu")).toList()) {
        ofKernels.add("Cuda" + camel(file.getFileName().toString().replace(".cu", "")));
      }
    }
    assertThat(ofKernels).hasSameSizeAs(KernelCatalogue.stems());
    for (String launcher : ofKernels) {
      assertThat(MAIN.resolve("cuda").resolve(launcher + ".java")).exists();
    }
    for (String operation : operations()) {
      String launcher = "Cuda" + operation;
      if (Files.exists(MAIN.resolve("cuda").resolve(launcher + ".java"))) {
        assertThat(ofKernels).contains(launcher);
      }
    }
  }

  /** A kernel without a parity test on CUDA is not proven. */
  @Test
  void parityTestsOfKernelsRunOnCuda() throws IOException {
    for (String stem : KernelCatalogue.stems()) {
      Path test = TEST.resolve(camel(stem) + "ParityTest.java");
      assertThat(Files.readString(test))
          .containsPattern("candidatesWith(Every)?Cuda\\(\"" + stem + "\"\\)");
    }
  }
}
