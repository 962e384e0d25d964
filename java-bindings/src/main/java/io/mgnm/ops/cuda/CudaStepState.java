package io.mgnm.ops.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.mgnm.cuda.CudaContext;
import io.mgnm.cuda.DeviceBuffer;
import io.mgnm.cuda.PinnedBuffer;
import io.mgnm.ops.StepState;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The state of a run in device memory, laid out as {@code step_state.cuh} says. */
final class CudaStepState implements StepState {
  /** Blocks of batch_sampling_draw, each with a count of steps of its own. */
  static final int DRAW_BLOCKS = 128;

  private static final int STEP = 0;
  private static final int FAILED_STEP = 1;
  private static final int LEARNING_RATE = 2;
  private static final int LOSS = 3;
  private static final int L1 = 4;
  private static final int HISTORIES = 5;
  private static final int CANDIDATES = 6;
  private static final int WORDS = 8;

  private final CudaScope scope;
  private final DeviceBuffer words;
  private long steps; // begun, as far as the host gave the order
  private final PinnedBuffer[] answers = new PinnedBuffer[QUESTIONS]; // made when first asked for
  private long asked;
  private long answered;
  private boolean draws; // a step is begun on the device, now or by a recording

  CudaStepState(CudaScope scope) {
    this.scope = scope;
    this.words = scope.allocateLongs(WORDS + DRAW_BLOCKS, "state of training steps");
    set(0, 0);
  }

  CudaScope scope() {
    return scope;
  }

  /** For kernels: see {@code step_state.cuh}. */
  DeviceBuffer words() {
    return words;
  }

  /** A step was begun on the device, or will be by a recording. */
  void begins() {
    draws = true;
  }

  /** One more step begins on the device; its number, from 0. */
  long begin() {
    return steps++;
  }

  /** False only where the host knows that no step has begun. */
  boolean mayHaveBegun() {
    return steps > 0 || draws;
  }

  @Override
  public void set(long stepsDone, double learningRate) {
    scope.requireTransfer();
    long[] values = new long[WORDS + DRAW_BLOCKS];
    values[STEP] = stepsDone;
    values[FAILED_STEP] = -1;
    values[LEARNING_RATE] = Double.doubleToRawLongBits(learningRate);
    Arrays.fill(values, WORDS, values.length, stepsDone);
    scope.backend().stream().upload(words, values);
    steps = stepsDone;
    answered = asked;
  }

  @Override
  public void ask() {
    scope.requireTransfer();
    StepState.checkAsk((int) (asked - answered));
    CudaContext context = scope.backend().context();
    for (int slot = 0; slot < QUESTIONS; slot++) {
      if (answers[slot] == null) {
        answers[slot] = scope.own(context.pinned(WORDS * Long.BYTES, "answer of a step state"));
      }
    }
    PinnedBuffer answer = answers[(int) (asked % QUESTIONS)];
    scope.backend().stream().downloadAsync(words.slice(0, WORDS), answer);
    asked++;
    scope.backend().stream().clear(words.slice(LOSS, CANDIDATES + 1 - LOSS));
  }

  @Override
  public Progress answer() {
    scope.requireTransfer();
    StepState.checkAnswer((int) (asked - answered));
    PinnedBuffer answer = answers[(int) (answered % QUESTIONS)];
    answer.await();
    answered++;
    MemorySegment values = answer.segment();
    return new Progress(
        values.getAtIndex(JAVA_LONG, STEP),
        values.getAtIndex(JAVA_LONG, FAILED_STEP),
        values.getAtIndex(JAVA_DOUBLE, LOSS),
        values.getAtIndex(JAVA_DOUBLE, L1),
        values.getAtIndex(JAVA_LONG, HISTORIES),
        values.getAtIndex(JAVA_LONG, CANDIDATES));
  }
}
