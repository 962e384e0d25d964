// The keyed permutation of io.mgnm.ops.Feistel: element at each place of an order of n, without an
// array. The same integers as on the host.
#pragma once
#include "philox.cuh"

constexpr int FEISTEL_ROUNDS = 16;

// Round keys of the order of `time`, by the block's first threads; a barrier must follow.
__device__ __forceinline__ void
feistel_keys(long long seed, unsigned purpose, unsigned time, unsigned (&keys)[FEISTEL_ROUNDS]) {
  if (threadIdx.x < FEISTEL_ROUNDS / 4) {
    const PhiloxWords words = philox(seed, purpose, time, 0, threadIdx.x);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      keys[4 * threadIdx.x + i] = words.word[i];
    }
  }
}

__device__ __forceinline__ unsigned feistel_mix(unsigned x) {
  x ^= x >> 16;
  x *= 0x85EBCA6Bu;
  x ^= x >> 13;
  x *= 0xC2B2AE35u;
  return x ^ (x >> 16);
}

// place in [0, n), n >= 1.
__device__ __forceinline__ int
feistel(const unsigned (&keys)[FEISTEL_ROUNDS], unsigned place, unsigned n) {
  const int bits = 32 - __clz(static_cast<int>(n - 1));
  const int right_bits = (bits + 1) / 2;
  const unsigned right_mask = (1u << right_bits) - 1;
  const unsigned left_mask = (1u << (bits - right_bits)) - 1;
  unsigned x = place;
  do {  // until it is an element: fewer than two turns on average
    unsigned left = x >> right_bits;
    unsigned right = x & right_mask;
#pragma unroll
    for (int i = 0; i < FEISTEL_ROUNDS; i += 2) {
      left ^= feistel_mix(right ^ keys[i]) & left_mask;
      right ^= feistel_mix(left ^ keys[i + 1]) & right_mask;
    }
    x = left << right_bits | right;
  } while (x >= n);
  return static_cast<int>(x);
}
