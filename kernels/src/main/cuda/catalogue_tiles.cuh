// Tiles of a table of items scored for a group of histories: the part of top_k.cu, whose sizes it uses,
// that its kernels have in common.
#pragma once
#include "best_keys.cuh"
#include "interest_attention.cuh"
#include "quad_rows.cuh"
#include "quads.cuh"
#include "warp.cuh"

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
