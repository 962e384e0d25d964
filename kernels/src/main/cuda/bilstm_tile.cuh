// What a team of lanes of bilstm works on: a tile of neighbouring sequences, and windows of their
// time steps in shared memory. A direction counts its own steps: step s is position s forward, and
// position length - 1 - s backward, so that both begin at 0 with zero states.
#pragma once
#include "access.cuh"
#include "bilstm_lanes.cuh"

// The widest access that divides all of the given counts of floats.
__host__ __device__ constexpr int widest(int a, int b) {
  return a % 4 == 0 && b % 4 == 0 ? 4 : a % 2 == 0 && b % 2 == 0 ? 2 : 1;
}

// x, of which the compiler knows nothing here: so that it does not keep what it makes of x in
// registers from segment to segment or step to step, where weights need them.
__device__ __forceinline__ int anew(int x) {
  asm volatile("" : "+r"(x));
  return x;
}

// All THREADS threads that use the barrier `id` meet, and see each other's writes.
template <int THREADS>
__device__ __forceinline__ void meet(int id) {
  if constexpr (THREADS == WARP) {
    __syncwarp();
  } else {
    asm volatile("bar.sync %0, %1;" ::"r"(id), "n"(THREADS) : "memory");
  }
}

template <int SEQUENCES>
struct Tile {
  long long place[SEQUENCES];  // the sequence's first position, in positions of all sequences
  int length[SEQUENCES];       // 0 where there is no sequence

  // By one lane a sequence. Sequences are numbered history by history, `capsules` each.
  __device__ __forceinline__ void find(
      int r, int sequence, int total, const int* offsets, int capsules) {
    if (sequence < total) {
      const int history = sequence / capsules;
      const int begin = offsets[history];
      length[r] = offsets[history + 1] - begin;
      place[r] = static_cast<long long>(begin) * capsules + sequence % capsules * length[r];
    } else {
      length[r] = 0;
      place[r] = 0;
    }
  }

  __device__ __forceinline__ int longest() const {
    int most = 0;
#pragma unroll
    for (int r = 0; r < SEQUENCES; ++r) {
      most = max(most, length[r]);
    }
    return most;
  }

  // The position of a direction's step, below length[r].
  __device__ __forceinline__ int position(int r, int direction, int step) const {
    return direction == 0 ? step : length[r] - 1 - step;
  }
};

// Visits (r, row, piece) for every sequence of a tile, row of its window and of PIECES pieces of a
// row, by THREADS lanes: neighbours take neighbouring pieces, and where they come to in a window is
// worked out once for all sequences if they can take a whole window at once. AHEAD visits are under
// way at once: several where they wait for global memory.
template <int SEQUENCES, int SEGMENT, int PIECES, int THREADS, int AHEAD, class Visit>
__device__ __forceinline__ void each_piece(int lane, Visit visit) {
  constexpr int WINDOW = SEGMENT * PIECES;
  const int first = anew(lane);
  if constexpr (WINDOW <= THREADS) {
    constexpr int AT_ONCE = THREADS / WINDOW;
    const int place = first % WINDOW;
    if (first < AT_ONCE * WINDOW) {
#pragma unroll AHEAD
      for (int r = first / WINDOW; r < SEQUENCES; r += AT_ONCE) {
        visit(r, place / PIECES, place % PIECES);
      }
    }
  } else {
    for (int r = 0; r < SEQUENCES; ++r) {
#pragma unroll(AHEAD > 1 ? AHEAD / 2 : 1)
      for (int i = first; i < WINDOW; i += THREADS) {
        visit(r, i / PIECES, i % PIECES);
      }
    }
  }
}

// Copies WIDTH floats of each of SEGMENT steps from `first` on of every sequence of the tile, from
// rows of D floats in global memory to rows of STRIDE floats in shared memory, with zeros up to
// whole(WIDTH, 4) and behind a sequence. By THREADS lanes.
template <
    int D, int WIDTH, int STRIDE, int SEGMENT, int THREADS, int AHEAD, int SEQUENCES, class Target>
__device__ __forceinline__ void load_window(
    int lane, const Tile<SEQUENCES>& tile, int direction, int first, const float* source,
    Target target) {
  constexpr int V = widest(D, WIDTH);
  each_piece<SEQUENCES, SEGMENT, whole(WIDTH, 4) / V, THREADS, AHEAD>(
      lane, [&](int r, int row, int piece) {
        Access<V> value = zero_access<V>();
        if (piece * V < WIDTH && first + row < tile.length[r]) {
          const long long t = tile.place[r] + tile.position(r, direction, first + row);
          value = load_access<V>(source + t * D, piece);
        }
        store_access<V>(target(r) + row * STRIDE, piece, value);
      });
}
