// top_k: scores of all rows of a table for each history, as far as they matter.
//   candidates  q, table -> keys: for every history and part of the table its k best rows, sorted
//   merge       keys -> ids, scores: the k best of all parts; -1 and NaN where fewer are left
//   compare     q, table, targets -> partials: for every history and part how many rows score above
//               the target, equal to it, or cannot be compared
//   add         partials -> counts; -1 where the target is no row of the table
// Scores are those of interest_readout, to the bit: interest_attention.cuh. Better is a larger score,
// then a smaller row. Rows in a history's list of excluded ids do not count, nor does a NaN in best.
// q: [live][LEVELS][K][D]; table: [rows][D]; lists: offsets, and ids ascending in each list;
// keys: [history][part][room]; partials: [history][part][3]; live: one int in device memory.
//
// Launch: candidates, compare: block 128, grid (groups of GROUP histories, parts of `chunk` rows),
//   shared memory as Room says. merge: block 128, a block a history. add: grid-stride. All grids are
//   for the capacity. room >= full_list(k) + TILE; chunk is a multiple of TILE.
// Aliasing: none.
// Determinism: results are exact, whatever chunk and GROUP are; no float is added
//   but by one lane alone, in order.
// Bytes: candidates, compare: the part of the table and its histories' q once a block, and the keys
//   that enter a list, of which best_keys.cuh says how many. merge: keys once.
//
// Compile-time: TOP_K_D, K, LEVELS; JOINT, SUM: see interest_readout; VECTOR = 4 where D is a
//   multiple of 4 and the table begins on one of 16 bytes, else 1; GROUP = histories of a block, at
//   most 32; PER = rows a lane scores at a time.
#include "best_keys.cuh"
#include "quads.cuh"
#include "warp.cuh"

#ifndef TOP_K_D
#define TOP_K_D 16
#endif
#ifndef TOP_K_K
#define TOP_K_K 4
#endif
#ifndef TOP_K_LEVELS
#define TOP_K_LEVELS 4
#endif
#ifndef TOP_K_JOINT
#define TOP_K_JOINT 0
#endif
#ifndef TOP_K_SUM
#define TOP_K_SUM 0
#endif
#ifndef TOP_K_VECTOR
#define TOP_K_VECTOR 4
#endif
#ifndef TOP_K_GROUP
#define TOP_K_GROUP 16
#endif
#ifndef TOP_K_PER
#define TOP_K_PER 4
#endif

constexpr int D = TOP_K_D;
constexpr int K = TOP_K_K;
constexpr int LEVELS = TOP_K_LEVELS;
constexpr bool JOINT = TOP_K_JOINT != 0;
constexpr bool SUM = TOP_K_SUM != 0;
constexpr int VECTOR = TOP_K_VECTOR;
constexpr int GROUP = TOP_K_GROUP;
constexpr int PER = TOP_K_PER;
static_assert(D >= 1 && K >= 1 && LEVELS >= 1, "there is something to do");
static_assert(VECTOR == 1 || (VECTOR == 4 && D % 4 == 0), "16-byte accesses need D % 4 == 0");
static_assert(GROUP >= 1 && GROUP <= WARP, "a lane looks after a history");

constexpr int BLOCK = 128;
constexpr int WARPS = BLOCK / WARP;
constexpr int WIDTH = multiple_of(4, D);
constexpr int QUADS = WIDTH / 4;
constexpr int CAPSULES = LEVELS * K;
constexpr int SCORES = JOINT ? 1 : LEVELS;
constexpr int OVER = JOINT ? CAPSULES : K;
constexpr int HISTORY_FLOATS = odd_quads(CAPSULES * WIDTH);

// Rows of the table that a block scores at a time: row warp * 32 PER + p * 32 + lane is a lane's p-th.
constexpr int TILE = BLOCK * PER;
constexpr int WORDS = TILE / WARP;  // of bits, one a row
constexpr int BITS = WORDS | 1;     // from history to history, whose threads write at once

extern __shared__ float4 shared_memory[];

#include "catalogue_tiles.cuh"

// Registers of a lane grow with the values of its rows; where they are few, more warps hide latency.
// 80 values fit where scores are over few interests, as counted by the compiler.
constexpr int SCORING_BLOCKS = PER * (WIDTH + OVER) + OVER / 8 <= 80 ? 3 : 2;

extern "C" __global__ void __launch_bounds__(BLOCK, SCORING_BLOCKS) top_k_candidates(
    const float* q, const float* table, int rows, const int* offsets, const int* ids,
    const int* live, unsigned long long* keys, int k, int room, int chunk) {
  __shared__ BestKeys lists[GROUP];
  const Share share(live, rows, chunk);
  if (share.count <= 0) {
    return;
  }
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = thread % WARP;
  const int warp = thread / WARP;
  const int parts = static_cast<int>(gridDim.y);
  Key* own = keys + (static_cast<long long>(share.first) * parts + blockIdx.y) * room;
  const long long pitch = static_cast<long long>(parts) * room;  // from history to history
  Key* work = reinterpret_cast<Key*>(shared_memory + Room::rows / 4);
  Excluded excluded;
  if (thread < share.count) {
    lists[thread].clear();
    excluded.seek(offsets, ids, share.first + thread, share.begin);
  }
  load_interests(q, share);
  each_tile(
      table, share, excluded, -1,
      [&](int h, const unsigned* bits, int row, const float (&score)[PER], bool begins) {
        BestKeys& list = lists[h];
        const float least = list.score;
#pragma unroll
        for (int p = 0; p < PER; ++p) {
          const Key key = key_of(score[p], row + p * WARP + lane);
          const bool may = score[p] >= least && (bits[p] >> lane & 1) == 0;  // a NaN may not
          if (begins) {
            work[(warp * PER + p) * WARP + lane] = may ? key : 0;
          } else if (__any_sync(ALL_LANES, may)) {  // rare
            append(list, own + h * pitch, may && key > list.least, key);
          }
        }
        if (begins) {
          __syncthreads();
          begin(list, own + h * pitch, k, work, TILE);
        }
      },
      [&] {
        for (int h = 0; h < share.count; ++h) {
          if (lists[h].count > full_list(k)) {
            settle(lists[h], own + h * pitch, k, work);
          }
        }
      });
  for (int h = 0; h < share.count; ++h) {
    Key* region = own + h * pitch;
    settle(lists[h], region, k, work);
    for (int i = lists[h].count + thread; i < k; i += BLOCK) {
      region[i] = 0;
    }
  }
}

extern "C" __global__ void __launch_bounds__(BLOCK) top_k_merge(
    unsigned long long* keys, const int* live, int parts, int k, int room, int* ids,
    float* scores) {
  __shared__ BestKeys list;
  __shared__ Key work[SORTED_KEYS];
  const int thread = static_cast<int>(threadIdx.x);
  const int history = static_cast<int>(blockIdx.x);
  if (history >= *live) {
    return;
  }
  // The first part's list is the beginning.
  Key* region = keys + static_cast<long long>(history) * parts * room;
  if (thread == 0) {
    list.clear();
    list.count = k;
    list.least = region[k - 1];
  }
  __syncthreads();
  for (int part = 1; part < parts; ++part) {
    const Key* other = region + static_cast<long long>(part) * room;
    for (int first = 0; first < k; first += BLOCK) {
      const int i = first + thread;
      const Key key = i < k ? other[i] : 0;
      const bool counts = key > list.least;
      if (__syncthreads_or(counts) == 0) {
        break;  // nor does what follows
      }
      append(list, region, counts, key);
      __syncthreads();
      const bool full = list.count > full_list(k);
      __syncthreads();
      if (full) {
        settle(list, region, k, work);
      }
    }
    __syncthreads();
  }
  settle(list, region, k, work);
  for (int i = thread; i < k; i += BLOCK) {
    const Key key = region[i];
    ids[static_cast<long long>(history) * k + i] = key == 0 ? -1 : row_of(key);
    scores[static_cast<long long>(history) * k + i] =
        key == 0 ? __int_as_float(0x7fc00000) : score_of(key);
  }
}

extern "C" __global__ void __launch_bounds__(BLOCK, SCORING_BLOCKS) top_k_compare(
    const float* q, const float* table, int rows, const int* offsets, const int* ids,
    const int* targets, const int* live, int* partials, int chunk) {
  __shared__ float own[GROUP];
  __shared__ int sums[WARPS][GROUP][3];
  const Share share(live, rows, chunk);
  if (share.count <= 0) {
    return;
  }
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = thread % WARP;
  const int warp = thread / WARP;
  Excluded excluded;
  int target = -1;
  load_interests(q, share);
  for (int i = lane; i < GROUP * 3; i += WARP) {
    sums[warp][i / 3][i % 3] = 0;
  }
  __syncthreads();
  if (thread < share.count) {
    excluded.seek(offsets, ids, share.first + thread, share.begin);
    target = targets[share.first + thread];
    if (target >= 0 && target < rows) {
      float x[1][WIDTH];
      float score[1];
#pragma unroll
      for (int i = 0; i < QUADS; ++i) {
        put(x[0], i, table_quad(table + static_cast<long long>(target) * D, i));
      }
      score_rows<1>(thread, x, score);
      own[thread] = score[0];
    } else {
      own[thread] = 0.0f;
    }
  }
  each_tile(
      table, share, excluded, target,
      [&](int h, const unsigned* bits, int, const float (&score)[PER], bool) {
        const float mine = own[h];
        int greater = 0;
        int equal = 0;
        int neither = 0;
#pragma unroll
        for (int p = 0; p < PER; ++p) {
          const unsigned counts = ~bits[p];
          const unsigned above = counts & __ballot_sync(ALL_LANES, score[p] > mine);
          const unsigned same = counts & __ballot_sync(ALL_LANES, score[p] == mine);
          const unsigned below = counts & __ballot_sync(ALL_LANES, score[p] < mine);
          greater += __popc(above);
          equal += __popc(same);
          neither += __popc(counts & ~(above | same | below));
        }
        if (lane < 3) {
          sums[warp][h][lane] += lane == 0 ? greater : lane == 1 ? equal : neither;
        }
      },
      [] {});
  const int parts = static_cast<int>(gridDim.y);
  for (int i = thread; i < share.count * 3; i += BLOCK) {
    int sum = 0;
    for (int w = 0; w < WARPS; ++w) {
      sum += sums[w][i / 3][i % 3];
    }
    partials[((share.first + i / 3) * static_cast<long long>(parts) + blockIdx.y) * 3 + i % 3] = sum;
  }
}

extern "C" __global__ void __launch_bounds__(BLOCK) top_k_add(
    const int* partials, const int* targets, const int* live, int rows, int parts, int* counts) {
  const int size = *live * 3;
  for (int i = blockIdx.x * BLOCK + threadIdx.x; i < size; i += gridDim.x * BLOCK) {
    const int target = targets[i / 3];
    int sum = 0;
    for (int part = 0; part < parts; ++part) {
      sum += partials[(static_cast<long long>(i / 3) * parts + part) * 3 + i % 3];
    }
    counts[i] = target >= 0 && target < rows ? sum : -1;
  }
}
