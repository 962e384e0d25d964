// Prefix sums over the threads of a block.
#pragma once
#include "warp.cuh"

// The sum of `value` over the threads before this one; `total` becomes that over all. Every thread of
// the block takes part. `room` is of shared memory, and may be used again after the call.
template <int BLOCK>
__device__ __forceinline__ int block_prefix(int value, int (&room)[BLOCK / WARP], int& total) {
  const int lane = static_cast<int>(threadIdx.x) % WARP;
  const int warp = static_cast<int>(threadIdx.x) / WARP;
  int sum = value;  // of lanes [0, lane]
#pragma unroll
  for (int distance = 1; distance < WARP; distance *= 2) {
    const int before = __shfl_up_sync(ALL_LANES, sum, distance);
    sum += lane >= distance ? before : 0;
  }
  if (lane == WARP - 1) {
    room[warp] = sum;
  }
  __syncthreads();
  int before = 0;
  total = 0;
#pragma unroll
  for (int other = 0; other < BLOCK / WARP; ++other) {
    before += other < warp ? room[other] : 0;
    total += room[other];
  }
  __syncthreads();
  return before + sum - value;
}
