// Sums over a batch without atomics: each block leaves partial[block][size], and one launch adds them
// up in a fixed order, so the bits depend on the number of blocks only, never on when they ran.
#pragma once
#include "warp.cuh"

constexpr int PARTIALS_BLOCK = 256;

// partials[slots][size] -> total[i] = sum over slots. Launch: block PARTIALS_BLOCK, a block for every
// 32 values. Warp w adds slots w, w + 8, w + 16, ...; then the 8 sums are added in order.
__device__ __forceinline__ void add_partials(
    const float* partials, float* total, int slots, int size) {
  constexpr int WARPS = PARTIALS_BLOCK / WARP;
  __shared__ float sums[WARPS][WARP];
  const int lane = static_cast<int>(threadIdx.x) % WARP;  // [0, 32)
  const int warp = static_cast<int>(threadIdx.x) / WARP;  // [0, 8)
  const int i = static_cast<int>(blockIdx.x) * WARP + lane;
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
