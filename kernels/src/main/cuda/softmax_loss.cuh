// The softmax of ranking_loss, by a warp: a lane has one level, so that neighbours read neighbouring
// scores; as many lanes are busy as whole candidates fit into a warp.
#pragma once
#include "warp.cuh"

template <int SCORES>
struct LevelLanes {
  static_assert(SCORES >= 1 && SCORES <= WARP, "a level needs a lane");
  static constexpr int SHARE = WARP / SCORES;  // lanes a level
  static constexpr int BUSY = SHARE * SCORES;

  // Lanes of a level combine in one order, so all of them get the same bits.
  template <class Combine>
  static __device__ __forceinline__ float combined(float x, int level, Combine combine) {
    float all = __shfl_sync(ALL_LANES, x, level);
    for (int j = 1; j < SHARE; ++j) {
      all = combine(all, __shfl_sync(ALL_LANES, x, level + j * SCORES));
    }
    return all;
  }
};

// Of `size` scores of a history, candidate by candidate; writes the derivatives. The lane of a level's
// first candidate returns its loss, the others 0.
template <int SCORES>
__device__ __forceinline__ float softmax_loss(const float* y, float* dY, int lane, int size) {
  using Lanes = LevelLanes<SCORES>;
  const int level = lane % SCORES;
  const int begin = lane < Lanes::BUSY ? lane : size;
  const float target = __shfl_sync(ALL_LANES, begin < size ? y[begin] : 0.0f, level);
  float greatest = target;
  float zero = 0.0f;  // not a number where a score is not finite, which fmaxf would lose
  for (int i = begin; i < size; i += Lanes::BUSY) {
    const float score = y[i];
    greatest = fmaxf(greatest, score);
    zero += 0.0f * score;
  }
  greatest = Lanes::combined(greatest, level, [](float a, float b) { return fmaxf(a, b); });
  float others = zero;
  for (int i = begin; i < size; i += Lanes::BUSY) {
    others += i < SCORES ? 0.0f : expf(y[i] - greatest);
  }
  others = Lanes::combined(others, level, [](float a, float b) { return a + b; });
  const float own = expf(target - greatest);
  const float all = own + others;
  for (int i = begin; i < size; i += Lanes::BUSY) {
    // -others / all does not cancel as own / all - 1 would.
    dY[i] = (i < SCORES ? -others : expf(y[i] - greatest)) / all;
  }
  return lane < SCORES ? greatest - target + log1pf(own - 1.0f + others) : 0.0f;
}
