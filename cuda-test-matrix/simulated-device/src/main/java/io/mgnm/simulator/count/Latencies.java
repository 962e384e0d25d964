package io.mgnm.simulator.count;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Map;

/**
 * Cycles from issue until a dependent instruction can issue, by class. The table is the resource
 * {@code latencies.txt}, where each line has its source.
 */
public final class Latencies {
  private static final Map<InstructionClass, Integer> CYCLES = read();

  private Latencies() {}

  public static int of(InstructionClass kind) {
    return CYCLES.get(kind);
  }

  private static Map<InstructionClass, Integer> read() {
    Map<InstructionClass, Integer> result = new EnumMap<>(InstructionClass.class);
    try (InputStream in = Latencies.class.getResourceAsStream("latencies.txt");
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String content = line.replaceAll("#.*", "").trim();
        if (!content.isEmpty()) {
          String[] fields = content.split("\\s+");
          result.put(InstructionClass.valueOf(fields[0]), Integer.parseInt(fields[1]));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (InstructionClass kind : InstructionClass.values()) {
      if (!result.containsKey(kind)) {
        throw new IllegalStateException("latencies.txt lacks " + kind);
      }
    }
    return result;
  }
}
