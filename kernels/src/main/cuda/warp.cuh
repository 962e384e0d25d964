// What the lanes of a warp do together. A group is GROUP neighbouring lanes, a power of two up to 32.
// Every lane of the warp must take part in each call, whatever its own group has to do.
#pragma once

constexpr int WARP = 32;
constexpr unsigned ALL_LANES = 0xffffffffu;

// A butterfly adds the same pairs in every lane, so all lanes of a group get the same bits.
template <int GROUP = WARP>
__device__ __forceinline__ float group_sum(float x) {
#pragma unroll
  for (int distance = GROUP / 2; distance > 0; distance /= 2) {
    x += __shfl_xor_sync(ALL_LANES, x, distance);
  }
  return x;
}

// fmaxf ignores NaN: where a NaN must survive, it has to come back another way.
template <int GROUP = WARP>
__device__ __forceinline__ float group_max(float x) {
#pragma unroll
  for (int distance = GROUP / 2; distance > 0; distance /= 2) {
    x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, distance));
  }
  return x;
}

// Lanes that cover `accesses` in one turn if 32 can: the least power of two that is enough.
__host__ __device__ constexpr int lanes_for(int accesses) {
  int lanes = 1;
  while (lanes < accesses && lanes < WARP) {
    lanes *= 2;
  }
  return lanes;
}
