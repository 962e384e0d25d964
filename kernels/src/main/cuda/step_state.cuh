// What changes from step to step, in device memory, so that a recorded step needs no argument: 64-bit
// words that a kernel takes as long long*. The same in Java: CudaStepState.
// A launch has one writer a word, and nobody else touches that word in the same launch.
#pragma once

struct StepState {
  long long step;         // steps begun: the running step's number, from 1; batch_sampling_draw counts
  long long failed_step;  // the first step whose loss was not finite, or -1; ranking_loss_total sets it
  double learning_rate;   // of the steps to come; the host sets it
  // Since the host's last reading, which clears them; ranking_loss_total adds to them:
  double loss;           // the ranking loss
  double l1;             // sum of |A| over histories
  long long histories;   // how many the sums are over
  long long candidates;  // likewise
};
constexpr int STEP_STATE_WORDS = 8;  // the struct, rounded up
static_assert(sizeof(StepState) <= STEP_STATE_WORDS * sizeof(long long), "the copies lie behind it");

// Blocks of every launch of batch_sampling_draw. Each must know the step and none may read what
// another writes, so each counts steps in a word of its own, words[STEP_STATE_WORDS + block].
constexpr int DRAW_BLOCKS = 128;

__device__ __forceinline__ StepState* step_state(long long* words) {
  return reinterpret_cast<StepState*>(words);
}

__device__ __forceinline__ const StepState* step_state(const long long* words) {
  return reinterpret_cast<const StepState*>(words);
}
