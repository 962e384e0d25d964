package io.mgnm.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Scope;
import io.mgnm.ops.StepState.Progress;
import io.mgnm.simulator.junit.SimulatedCuda;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The layout of {@code step_state.cuh}, from the host's side. */
@SimulatedCuda
class CudaStepStateTest {

  @Test
  void isWhatTheHeaderSays() {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      CudaStepState state = (CudaStepState) scope.stepState();
      assertThat(state.read()).isEqualTo(new Progress(0, -1, 0, 0, 0, 0));
      state.set(1L << 33, 0.25);
      long[] words = new long[8 + CudaStepState.DRAW_BLOCKS];
      ((CudaBackend) cuda).stream().download(state.words(), words);
      assertThat(words).startsWith(1L << 33, -1, Double.doubleToLongBits(0.25), 0, 0, 0, 0, 0);
      assertThat(Arrays.copyOfRange(words, 8, words.length)).containsOnly(1L << 33);

      words[1] = 5;
      words[3] = Double.doubleToLongBits(1.5);
      words[4] = Double.doubleToLongBits(2.5);
      words[5] = 6;
      words[6] = 7;
      ((CudaBackend) cuda).stream().upload(state.words(), words);
      assertThat(state.read()).isEqualTo(new Progress(1L << 33, 5, 1.5, 2.5, 6, 7));
      assertThat(state.read()).isEqualTo(new Progress(1L << 33, 5, 0, 0, 0, 0));
      state.set(3, 0.5);
      assertThat(state.read()).isEqualTo(new Progress(3, -1, 0, 0, 0, 0));
    }
  }

  @Test
  void isNeitherReadNorSetInsideARecording() {
    try (Backend cuda = Backends.open("cuda", new BackendOptions(1));
        Scope scope = cuda.scope("test")) {
      CudaStepState state = (CudaStepState) scope.stepState();
      assertThatThrownBy(() -> cuda.record("read", state::read))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> cuda.record("set", () -> state.set(1, 1)))
          .isInstanceOf(IllegalStateException.class);
    }
  }
}
