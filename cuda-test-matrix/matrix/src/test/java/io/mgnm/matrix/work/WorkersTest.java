package io.mgnm.matrix.work;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Jobs that end well, badly, abruptly and never. */
class WorkersTest {

  /** What a job says. */
  record Said(String text) implements Job.Report {}

  /** Does what it is told. */
  record Told(String what) implements Job {
    @Override
    public String stem() {
      return "stem of " + what;
    }

    @Override
    public void run(Consumer<Report> reports) {
      System.out.println("printed by a job, not a report");
      reports.accept(new Said("begin " + what));
      switch (what) {
        case "throw" -> throw new IllegalStateException("as told");
        case "halt" -> Runtime.getRuntime().halt(7);
        case "hang" -> hang();
        default -> reports.accept(new Said("end " + what));
      }
    }

    private static void hang() {
      try {
        Thread.sleep(1_000_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void died(String why, Consumer<Report> reports) {
      reports.accept(new Said("died " + what + ": " + why));
    }

    @Override
    public int patienceSeconds() {
      return 5;
    }
  }

  @Test
  void everyJobIsDoneOrSaidToHaveDied() {
    List<String> said = new ArrayList<>();
    List<String> progress = new ArrayList<>();
    new Workers(
            2, false, (done, of, stem) -> progress.add("%d of %d, %s".formatted(done, of, stem)))
        .run(
            List.of("a", "throw", "b", "halt", "hang", "c").stream().map(Told::new).toList(),
            report -> said.add(((Said) report).text()));
    assertThat(progress)
        .hasSize(12)
        .contains("0 of 6, stem of a")
        .last()
        .asString()
        .startsWith("6 of 6, stem of ");
    assertThat(said)
        .contains("end a", "end b", "end c")
        .anySatisfy(
            text ->
                assertThat(text)
                    .startsWith("died throw: the worker process died, exit code 1")
                    .contains("IllegalStateException: as told"))
        .anySatisfy(text -> assertThat(text).contains("died halt").contains("exit code 7"))
        .anySatisfy(text -> assertThat(text).isEqualTo("died hang: no report for 5 s: ended"));
  }
}
