package example;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.mgnm.cli.MgnmCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's Java is this project's, and this project's Java works. */
class ReadmeTest {
  private static final Path README = Path.of("..", "..", "README.md");

  @Test
  void theReadmeShowsTheseSources() throws IOException {
    String readme = Files.readString(README);
    for (String name : List.of("Squash", "Recommend")) {
      String body = body(Path.of("src/main/java/example/" + name + ".java"));
      assertTrue(readme.contains(body), "README.md lacks this part of " + name + ":\n" + body);
    }
  }

  /** The try statement of a source, without its indentation. */
  private static String body(Path source) throws IOException {
    List<String> lines = Files.readAllLines(source);
    return lines.stream()
        .dropWhile(line -> !line.strip().startsWith("try ("))
        .takeWhile(line -> !line.equals("  }"))
        .map(line -> line.substring(4))
        .collect(Collectors.joining("\n"));
  }

  @Test
  void squashWorks() {
    assertArrayEquals(
        new float[] {0.5f, 0, 0, 0, 0, 0}, Squash.squash(new float[] {1, 0, 0, 0, 0, 0}), 1e-6f);
  }

  @Test
  void recommendWorks(@TempDir Path folder) throws IOException {
    Path table = folder.resolve("table.csv");
    StringBuilder rows = new StringBuilder("user,item,time\n");
    for (int user = 0; user < 40; user++) {
      for (int event = 0; event < 8; event++) {
        rows.append("u%d,i%d,%d%n".formatted(user, (user + event) % 20, 100 * user + event));
      }
    }
    Files.writeString(table, rows);
    Path data = folder.resolve("data");
    Path run = folder.resolve("run");
    run("prepare", table.toString(), "--out", data.toString());
    run("train", data.toString(), "--out", run.toString(), "--epochs", "2");
    List<String> items = Recommend.next(run, List.of("i1", "i2", "i3"));
    assertEquals(10, items.size());
    assertTrue(items.stream().noneMatch(List.of("i1", "i2", "i3")::contains));
  }

  private static void run(String... arguments) {
    assertEquals(0, MgnmCommand.commandLine().execute(arguments));
  }
}
