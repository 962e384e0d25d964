package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Operand;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code vprintf(format, arguments)}: what kernels print goes into the launch's report. */
final class Printf extends Instruction {
  private static final Pattern CONVERSION =
      Pattern.compile("%([-+ #0]*)(\\d*)(\\.\\d+)?(hh|h|ll|l|z|j|t)?([diouxXcsfFeEgGaAp%])");

  private final long format;
  private final long arguments;
  private final int result;

  Printf(Decoding d) {
    d.kernel.noteBlocksMeet();
    format = d.kernel.address(((Operand.Name) d.operand(1)).name(), 0, d);
    arguments = d.kernel.address(((Operand.Name) d.operand(2)).name(), 0, d);
    result =
        d.count() > 3 ? (int) d.kernel.address(((Operand.Name) d.operand(3)).name(), 0, d) : -1;
  }

  @Override
  public void execute(Warp warp, int mask) {
    for (int m = mask; m != 0; m &= m - 1) {
      int lane = Integer.numberOfTrailingZeros(m);
      long text = AddressWindows.LOCAL + format;
      long data = AddressWindows.LOCAL + arguments;
      warp.processor.printed.append(
          print(
              warp,
              DeviceText.string(warp, DeviceText.integer(warp, text, 8, lane), lane),
              DeviceText.integer(warp, data, 8, lane),
              lane));
      if (result >= 0) {
        warp.local.put(result, 4, lane, 0);
      }
    }
  }

  /** Arguments lie one after the other, each aligned to its size. */
  private static String print(Warp warp, String format, long at, int lane) {
    StringBuilder out = new StringBuilder();
    Matcher matcher = CONVERSION.matcher(format);
    int end = 0;
    long next = at;
    while (matcher.find()) {
      out.append(format, end, matcher.start());
      end = matcher.end();
      char c = matcher.group(5).charAt(0);
      if (c == '%') {
        out.append('%');
        continue;
      }
      String size = matcher.group(4);
      boolean wide = "fFeEgGaAsp".indexOf(c) >= 0 || (size != null && !size.startsWith("h"));
      int bytes = wide ? 8 : 4;
      next = (next + bytes - 1) / bytes * bytes;
      long raw = DeviceText.integer(warp, next, bytes, lane);
      next += bytes;
      String flags = "%" + matcher.group(1) + matcher.group(2);
      String precision = matcher.group(3) == null ? "" : matcher.group(3);
      out.append(
          switch (c) {
            case 'd', 'i' -> String.format(flags + "d", wide ? raw : (long) (int) raw);
            case 'u' -> String.format(flags.replace("+", "") + "s", Long.toUnsignedString(raw));
            case 'x', 'X', 'o' -> String.format(flags + c, raw);
            case 'c' -> String.format(flags + "c", (int) raw & 0xff);
            case 's' -> String.format(flags + "s", DeviceText.string(warp, raw, lane));
            case 'p' -> String.format("0x%x", raw);
            case 'F' -> String.format(flags + precision + "f", Double.longBitsToDouble(raw));
            default -> String.format(flags + precision + c, Double.longBitsToDouble(raw));
          });
    }
    return out.append(format.substring(end)).toString();
  }
}
