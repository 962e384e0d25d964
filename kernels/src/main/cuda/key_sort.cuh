// Sorts different 64-bit keys in place, in shared or global memory, by all threads of a block. A few
// are counted: a key's place is how many are smaller. More go through a bitonic network whose
// comparators all put the smaller key first, so any count works as if the largest keys followed; up
// to 32 neighbours are compared in registers, by shuffles.
#pragma once
#include "warp.cuh"

using Key = unsigned long long;

// The lane's key after it was compared with that of lane ^ mask; `top` is the highest bit of mask.
__device__ __forceinline__ Key compare_lanes(Key key, int mask, int top) {
  const Key other = __shfl_xor_sync(ALL_LANES, key, mask);
  const bool first = (threadIdx.x & top) == 0;
  return (key < other) == first ? key : other;
}

// From pairs of sorted runs of 16 to sorted runs of 32 where the lanes are one bitonic step behind:
// the comparators of distances 16, 8, 4, 2, 1.
__device__ __forceinline__ Key merge_lanes(Key key, int distance) {
#pragma unroll 1  // here and below: long code for rare cases
  for (; distance > 0; distance /= 2) {
    key = compare_lanes(key, distance, distance);
  }
  return key;
}

// Each 32 of the keys by a warp: `whole` sorts them, else only the last five steps of a merge.
template <int BLOCK>
__device__ __forceinline__ void sort_in_warps(Key* keys, int count, bool whole) {
  const int lane = static_cast<int>(threadIdx.x) % WARP;
#pragma unroll 1
  for (int first = static_cast<int>(threadIdx.x) - lane; first < count; first += BLOCK) {
    const int i = first + lane;
    Key key = i < count ? keys[i] : ~Key{0};
    if (whole) {
#pragma unroll 1
      for (int size = 2; size <= WARP; size *= 2) {
        key = compare_lanes(key, size - 1, size / 2);
        key = merge_lanes(key, size / 4);
      }
    } else {
      key = merge_lanes(key, WARP / 2);
    }
    if (i < count) {
      keys[i] = key;
    }
  }
  __syncthreads();
}

__device__ __forceinline__ void order(Key* keys, int first, int second, int count) {
  if (second < count) {
    const Key a = keys[first];
    const Key b = keys[second];
    if (b < a) {
      keys[first] = b;
      keys[second] = a;
    }
  }
}

// Up to BLOCK keys: as many threads count for a key as there are.
template <int BLOCK>
__device__ __forceinline__ void sort_by_counting(Key* keys, int count) {
  int parts = 1;
#pragma unroll 1
  while (2 * parts * count <= BLOCK && parts < WARP) {
    parts *= 2;
  }
  const int i = static_cast<int>(threadIdx.x) / parts;
  const int part = static_cast<int>(threadIdx.x) % parts;
  const Key key = i < count ? keys[i] : 0;
  int place = 0;
#pragma unroll 4
  for (int other = part; other < count; other += parts) {
    place += keys[other] < key ? 1 : 0;
  }
#pragma unroll 1
  for (int distance = 1; distance < parts; distance *= 2) {
    place += __shfl_xor_sync(ALL_LANES, place, distance);
  }
  __syncthreads();
  if (i < count && part == 0) {
    keys[place] = key;
  }
  __syncthreads();
}

// Any number of keys.
template <int BLOCK>
__device__ __forceinline__ void sort_by_network(Key* keys, int count) {
  sort_in_warps<BLOCK>(keys, count, true);
#pragma unroll 1
  for (int half = WARP; half < count; half *= 2) {  // merges runs of `half` keys
    const int pairs = (count + 2 * half - 1) / (2 * half) * half;
#pragma unroll 1
    for (int pair = threadIdx.x; pair < pairs; pair += BLOCK) {
      const int run = pair / half * (2 * half);
      order(keys, run + pair % half, run + 2 * half - 1 - pair % half, count);
    }
    __syncthreads();
#pragma unroll 1
    for (int distance = half / 2; distance >= WARP; distance /= 2) {
#pragma unroll 1
      for (int pair = threadIdx.x; pair < pairs; pair += BLOCK) {
        const int first = pair / distance * (2 * distance) + pair % distance;
        order(keys, first, first + distance, count);
      }
      __syncthreads();
    }
    sort_in_warps<BLOCK>(keys, count, false);
  }
}

// Every thread of the block takes part; a barrier before the call must have completed the keys.
template <int BLOCK>
__device__ __forceinline__ void sort_keys(Key* keys, int count) {
  if (count <= BLOCK) {
    sort_by_counting<BLOCK>(keys, count);
  } else {
    sort_by_network<BLOCK>(keys, count);
  }
}
