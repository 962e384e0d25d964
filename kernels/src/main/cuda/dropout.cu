// dropout: values of the items' rows become 0 at random, the others are scaled; in place.
//   x[t][k] = word < threshold ? 0 : x[t][k] scale
// The word is number k mod 4 of counter (DROPOUT, step, sample, i ceil(D / 4) + floor(k / 4)), i the
// item's position from the end of its history; io.mgnm.ops.Dropout says so. Applied to the derivative,
// the same launch is the backward.
//
// Launch: a history a block, grid-stride over histories, block 128 (any size), no shared memory. No live
//   history writes nothing.
// Aliasing: x is read and written, each value by one thread.
// Determinism: a value depends on itself and its counter.
// Bytes: 8 D an item, 12 a history, and the step once a block.
//
// Compile-time: DROPOUT_D = D >= 1; DROPOUT_VECTOR = floats an access, 4 where D is a multiple of 4 and x
//   lies on a multiple of 16 bytes, else 1.
#include "access.cuh"
#include "philox.cuh"
#include "step_state.cuh"

#ifndef DROPOUT_D
#define DROPOUT_D 16
#endif
#ifndef DROPOUT_VECTOR
#define DROPOUT_VECTOR 4
#endif

constexpr int D = DROPOUT_D;
constexpr int VECTOR = DROPOUT_VECTOR;
constexpr int COUNTERS = (D + 3) / 4;  // of a row
static_assert(D >= 1, "a row has values");
static_assert(D % VECTOR == 0, "16-byte accesses need D % 4 == 0");

extern "C" __global__ void __launch_bounds__(128) dropout_apply(
    const int* offsets,
    const int* live,
    const int* samples,
    const long long* words,
    long long seed,
    int threshold,
    float scale,
    float* x) {
  const unsigned step = static_cast<unsigned>(step_state(words)->step - 1);
  const int histories = *live;
  for (int h = static_cast<int>(blockIdx.x); h < histories; h += static_cast<int>(gridDim.x)) {
    const int begin = offsets[h];
    const int length = offsets[h + 1] - begin;
    const unsigned sample = static_cast<unsigned>(samples[h]);
    for (int i = static_cast<int>(threadIdx.x); i < length * COUNTERS;
         i += static_cast<int>(blockDim.x)) {
      const int item = i / COUNTERS;  // of the history
      const int counter = i % COUNTERS;
      const unsigned index = static_cast<unsigned>((length - 1 - item) * COUNTERS + counter);
      const PhiloxWords random = philox(seed, DROPOUT, step, sample, index);
      float* row = x + static_cast<long long>(begin + item) * D;
#pragma unroll
      for (int v = 0; v < 4 / VECTOR; ++v) {
        if (counter * 4 + v * VECTOR < D) {
          Access<VECTOR> values = load_access<VECTOR>(row, counter * (4 / VECTOR) + v);
#pragma unroll
          for (int k = 0; k < VECTOR; ++k) {
            const bool dropped = random.word[v * VECTOR + k] < static_cast<unsigned>(threshold);
            values.x[k] = dropped ? 0.0f : values.x[k] * scale;
          }
          store_access<VECTOR>(row, counter * (4 / VECTOR) + v, values);
        }
      }
    }
  }
}
