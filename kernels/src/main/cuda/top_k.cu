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
// Aliasing: none. Determinism: results are exact, whatever chunk and GROUP are; no float is added
//   but by one lane alone, in order.
// Bytes: candidates, compare: the part of the table and its histories' q once a block, and the keys
//   that enter a list, of which best_keys.cuh says how many. merge: keys once.
//
// Compile-time: TOP_K_D, K, LEVELS; JOINT, SUM: see interest_readout; VECTOR = 4 where D is a
//   multiple of 4 and the table begins on one of 16 bytes, else 1; GROUP = histories of a block, at
//   most 32; PER = rows a lane scores at a time.
#include "access.cuh"
#include "best_keys.cuh"
#include "interest_attention.cuh"
#include "quad_rows.cuh"
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

// Shared memory of a block, in floats: interests, rows of each warp on their way to lanes or keys to
// be sorted, bits.
struct Room {
  static constexpr int rows = GROUP * HISTORY_FLOATS;
  static constexpr int ROWS = WARPS * WARP * WIDTH;
  static constexpr int bits = rows + (ROWS > 2 * SORTED_KEYS ? ROWS : 2 * SORTED_KEYS);
  static constexpr int floats = bits + GROUP * BITS;
};

// A block's share: histories first .. first + count - 1, rows begin .. end - 1 of the table.
struct Share {
  int first;
  int count;
  int begin;
  int end;

  __device__ __forceinline__ Share(const int* live, int rows, int chunk) {
    first = static_cast<int>(blockIdx.x) * GROUP;
    count = min(GROUP, *live - first);
    begin = static_cast<int>(blockIdx.y) * chunk;
    end = min(rows, begin + chunk);
  }
};

__device__ __forceinline__ void load_interests(const float* q, Share share) {
  float* interests = reinterpret_cast<float*>(shared_memory);
  load_quads<D>(
      q + static_cast<long long>(share.first) * CAPSULES * D, share.count * CAPSULES,
      threadIdx.x, BLOCK, InOrder(), [&](int row, int quad) {
        float* to = interests + row / CAPSULES * HISTORY_FLOATS + row % CAPSULES * WIDTH;
        return reinterpret_cast<float4*>(to) + quad;
      });
}

// A quad of a row of the table, which may begin anywhere if VECTOR is 1.
__device__ __forceinline__ float4 table_quad(const float* row, int quad) {
  if constexpr (VECTOR == 4) {
    return load_quad<D>(row, quad);
  } else {
    const float* at = row + 4 * quad;
    const int has = D - 4 * quad;
    return make_float4(
        at[0], has > 1 ? at[1] : 0.0f, has > 2 ? at[2] : 0.0f, has > 3 ? at[3] : 0.0f);
  }
}

__device__ __forceinline__ void put(float (&x)[WIDTH], int quad, float4 four) {
  x[4 * quad] = four.x;
  x[4 * quad + 1] = four.y;
  x[4 * quad + 2] = four.z;
  x[4 * quad + 3] = four.w;
}

// The warp's rows of the tile from row `first` on to its lanes; the table's last row for those behind
// `end`. Each 32 rows are one piece of memory and change places in shared memory.
__device__ __forceinline__ void load_tile(
    const float* table, int first, int end, float (&x)[PER][WIDTH]) {
  const int lane = static_cast<int>(threadIdx.x) % WARP;
  const int warp = static_cast<int>(threadIdx.x) / WARP;
  float4* rows = shared_memory + Room::rows / 4 + warp * WARP * QUADS;
#pragma unroll
  for (int p = 0; p < PER; ++p) {
    const int row0 = first + (warp * PER + p) * WARP;
#pragma unroll
    for (int i = 0; i < QUADS; ++i) {
      const int row = min(row0 + (i * WARP + lane) / QUADS, end - 1);
      const float* from = table + static_cast<long long>(row) * D;
      put(x[p], i, table_quad(from, (i * WARP + lane) % QUADS));
    }
  }
#pragma unroll
  for (int p = 0; p < PER; ++p) {
#pragma unroll
    for (int i = 0; i < QUADS; ++i) {
      const int item = i * WARP + lane;
      rows[swizzled<QUADS>(item / QUADS, item % QUADS)] =
          make_float4(x[p][4 * i], x[p][4 * i + 1], x[p][4 * i + 2], x[p][4 * i + 3]);
    }
    __syncwarp();
#pragma unroll
    for (int i = 0; i < QUADS; ++i) {
      put(x[p], i, rows[swizzled<QUADS>(lane, i)]);
    }
    __syncwarp();
  }
}

// Scores of a lane's rows for the group's history number h.
template <int COUNT>
__device__ __forceinline__ void score_rows(
    int h, const float (&x)[COUNT][WIDTH], float (&score)[COUNT]) {
  const float* q = reinterpret_cast<const float*>(shared_memory) + h * HISTORY_FLOATS;
#pragma unroll
  for (int p = 0; p < COUNT; ++p) {
    score[p] = SUM ? 0.0f : minus_infinity();  // what the first y takes the place of
  }
#pragma unroll 1
  for (int level = 0; level < SCORES; ++level) {
    Seen seen[COUNT];
    float y[COUNT];
    attend<OVER, WIDTH, COUNT>(q + level * OVER * WIDTH, x, seen, y, [](int, int, float) {});
#pragma unroll
    for (int p = 0; p < COUNT; ++p) {
      score[p] = read_out<SUM>(score[p], y[p]);
    }
  }
}

// The rows of a tile that do not count, as bits: a thread keeps the place in its history's list.
struct Excluded {
  const int* ids;
  int at;
  int stop;

  // For history h of the group, by its thread: the first id that is not before `row`.
  __device__ __forceinline__ void seek(const int* offsets, const int* lists, int h, int row) {
    ids = lists;
    at = offsets[h];
    stop = offsets[h + 1];
    int behind = stop;
    while (at < behind) {
      const int middle = at + (behind - at) / 2;
      if (ids[middle] < row) {
        at = middle + 1;
      } else {
        behind = middle;
      }
    }
  }

  // Sets the bits of the tile from `first` on: rows in the list, rows from `end` on, and `also`.
  __device__ __forceinline__ void mark(unsigned* bits, int first, int end, int also) {
    for (int w = 0; w < WORDS; ++w) {
      const int left = end - first - w * WARP;  // rows that exist
      bits[w] = left >= WARP ? 0u : left <= 0 ? ALL_LANES : ALL_LANES << left;
    }
    const int behind = min(end, first + TILE);
    while (at < stop && ids[at] < behind) {
      const int row = ids[at++] - first;
      bits[row / WARP] |= 1u << row % WARP;
    }
    if (also >= first && also < behind) {
      bits[(also - first) / WARP] |= 1u << (also - first) % WARP;
    }
  }
};

// Goes through the share's tiles: visit(h, bits, row, score, begins) by all threads for every history,
// with the warp's PER words of bits and its first row, and whether the tile is the first; settle() by
// the block after a tile.
template <class Visit, class Settle>
__device__ __forceinline__ void each_tile(
    const float* table, Share share, Excluded excluded, int also, Visit visit, Settle settle) {
  const int warp = static_cast<int>(threadIdx.x) / WARP;
  const bool marks = static_cast<int>(threadIdx.x) < share.count;
  unsigned* bits = reinterpret_cast<unsigned*>(shared_memory) + Room::bits;
#pragma unroll 1
  for (int first = share.begin; first < share.end; first += TILE) {
    if (marks) {
      excluded.mark(bits + threadIdx.x * BITS, first, share.end, also);
    }
    float x[PER][WIDTH];
    load_tile(table, first, share.end, x);
    __syncthreads();
#pragma unroll 1
    for (int h = 0; h < share.count; ++h) {
      float score[PER];
      score_rows<PER>(h, x, score);
      visit(
          h, bits + h * BITS + warp * PER, first + warp * PER * WARP, score,
          first == share.begin);
    }
    __syncthreads();
    settle();
  }
}

// Registers of a lane grow with the values of its rows; where they are few, more warps hide latency.
constexpr int SCORING_BLOCKS = PER * (WIDTH + OVER) <= 80 ? 3 : 2;

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
