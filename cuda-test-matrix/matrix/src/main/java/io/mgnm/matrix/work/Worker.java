package io.mgnm.matrix.work;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;

/**
 * Main class of a worker process: a job a line on standard input, its reports on standard output.
 */
final class Worker {
  /** Line after a job's last report. */
  static final String DONE = "done";

  private static final int SHOWN_LINES = 20;

  private Worker() {}

  public static void main(String[] arguments) {
    try {
      serve();
    } catch (Throwable e) { // said once, at the end of what the process prints
      StringWriter text = new StringWriter();
      e.printStackTrace(new PrintWriter(text));
      text.toString().lines().limit(SHOWN_LINES).forEach(System.err::println);
      System.exit(1);
    }
  }

  private static void serve() throws IOException {
    PrintStream out = System.out;
    System.setOut(System.err); // whatever else prints must not come between reports
    ObjectMapper mapper = new ObjectMapper();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      mapper
          .readValue(line, Job.class)
          .run(
              report -> {
                out.println(json(mapper, report));
                out.flush();
              });
      out.println(DONE);
      out.flush();
    }
  }

  private static String json(ObjectMapper mapper, Job.Report report) {
    try {
      return mapper.writerFor(Job.Report.class).writeValueAsString(report);
    } catch (IOException e) {
      throw new IllegalStateException("a report cannot be written as JSON: " + report, e);
    }
  }
}
