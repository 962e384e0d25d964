// batch_sampling: which samples a step trains on, their histories and negatives, and initial routing
// logits, drawn from counters; io.mgnm.ops.BatchSampling says which word is which draw. Integers are
// those of the host, logits within 1e-6 of the exact inverse.
//   draw             step s: its samples, users, offsets, items, candidates, *live; counts the step
//   training_logits  of the step begun last, scoring_logits the fixed draw, zero_logits zeros;
//                    capsules [history][capsule][position], CAPSULES a history, each lowered by
//                    recency 2^-interest position from the end
//   correct          y[c][s] -= log_q[candidate c], S scores of each candidate of the live histories
// events, user_offsets, sample_users, sample_events, catalogue, weights: Samples of the contract.
//
// Launch: draw DRAW_BLOCKS blocks of 256. Every block works out the samples and lengths of all
//   histories, so that it knows where its own begin: no block waits for another. Logits: block 256, grid
//   a multiple of ceil(max_length / positions), a tile of a history a block, grid-stride over histories,
//   dynamic shared memory 4 (positions CAPSULES + 63) bytes rounded up to 256; zero_logits without,
//   and any grid; correct: block 256, grid-stride over scores.
// Aliasing: none.
// Determinism: integers; logits depend on their counter only, a corrected score on its own values.
// Bytes: draw 16 a history and 4 an item and candidate out, 4 an item in, and 16 a history into every
//   block; logits 4 each out; correct 8 a score, 4 a candidate, and its word of log_q.
//
// Compile-time: BATCH_SAMPLING_POPULAR = whether negatives follow `weights`;
//   BATCH_SAMPLING_CAPSULES >= 1, BATCH_SAMPLING_INTERESTS = K, which divides it.
#include "block_prefix.cuh"
#include "feistel.cuh"
#include "philox.cuh"
#include "step_state.cuh"
#include "warp.cuh"

#ifndef BATCH_SAMPLING_POPULAR
#define BATCH_SAMPLING_POPULAR 0
#endif
#ifndef BATCH_SAMPLING_CAPSULES
#define BATCH_SAMPLING_CAPSULES 16
#endif
#ifndef BATCH_SAMPLING_INTERESTS
#define BATCH_SAMPLING_INTERESTS 4
#endif

constexpr bool POPULAR = BATCH_SAMPLING_POPULAR != 0;
constexpr int CAPSULES = BATCH_SAMPLING_CAPSULES;
constexpr int BLOCK = 256;
constexpr int WARPS = BLOCK / WARP;
constexpr int ATTEMPTS = 32;  // for one negative, at most
constexpr int HELD = 2048;    // items of a history that a block keeps at hand
constexpr int INTERESTS = BATCH_SAMPLING_INTERESTS;
static_assert(CAPSULES >= 1, "a history has a capsule");
static_assert(CAPSULES % INTERESTS == 0, "every level has all interests");

// What a step draws, the same in every block. One thread works it out: 64-bit division is a call.
struct Draw {
  unsigned step;  // low 32 bits
  unsigned epoch;
  int first;  // place in the epoch's order
  int count;  // histories
};

// Steps s from 0; n samples, batches of `capacity`.
__device__ __forceinline__ Draw draw_of(long long step, int n, int capacity) {
  const long long batches = (static_cast<long long>(n) + capacity - 1) / capacity;
  const long long first = step % batches * capacity;
  return {
      static_cast<unsigned>(step),
      static_cast<unsigned>(step / batches),
      static_cast<int>(first),
      static_cast<int>(min(static_cast<long long>(n) - first, static_cast<long long>(capacity)))};
}

// The catalogue's entry that a word draws.
__device__ __forceinline__ int entry_of(unsigned word, const int* weights, int catalogue_size) {
  if constexpr (!POPULAR) {
    return philox_bounded(word, catalogue_size);
  }
  int first = 0;
  int last = catalogue_size - 1;  // which counts whatever its threshold says
  while (first < last) {
    const int middle = first + (last - first) / 2;
    if (word < static_cast<unsigned>(weights[middle])) {
      last = middle;
    } else {
      first = middle + 1;
    }
  }
  return first;
}

// Whether a history has an item; by a whole warp, the same in all lanes.
__device__ __forceinline__ bool has(const int* history, int length, int item) {
  const int lane = static_cast<int>(threadIdx.x) % WARP;
  for (int i = 0; i < length; i += WARP) {
    const bool same = i + lane < length && history[i + lane] == item;
    if (__any_sync(ALL_LANES, same)) {
      return true;
    }
  }
  return false;
}

extern "C" __global__ void __launch_bounds__(BLOCK) batch_sampling_draw(
    const int* events,
    const int* user_offsets,
    const int* sample_users,
    const int* sample_events,
    const int* catalogue,
    const int* weights,
    int n,
    int catalogue_size,
    long long seed,
    int capacity,
    int max_length,
    int candidate_count,
    long long* words,
    int* samples,
    int* users,
    int* offsets,
    int* items,
    int* candidates,
    int* live) {
  __shared__ Draw draw;
  __shared__ unsigned keys[FEISTEL_ROUNDS];
  __shared__ int room[WARPS];
  __shared__ int chunk_sample[BLOCK];
  __shared__ int chunk_event[BLOCK];
  __shared__ int chunk_length[BLOCK];
  __shared__ int chunk_begin[BLOCK];
  __shared__ int held[HELD];
  const int thread = static_cast<int>(threadIdx.x);
  const int block = static_cast<int>(blockIdx.x);
  if (thread == 0) {
    const long long step = words[STEP_STATE_WORDS + block];
    draw = draw_of(step, n, capacity);
    words[STEP_STATE_WORDS + block] = step + 1;
    if (block == 0) {
      step_state(words)->step = step + 1;
      *live = draw.count;
      offsets[0] = 0;
    }
  }
  __syncthreads();
  const int lane = thread % WARP;
  const int warp = thread / WARP;
  feistel_keys(seed, EPOCH_ORDER, draw.epoch, keys);
  __syncthreads();
  int before = 0;  // items of the chunks before
  for (int chunk = 0; chunk * BLOCK < draw.count; ++chunk) {
    const int mine = chunk * BLOCK + thread;
    const bool live_history = mine < draw.count;
    int sample = 0;
    int user = 0;
    int event = 0;
    int length = 0;
    if (live_history) {
      sample = feistel(keys, static_cast<unsigned>(draw.first + mine), static_cast<unsigned>(n));
      user = sample_users[sample];
      event = sample_events[sample];
      length = min(max_length, event - user_offsets[user]);
    }
    int total = 0;
    const int begin = before + block_prefix<BLOCK>(length, room, total);
    chunk_sample[thread] = sample;
    chunk_event[thread] = event;
    chunk_length[thread] = length;
    chunk_begin[thread] = begin;
    if (live_history && chunk % DRAW_BLOCKS == block) {
      samples[mine] = sample;
      users[mine] = user;
      offsets[mine + 1] = begin + length;
    }
    __syncthreads();
    const int chunk_size = min(BLOCK, draw.count - chunk * BLOCK);
    for (int h = block; h < chunk_size; h += DRAW_BLOCKS) {
      const int history_length = chunk_length[h];
      const int* history = events + chunk_event[h] - history_length;
      for (int i = thread; i < history_length; i += BLOCK) {
        const int item = history[i];
        items[chunk_begin[h] + i] = item;
        if (history_length <= HELD) {
          held[i] = item;
        }
      }
      __syncthreads();
      const int* seen = history_length <= HELD ? held : history;
      const int target = events[chunk_event[h]];
      int* drawn = candidates + static_cast<long long>(chunk * BLOCK + h) * candidate_count;
      if (thread == 0) {
        drawn[0] = target;
      }
      for (int j = warp; j < candidate_count - 1; j += WARPS) {
        int item = 0;
        for (int attempt = 0; attempt < ATTEMPTS; ++attempt) {
          const unsigned index = static_cast<unsigned>(j * (ATTEMPTS / 4) + attempt / 4);
          const PhiloxWords random = philox(
              seed, TRAINING_NEGATIVE, draw.step, static_cast<unsigned>(chunk_sample[h]), index);
          const unsigned low = attempt % 2 == 0 ? random.word[0] : random.word[1];
          const unsigned high = attempt % 2 == 0 ? random.word[2] : random.word[3];
          const unsigned word = attempt % 4 < 2 ? low : high;
          item = catalogue[entry_of(word, weights, catalogue_size)];
          if (item != target && !has(seen, history_length, item)) {
            break;
          }
        }
        if (lane == 0) {
          drawn[1 + j] = item;
        }
      }
      __syncthreads();
    }
    before += total;
    __syncthreads();
  }
}

// A standard normal given |x| < 2: Phi(x) - 1/2 = 2 (Phi(2) - 1/2)(u - 1/2), u = (word + 1/2) / 2^32.
__device__ __forceinline__ float truncated_normal(unsigned word) {
  constexpr float ERF_OF_ROOT_2 = 0.954499736f;  // the mass within 2 deviations
  constexpr float ROOT_2 = 1.41421356f;
  const float centred = static_cast<float>(static_cast<int>(word ^ 0x80000000u)) + 0.5f;
  const float x = ROOT_2 * erfinvf(ERF_OF_ROOT_2 * (centred * 0x1p-31f));
  return fminf(fmaxf(x, -2.0f), 2.0f);
}

// What the logit of an item that stands `from_end` items before the last one is lowered by.
__device__ __forceinline__ float fall(float recency, int capsule, int from_end) {
  return scalbnf(recency, -(capsule % INTERESTS)) * static_cast<float>(from_end);
}

// Place of a logit in a tile. Neighbours stay in their row of 32 banks, and are exchanged so that 32
// positions of one capsule lie in different banks too, where CAPSULES is a power of two or 3 times one.
__device__ __forceinline__ int in_tile(int i) {
  return i ^ (i / 32 & 15);
}

// Logit i of a history is position from the end times CAPSULES + capsule; a counter has four of them,
// 16 apart. A history is cut into tiles of equally many positions, `positions` at most.
template <class Sample>
__device__ __forceinline__ void draw_logits(
    const int* offsets,
    const int* live,
    int max_length,
    int positions,
    long long seed,
    unsigned purpose,
    unsigned time,
    Sample sample_of,
    float recency,
    float* logits) {
  extern __shared__ float tile[];
  const int most_tiles = (max_length + positions - 1) / positions;
  const int histories = *live;
  for (int h = blockIdx.x / most_tiles; h < histories; h += gridDim.x / most_tiles) {
    const int begin = offsets[h];
    const int length = offsets[h + 1] - begin;
    const int tiles = (length + positions - 1) / positions;
    const int span = (length + tiles - 1) / tiles;
    const int first = blockIdx.x % most_tiles * span;  // position from the end
    if (first >= length) {
      continue;  // the whole block
    }
    const int count = min(span, length - first);
    const int from = first * CAPSULES;
    const int end = from + count * CAPSULES;  // logits [from, end)
    const int aligned = from / 64 * 64;       // the first counter's first logit
    const int counters = (end - aligned + 63) / 64 * 16;
    const unsigned sample = sample_of(h);
    for (int k = threadIdx.x; k < counters; k += BLOCK) {
      const PhiloxWords words =
          philox(seed, purpose, time, sample, static_cast<unsigned>(aligned / 4 + k));
#pragma unroll
      for (int w = 0; w < 4; ++w) {
        // Every second group of 16 lanes takes the words in another order, to meet other banks.
        const int place = k / 16 * 64 + k % 16 + 16 * (w ^ (k / 16 & 1));
        const unsigned word = k / 16 % 2 == 0 ? words.word[w] : words.word[w ^ 1];
        tile[in_tile(place)] = truncated_normal(word);
      }
    }
    __syncthreads();
    for (int k = threadIdx.x; k < count * CAPSULES; k += BLOCK) {
      const int capsule = k / count;
      const int position = length - first - count + k % count;  // from the start
      const int i = (length - 1 - position) * CAPSULES + capsule;
      const long long place = static_cast<long long>(begin) * CAPSULES +
          static_cast<long long>(capsule) * length + position;
      logits[place] = tile[in_tile(i - aligned)] - fall(recency, capsule, length - 1 - position);
    }
    __syncthreads();
  }
}

extern "C" __global__ void __launch_bounds__(BLOCK) batch_sampling_training_logits(
    const int* offsets,
    const int* live,
    const int* samples,
    const long long* words,
    int max_length,
    int positions,
    long long seed,
    float recency,
    float* logits) {
  const unsigned step = static_cast<unsigned>(step_state(words)->step - 1);
  draw_logits(
      offsets, live, max_length, positions, seed, TRAINING_LOGIT, step,
      [&](int h) { return static_cast<unsigned>(samples[h]); }, recency, logits);
}

extern "C" __global__ void __launch_bounds__(BLOCK) batch_sampling_scoring_logits(
    const int* offsets,
    const int* live,
    int max_length,
    int positions,
    long long seed,
    float recency,
    float* logits) {
  draw_logits(
      offsets, live, max_length, positions, seed, SCORING_LOGIT, 0, [](int) { return 0u; }, recency,
      logits);
}

extern "C" __global__ void __launch_bounds__(BLOCK) batch_sampling_zero_logits(
    const int* offsets, const int* live, float recency, float* logits) {
  const int histories = *live;
  for (int h = static_cast<int>(blockIdx.x); h < histories; h += static_cast<int>(gridDim.x)) {
    const int length = offsets[h + 1] - offsets[h];
    float* out = logits + static_cast<long long>(offsets[h]) * CAPSULES;
    for (int i = static_cast<int>(threadIdx.x); i < length * CAPSULES; i += BLOCK) {
      out[i] = 0.0f - fall(recency, i / length, length - 1 - i % length);
    }
  }
}

extern "C" __global__ void __launch_bounds__(BLOCK) batch_sampling_correct(
    const int* candidates,
    const int* live,
    int candidate_count,
    const float* log_q,
    int width,
    float* scores) {
  const unsigned values = static_cast<unsigned>(*live * candidate_count * width);  // < 2^31
  const unsigned stride = gridDim.x * BLOCK;
  for (unsigned i = blockIdx.x * BLOCK + threadIdx.x; i < values; i += stride) {
    scores[i] -= log_q[candidates[i / static_cast<unsigned>(width)]];
  }
}
