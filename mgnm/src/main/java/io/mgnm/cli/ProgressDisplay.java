package io.mgnm.cli;

import java.io.PrintWriter;
import java.util.function.Supplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * How far a long command is: a bar where there is a terminal, and elsewhere, such as in a log, a
 * line now and then.
 */
public final class ProgressDisplay implements AutoCloseable {
  private static final long SILENCE_NANOS = 30_000_000_000L;
  private static final String ERASED_LINE = "\r\u001b[2K";

  private final PrintWriter err;
  private final boolean terminal = System.console() != null && System.console().isTerminal();
  private ProgressBar bar;
  private String task = "";
  private long lastSaid = System.nanoTime();

  /** A display that shows nothing yet; where there is no terminal it writes to {@code err}. */
  public ProgressDisplay(PrintWriter err) {
    this.err = err;
  }

  /**
   * Shows how far a task is.
   *
   * @param name of the task; another one ends that before it
   * @param message what else there is to say, asked for only where it is shown
   */
  public void show(String name, long done, long of, Supplier<String> message) {
    if (!terminal) {
      if (System.nanoTime() - lastSaid > SILENCE_NANOS) {
        say("%s: %d of %d, %s".formatted(name, done, of, message.get()));
      }
      return;
    }
    if (!name.equals(task)) {
      close();
    }
    if (bar == null) {
      task = name;
      bar =
          new ProgressBarBuilder()
              .setTaskName(name)
              .setInitialMax(of)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(200)
              .setConsumer(new ConsoleProgressBarConsumer(System.err)) // stays in its line
              .build();
    }
    bar.maxHint(of);
    bar.stepTo(done);
    bar.setExtraMessage(message.get());
  }

  /** Writes a line; a bar that is shown comes back below it. */
  public void say(String line) {
    say(err, line);
  }

  /** Likewise, to standard output or wherever else the command writes. */
  public void say(PrintWriter out, String line) {
    if (bar != null) {
      out.print(ERASED_LINE);
    }
    out.println(line);
    out.flush();
    lastSaid = System.nanoTime();
  }

  /** Takes the bar away; another may be shown afterwards. */
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
