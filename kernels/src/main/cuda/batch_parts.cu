// batch_parts: a batch in parts, so that what lies between operations needs room for one part only;
// io.mgnm.ops.BatchParts has the contract. A part holds `count` = min(capacity, *live - first) of the
// whole's histories from `first` on, none where that is not above 0.
//   take  the part's samples, users, offsets from 0, items, candidates and live histories
//   put   rows[part's rows][D] -> into[whole's rows][D], where they stand: from row first * each on,
//         each being rows a history, or, where each is 0, from row offsets[first] on, as many as items
//   add   total[size] = sum, or total + sum where `more` is not 0
//
// Launch: block 256, no shared memory. take a block a history, grid-stride; put and add grid-stride over
//   accesses. B == 0: take writes the part's first offset and that it has none, put writes nothing.
// Aliasing: none.
// Determinism: copies, and one addition a value.
// Bytes: take 24 a history and 8 an item and candidate; put 8 D a row; add 12 a value, 8 for part 0.
//
// Compile-time: BATCH_PARTS_D = D >= 1; BATCH_PARTS_VECTOR = floats an access, 4 where D % 4 == 0, else 1.
#include "access.cuh"

#ifndef BATCH_PARTS_D
#define BATCH_PARTS_D 16
#endif
#ifndef BATCH_PARTS_VECTOR
#define BATCH_PARTS_VECTOR 4
#endif

constexpr int D = BATCH_PARTS_D;
constexpr int VECTOR = BATCH_PARTS_VECTOR;
constexpr int BLOCK = 256;
static_assert(D >= 1, "a row has values");
static_assert(D % VECTOR == 0, "16-byte accesses need D % 4 == 0");

__device__ __forceinline__ int part_histories(const int* live, int first, int capacity) {
  return max(0, min(capacity, live[0] - first));
}

extern "C" __global__ void __launch_bounds__(BLOCK) batch_parts_take(
    const int* samples,
    const int* users,
    const int* offsets,
    const int* items,
    const int* candidates,
    const int* live,
    int first,
    int capacity,
    int each,
    int* part_samples,
    int* part_users,
    int* part_offsets,
    int* part_items,
    int* part_candidates,
    int* part_live) {
  const int thread = static_cast<int>(threadIdx.x);
  const int count = part_histories(live, first, capacity);
  if (blockIdx.x == 0 && thread == 0) {
    part_live[0] = count;
    part_offsets[0] = 0;
  }
  if (count == 0) {
    return;  // nothing tells where the part would begin
  }
  const int begin = offsets[first];
  for (int h = static_cast<int>(blockIdx.x); h < count; h += static_cast<int>(gridDim.x)) {
    const int from = offsets[first + h];
    const int length = offsets[first + h + 1] - from;
    if (thread == 0) {
      part_samples[h] = samples[first + h];
      part_users[h] = users[first + h];
      part_offsets[h + 1] = from + length - begin;
    }
    for (int i = thread; i < length; i += BLOCK) {
      part_items[from - begin + i] = items[from + i];
    }
    const long long chosen = static_cast<long long>(first + h) * each;
    for (int i = thread; i < each; i += BLOCK) {
      part_candidates[static_cast<long long>(h) * each + i] = candidates[chosen + i];
    }
  }
}

extern "C" __global__ void __launch_bounds__(BLOCK) batch_parts_put(
    const int* offsets,
    const int* live,
    int first,
    int capacity,
    int each,
    const float* rows,
    float* into) {
  const int count = part_histories(live, first, capacity);
  if (count == 0) {
    return;
  }
  const long long begin = each == 0 ? offsets[first] : static_cast<long long>(first) * each;
  const long long end =
      each == 0 ? offsets[first + count] : static_cast<long long>(first + count) * each;
  constexpr int ACCESSES = D / VECTOR;  // of a row
  const long long accesses = (end - begin) * ACCESSES;
  const long long stride = static_cast<long long>(gridDim.x) * BLOCK;
  for (long long i = static_cast<long long>(blockIdx.x) * BLOCK + threadIdx.x; i < accesses;
       i += stride) {
    store_access<VECTOR>(into, begin * ACCESSES + i, load_access<VECTOR>(rows, i));
  }
}

extern "C" __global__ void __launch_bounds__(BLOCK)
    batch_parts_add(const float* sum, int more, int size, float* total) {
  const int stride = static_cast<int>(gridDim.x) * BLOCK;
  for (int i = static_cast<int>(blockIdx.x * BLOCK + threadIdx.x); i < size; i += stride) {
    total[i] = more != 0 ? total[i] + sum[i] : sum[i];
  }
}
