package io.mgnm.matrix.work;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A worker process, as the process that started it sees it. Not for several threads. */
final class WorkerProcess implements AutoCloseable {
  private static final String ENDED = "";
  private static final int START_SECONDS = 120;
  private static final int QUEUED_LINES = 1000;
  private static final int SHOWN_BYTES = 4000;

  private final ObjectMapper mapper = new ObjectMapper();
  private final Process process;
  private final Path errors;
  private final Writer toWorker;
  private int startSeconds = START_SECONDS; // which the first report has on top
  private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(QUEUED_LINES);

  private WorkerProcess(Process process, Path errors) {
    this.process = process;
    this.errors = errors;
    this.toWorker =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    Thread reader = new Thread(this::read, "matrix worker " + process.pid());
    reader.setDaemon(true);
    reader.start();
  }

  static WorkerProcess start(boolean simulated) throws IOException {
    Path errors = Files.createTempFile("mgnm-matrix", ".log");
    Process process = new ProcessBuilder(command(simulated)).redirectError(errors.toFile()).start();
    return new WorkerProcess(process, errors);
  }

  private static List<String> command(boolean simulated) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--add-modules=jdk.incubator.vector");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Xmx2g");
    command.add("-Xlog:disable");
    if (simulated) { // which needs this collector, and takes no machine code
      command.add("-XX:+UseG1GC");
      command.add("-Dmgnm.cuda.image=ptx");
    }
    System.getProperties().stringPropertyNames().stream()
        .filter(name -> name.matches("mgnm\\.(cache|nvrtc)|logback\\.configurationFile"))
        .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Worker.class.getName());
    return command;
  }

  /**
   * Has a job done.
   *
   * @return whether the worker is still there for another one
   */
  boolean run(Job job, Consumer<Job.Report> reports) throws IOException, InterruptedException {
    try {
      toWorker.write(mapper.writerFor(Job.class).writeValueAsString(job));
      toWorker.write('\n');
      toWorker.flush();
    } catch (IOException e) {
      job.died(lastWords(), reports);
      return false;
    }
    while (true) {
      String line = lines.poll(job.patienceSeconds() + startSeconds, TimeUnit.SECONDS);
      startSeconds = 0;
      if (line == null) {
        job.died("no report for " + job.patienceSeconds() + " s: ended", reports);
        return false;
      }
      if (line.equals(ENDED)) {
        job.died(lastWords(), reports);
        return false;
      }
      if (line.equals(Worker.DONE)) {
        return true;
      }
      reports.accept(mapper.readValue(line, Job.Report.class));
    }
  }

  private String lastWords() throws IOException, InterruptedException {
    process.waitFor(10, TimeUnit.SECONDS);
    byte[] all = Files.readAllBytes(errors);
    int from = Math.max(0, all.length - SHOWN_BYTES);
    String code = process.isAlive() ? "no exit code" : "exit code " + process.exitValue();
    return "the worker process died, %s: %s"
        .formatted(code, new String(all, from, all.length - from, StandardCharsets.UTF_8));
  }

  private void read() {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.put(line);
      }
      lines.put(ENDED);
    } catch (IOException e) {
      lines.offer(ENDED); // its end was not orderly, but it is one
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    Files.deleteIfExists(errors);
  }
}
