// Sums over a batch without atomics: each block leaves partial[block][size], and one launch adds them
// up in a fixed order, so the bits depend on the number of blocks only, never on when they ran.
#pragma once
#include "warp.cuh"

constexpr int PARTIALS_BLOCK = 256;

// partials[slots][size] -> total[i] = sum over slots. Launch: block PARTIALS_BLOCK, a block for every
// 32 values. Warp w adds slots w, w + 8, w + 16, ...; then the 8 sums are added in order.
__device__ __forceinline__ void add_partials(
    const float* partials, float* total, int slots, int size, int block) {
  constexpr int WARPS = PARTIALS_BLOCK / WARP;
  __shared__ float sums[WARPS][WARP];
  const int lane = static_cast<int>(threadIdx.x) % WARP;  // [0, 32)
  const int warp = static_cast<int>(threadIdx.x) / WARP;  // [0, 8)
  const int i = block * WARP + lane;
  float sum = 0.0f;
  if (i < size) {
#pragma unroll 4
    for (int slot = warp; slot < slots; slot += WARPS) {
      sum += partials[static_cast<long long>(slot) * size + i];
    }
  }
  sums[warp][lane] = sum;
  __syncthreads();
  if (warp == 0 && i < size) {
#pragma unroll
    for (int other = 1; other < WARPS; ++other) {
      sum += sums[other][lane];
    }
    total[i] = sum;
  }
}

// One of up to four sums that a launch adds up together, a block for every 32 values of each. So the
// sums of a step, which its operations leave one by one, are one launch: see CudaSequence.
struct PartialSum {
  const float* partials;
  float* total;
  int slots;
  int size;  // 0 where there is none

  // Whether the block is one of this sum's; else what it is behind them.
  __device__ __forceinline__ bool add(int& block) const {
    const int blocks = (size + WARP - 1) / WARP;
    if (block < blocks) {
      add_partials(partials, total, slots, size, block);
      return true;
    }
    block -= blocks;
    return false;
  }
};

__device__ __forceinline__ void add_partial_sums(
    PartialSum first, PartialSum second, PartialSum third, PartialSum fourth) {
  int block = static_cast<int>(blockIdx.x);
  if (!first.add(block) && !second.add(block) && !third.add(block)) {
    fourth.add(block);
  }
}
