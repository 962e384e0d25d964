// Philox4x32-10, as io.mgnm.ops.Philox defines it: four random words are a function of a key, which is
// the seed, and a counter (purpose, time, sample, index). The same integers as on the host.
#pragma once

enum PhiloxPurpose : unsigned {
  EPOCH_ORDER = 1,
  TRAINING_NEGATIVE = 2,
  TRAINING_LOGIT = 3,
  SCORING_LOGIT = 4,
  DROPOUT = 8,
};

struct PhiloxWords {
  unsigned word[4];
};

__device__ __forceinline__ PhiloxWords
philox(long long seed, unsigned purpose, unsigned time, unsigned sample, unsigned index) {
  unsigned key0 = static_cast<unsigned>(seed);
  unsigned key1 = static_cast<unsigned>(static_cast<unsigned long long>(seed) >> 32);
  unsigned c0 = purpose;
  unsigned c1 = time;
  unsigned c2 = sample;
  unsigned c3 = index;
#pragma unroll
  for (int round = 0; round < 10; ++round) {
    const unsigned high0 = __umulhi(0xD2511F53u, c0);
    const unsigned low0 = 0xD2511F53u * c0;
    const unsigned high1 = __umulhi(0xCD9E8D57u, c2);
    const unsigned low1 = 0xCD9E8D57u * c2;
    c0 = high1 ^ c1 ^ key0;
    c1 = low1;
    c2 = high0 ^ c3 ^ key1;
    c3 = low0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

// A random integer below a bound.
__device__ __forceinline__ int philox_bounded(unsigned word, int bound) {
  return static_cast<int>(__umulhi(word, static_cast<unsigned>(bound)));
}
