package io.mgnm.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordingFile;

/** Where processor time goes by operation, sampled by the JVM's flight recorder. */
final class Profile {
  private static final String CPU = "io.mgnm.ops.cpu.";

  /** Samples that belong to no operation: the loop around them, waiting, the compiler. */
  static final String OTHER = "other";

  private Profile() {}

  /**
   * Samples some work.
   *
   * @param stems of operations, as class names have them, such as {@code BiLstm}
   * @return the share of each operation and direction, {@code BiLstm backward}
   */
  static Map<String, Double> of(Runnable work, List<String> stems) throws IOException {
    Path file = Files.createTempFile("mgnm-profile", ".jfr");
    try (Recording recording = new Recording()) {
      recording.enable("jdk.CPUTimeSample").with("throttle", "1ms");
      recording.start();
      work.run();
      recording.stop();
      recording.dump(file);
      return shares(RecordingFile.readAllEvents(file), stems);
    } finally {
      Files.delete(file);
    }
  }

  private static Map<String, Double> shares(List<RecordedEvent> events, List<String> stems) {
    Map<String, Double> counts = new TreeMap<>();
    double all = 0;
    for (RecordedEvent event : events) {
      if (event.getEventType().getName().equals("jdk.CPUTimeSample")
          && event.getStackTrace() != null) {
        counts.merge(operation(event.getStackTrace(), stems), 1.0, Double::sum);
        all++;
      }
    }
    double total = all;
    counts.replaceAll((_, count) -> count / total);
    return counts;
  }

  /**
   * The operation of a stack: of the innermost class that is named after one, as {@code
   * CpuCapsuleRouting} and {@code RoutingPass} are.
   */
  private static String operation(RecordedStackTrace stack, List<String> stems) {
    String found = null;
    boolean backward = false;
    for (RecordedFrame frame : stack.getFrames()) {
      String type = frame.getMethod().getType().getName();
      if (!type.startsWith(CPU)) {
        continue;
      }
      String name = type.substring(CPU.length());
      if (found == null) {
        found = stems.stream().filter(stem -> isOf(name, stem)).findFirst().orElse(null);
      }
      if (found != null && isOf(name, found)) {
        backward |= (name + frame.getMethod().getName()).contains("ackward");
      }
    }
    return found == null ? OTHER : found + (backward ? " backward" : " forward");
  }

  private static boolean isOf(String name, String stem) {
    return name.startsWith("Cpu" + stem) || name.startsWith(stem.replace("Capsule", ""));
  }
}
