// ranking_loss: cross-entropy, as sums. y[B C][S] are the scores of C candidates of each of the
// *live = B histories, S a candidate; a history's first candidate has label 1, the others 0.
//   forward, logistic, equations (16) and (17):
//            loss[b] = sum over c, s of max(y, 0) - y label + log(1 + e^-|y|);  dY = sigmoid(y) - label
//            softmax over c:
//            loss[b] = sum over s of log(sum over c of e^y) - y of c = 0;  dY = softmax(y) - label
//   total    adds the batch's sums of loss and of l1, and its histories and candidates, to the state
// A score that is not finite gives a loss that is not.
//
// Launch: forward a warp a history, grid-stride, block 256 (any multiple of 32); total one block of
//   TOTAL_BLOCK. B == 0: forward writes nothing, total adds nothing.
// Aliasing: dY may be y: a lane reads only what it writes, before it does.
// Determinism: run-to-run. A lane adds every 32nd value of its history upwards (softmax: every value
//   of its share of a level), then lanes in one order; total adds every TOTAL_BLOCK-th history upwards
//   in double, then neighbours pair by pair.
// Bytes: forward, logistic 8 C S + 4 a history, softmax 16 C S + 4; total 8 a history.
//
// Compile-time: RANKING_LOSS_SCORES = S, 1 to 32; RANKING_LOSS_SOFTMAX 0 or 1.
#include "softmax_loss.cuh"
#include "step_state.cuh"
#include "warp.cuh"

#ifndef RANKING_LOSS_SCORES
#define RANKING_LOSS_SCORES 4
#endif
#ifndef RANKING_LOSS_SOFTMAX
#define RANKING_LOSS_SOFTMAX 0
#endif

constexpr int SCORES = RANKING_LOSS_SCORES;
constexpr bool SOFTMAX = RANKING_LOSS_SOFTMAX != 0;
constexpr int TOTAL_BLOCK = 256;

// A lane's part of a history's logistic loss; writes its derivatives.
__device__ __forceinline__ float logistic_loss(const float* y, float* dY, int lane, int size) {
  float sum = 0.0f;
  for (int i = lane; i < size; i += WARP) {
    const float score = y[i];
    const float label = i < SCORES ? 1.0f : 0.0f;
    const float e = expf(-fabsf(score));  // in [0, 1]
    // The product keeps what fmaxf loses: infinity times 0 is not a number, nor is NaN.
    sum += fmaxf(score, 0.0f) - score * label + log1pf(e);
    const float probability = (score < 0.0f ? e : 1.0f) / (1.0f + e);
    dY[i] = probability - label;
  }
  return sum;
}

extern "C" __global__ void __launch_bounds__(256) ranking_loss_forward(
    const float* y, float* loss, float* dY, const int* live, int candidates) {
  const int lane = static_cast<int>(threadIdx.x) % WARP;  // [0, 32)
  const int warps = static_cast<int>(gridDim.x * blockDim.x) / WARP;
  const int histories = *live;
  const int size = candidates * SCORES;  // values a history
  for (int b = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x) / WARP; b < histories;
       b += warps) {
    const long long first = static_cast<long long>(b) * size;
    const float part = SOFTMAX ? softmax_loss<SCORES>(y + first, dY + first, lane, size)
                               : logistic_loss(y + first, dY + first, lane, size);
    const float sum = group_sum(part);
    if (lane == 0) {
      loss[b] = sum;
    }
  }
}

extern "C" __global__ void __launch_bounds__(TOTAL_BLOCK) ranking_loss_total(
    const float* loss, const float* l1, const int* live, int candidates, long long* words) {
  __shared__ double losses[TOTAL_BLOCK];
  __shared__ double penalties[TOTAL_BLOCK];
  const int thread = static_cast<int>(threadIdx.x);
  const int histories = *live;
  double loss_sum = 0.0;
  double l1_sum = 0.0;
  for (int b = thread; b < histories; b += TOTAL_BLOCK) {
    loss_sum += loss[b];
    l1_sum += l1[b];
  }
  losses[thread] = loss_sum;
  penalties[thread] = l1_sum;
  for (int distance = 1; distance < TOTAL_BLOCK; distance *= 2) {
    __syncthreads();
    const int place = 2 * distance * thread;
    if (place < TOTAL_BLOCK) {
      losses[place] += losses[place + distance];
      penalties[place] += penalties[place + distance];
    }
  }
  if (thread == 0) {
    StepState* state = step_state(words);
    state->loss += losses[0];
    state->l1 += penalties[0];
    state->histories += histories;
    state->candidates += static_cast<long long>(histories) * candidates;
    if (!(isfinite(losses[0]) && isfinite(penalties[0])) && state->failed_step < 0) {
      state->failed_step = state->step;
    }
  }
}
