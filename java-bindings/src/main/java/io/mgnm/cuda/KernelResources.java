package io.mgnm.cuda;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a kernel takes of a multiprocessor, from the assembler's log; PTX has no such log.
 *
 * @param registers a thread
 * @param stackBytes local memory a thread
 * @param spillStoreBytes registers moved to local memory for want of room, written
 * @param spillLoadBytes and read back
 * @param sharedBytes static shared memory a block
 */
public record KernelResources(
    int registers, int stackBytes, int spillStoreBytes, int spillLoadBytes, int sharedBytes) {
  private static final Pattern KERNEL =
      Pattern.compile(
          "Function properties for (\\w+)\\s*\\n.*?(\\d+) bytes stack frame, (\\d+) bytes spill"
              + " stores, (\\d+) bytes spill loads\\s*\\n.*?Used (\\d+) registers([^\\n]*)");
  private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

  /** Kernels by name. */
  static Map<String, KernelResources> parse(String log) {
    Map<String, KernelResources> resources = new TreeMap<>();
    Matcher matcher = KERNEL.matcher(log);
    while (matcher.find()) {
      Matcher shared = SHARED.matcher(matcher.group(6));
      resources.put(
          matcher.group(1),
          new KernelResources(
              Integer.parseInt(matcher.group(5)),
              Integer.parseInt(matcher.group(2)),
              Integer.parseInt(matcher.group(3)),
              Integer.parseInt(matcher.group(4)),
              shared.find() ? Integer.parseInt(shared.group(1)) : 0));
    }
    return resources;
  }
}
