// Ragged batches: items of histories one after another, offsets[h] the first item of history h and
// offsets[histories] their number; a history has an item at least. All lanes of a warp take part in
// each call.
#pragma once
#include "warp.cuh"

// The history of an item in [0, offsets[histories]): the last h with offsets[h] <= item, the same in
// all lanes. 32 offsets at once, so two turns do for 1,024 histories.
__device__ __forceinline__ int find_history(const int* offsets, int histories, int item) {
  const int lane = static_cast<int>(threadIdx.x) % WARP;
  int first = 0;
  int end = histories;  // offsets[first] <= item < offsets[end]
  while (end - first > 1) {
    const int step = (end - first + WARP - 1) / WARP;
    const int probe = first + lane * step;
    const bool reached = probe < end && offsets[probe] <= item;
    first += (__popc(__ballot_sync(ALL_LANES, reached)) - 1) * step;
    end = min(end, first + step);
  }
  return first;
}

constexpr int TILE = WARP;  // rows

// A block's tiles of TILE rows [item][level]: those of the batch are dealt out in runs, of `least`
// tiles at least.
template <int LEVELS>
struct TileRun {
  int rows;   // of the batch
  int begin;  // tiles
  int end;

  __device__ __forceinline__ TileRun(int items, int least) {
    rows = items * LEVELS;
    const int tiles = (rows + TILE - 1) / TILE;
    const int blocks = static_cast<int>(gridDim.x);
    const int share = max(least, (tiles + blocks - 1) / blocks);
    begin = min(tiles, static_cast<int>(blockIdx.x) * share);
    end = min(tiles, begin + share);
  }

  __device__ __forceinline__ int first_item() const { return begin * TILE / LEVELS; }
};

// Where the vectors of one item at one level lie among capsules [history][level][interest][position].
struct CapsuleRow {
  int place;   // of interest 0, in vectors from the start of the tensor
  int length;  // of the history, and so how far the next interest is
};

// The row first + lane of a batch's rows [item][level], for tiles that a warp visits in
// ascending order. Lanes behind the last row get that one. `history` is one at or before the
// tile's first, and becomes the tile's first.
template <int LEVELS, int INTERESTS>
__device__ __forceinline__ CapsuleRow
capsule_row(const int* offsets, int histories, int first, int rows, int& history) {
  const int lane = static_cast<int>(threadIdx.x) % WARP;
  const int last = min(first + WARP, rows) - 1;
  const int row = min(first + lane, last);
  const int item = row / LEVELS;
  int end = offsets[min(history + 1 + lane, histories)];  // of history + lane
  for (;;) {
    const int passed = __popc(__ballot_sync(ALL_LANES, end <= first / LEVELS));
    if (passed == 0) {
      break;
    }
    history += passed;
    end = offsets[min(history + 1 + lane, histories)];
  }
  int before = 0;  // histories of the tile that end before the lane's item
  for (int h = 0; h < WARP; ++h) {
    const int other = __shfl_sync(ALL_LANES, end, h);
    if (other > last / LEVELS) {
      break;
    }
    before += other <= item ? 1 : 0;
  }
  const int previous = __shfl_sync(ALL_LANES, end, max(before - 1, 0));
  const int begin = before == 0 ? offsets[history] : previous;
  const int length = __shfl_sync(ALL_LANES, end, before) - begin;
  const int level = row % LEVELS;
  return {(begin * LEVELS + level * length) * INTERESTS + item - begin, length};
}
