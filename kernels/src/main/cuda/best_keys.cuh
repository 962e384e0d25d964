// The k best of a stream of items, kept by one block. An item is a 64-bit key, larger for a better
// one: the score's bits in an order that integers have, then the row's complement. No two keys are
// equal, so what is kept does not depend on the order in which they come. 0 is no key.
//
// A list is a region of keys in global memory that the block has for itself. The first portion of the
// stream is sorted and cut to k before it goes there. From then on keys better than the worst that
// counts are put behind what is there; when those are many, the region is sorted and cut to k, which
// raises what counts: for rows in random order about k (1 + ln(rows / k)) keys come in all. Sorting
// takes place in shared memory where the keys fit there.
#pragma once
#include "interest_attention.cuh"
#include "warp.cuh"

typedef unsigned long long Key;

// Keys that can be sorted in shared memory.
constexpr int SORTED_KEYS = 2048;

__device__ __forceinline__ Key key_of(float score, int row) {
  const unsigned bits = __float_as_uint(score);
  const unsigned ordered = bits ^ (bits >> 31 != 0 ? 0xffffffffu : 0x80000000u);
  return static_cast<Key>(ordered) << 32 | static_cast<unsigned>(~row);
}

__device__ __forceinline__ float score_of(Key key) {
  const unsigned ordered = static_cast<unsigned>(key >> 32);
  return __uint_as_float(ordered ^ (ordered >> 31 != 0 ? 0x80000000u : 0xffffffffu));
}

__device__ __forceinline__ int row_of(Key key) {
  return static_cast<int>(~static_cast<unsigned>(key));
}

// Keys in a list from which on it is sorted again. A region has room for these and a portion.
__device__ __forceinline__ int full_list(int k) {
  return k + max(k / 2, 128);
}

// A list's state, in shared memory.
struct BestKeys {
  Key least;    // a key must be greater to count
  float score;  // and its score at least this
  int count;    // keys in the region

  // By one thread.
  __device__ __forceinline__ void clear() {
    least = 0;
    score = minus_infinity();
    count = 0;
  }
};

// Puts the keys of those lanes of a warp that have one behind the others; all lanes take part.
__device__ __forceinline__ void append(BestKeys& list, Key* region, bool has, Key key) {
  const unsigned lanes = __ballot_sync(ALL_LANES, has);
  if (lanes == 0) {
    return;
  }
  const int lane = static_cast<int>(threadIdx.x) % WARP;
  int first = 0;
  if (lane == 0) {
    first = atomicAdd(&list.count, __popc(lanes));
  }
  first = __shfl_sync(ALL_LANES, first, 0);
  if (has) {
    region[first + __popc(lanes & ((1u << lane) - 1))] = key;
  }
}

__device__ __forceinline__ void exchange(Key& a, Key& b, bool descending) {
  if ((a < b) == descending) {
    const Key other = a;
    a = b;
    b = other;
  }
}

// The steps of a bitonic sort that stay within 32 neighbours, from `step` down, for spans from `span`
// to `last`: a lane has a key.
__device__ __forceinline__ void sort_neighbours(Key* keys, int size, int span, int last, int step) {
  const int lane = static_cast<int>(threadIdx.x) % WARP;
  for (int i = threadIdx.x; i < size; i += blockDim.x) {  // size: a multiple of 32
    Key key = keys[i];
    int from = step;
    for (int s = span; s <= last; s *= 2) {
      for (int distance = from; distance > 0; distance /= 2) {
        const Key other = __shfl_xor_sync(ALL_LANES, key, distance);
        const bool larger = ((i & s) == 0) == ((lane & distance) == 0);
        key = (key < other) == larger ? other : key;
      }
      from = s;
    }
    keys[i] = key;
  }
}

// Sorts `size` keys, a power of two from 32 on, larger first. By the block.
__device__ __forceinline__ void sort_keys(Key* keys, int size) {
  sort_neighbours(keys, size, 2, WARP, 1);
  __syncthreads();
  for (int span = 2 * WARP; span <= size; span *= 2) {
    for (int step = span / 2; step >= WARP; step /= 2) {
      for (int i = threadIdx.x; i < size / 2; i += blockDim.x) {
        const int at = 2 * i - (i & (step - 1));
        exchange(keys[at], keys[at + step], (at & span) == 0);
      }
      __syncthreads();
    }
    sort_neighbours(keys, size, span, span, WARP / 2);
    __syncthreads();
  }
}

// Begins a list with `size` keys in shared memory, a power of two from 32 on, 0 where there is none.
// By the block, between barriers.
__device__ __forceinline__ void begin(BestKeys& list, Key* region, int k, Key* keys, int size) {
  sort_keys(keys, size);
  const int kept = min(size, k);
  for (int i = threadIdx.x; i < kept; i += blockDim.x) {
    const Key key = keys[i];
    region[i] = key;
    if (key != 0 && (i + 1 == kept || keys[i + 1] == 0)) {
      list.count = i + 1;
    }
    if (key != 0 && i + 1 == k) {
      list.least = key;
      list.score = score_of(key);
    }
  }
  __syncthreads();
}

// Sorts a list's region and cuts it to k. By the block, between barriers; `work` is for SORTED_KEYS.
__device__ __forceinline__ void settle(BestKeys& list, Key* region, int k, Key* work) {
  const int count = list.count;
  int size = WARP;
  while (size < count) {
    size *= 2;
  }
  const bool fits = size <= SORTED_KEYS;
  Key* keys = fits ? work : region;
  for (int i = threadIdx.x; i < size; i += blockDim.x) {
    if (fits || i >= count) {
      keys[i] = i < count ? region[i] : 0;
    }
  }
  __syncthreads();
  sort_keys(keys, size);
  if (fits) {
    for (int i = threadIdx.x; i < min(count, k); i += blockDim.x) {
      region[i] = work[i];
    }
  }
  if (threadIdx.x == 0) {
    list.count = min(count, k);
    if (count >= k) {
      list.least = keys[k - 1];
      list.score = score_of(keys[k - 1]);
    }
  }
  __syncthreads();
}
