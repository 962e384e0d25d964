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

  __device__ __forceinline__ int shortest() const {
    int least = length[0];
#pragma unroll
    for (int r = 1; r < SEQUENCES; ++r) {
      least = min(least, length[r]);
    }
    return least;
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

// How THREADS lanes share the rows of all sequences' windows, of PIECES pieces each: a lane keeps to
// one sequence, and neighbours take neighbouring pieces of it, COUNT each at most.
template <int SEQUENCES, int SEGMENT, int PIECES, int THREADS>
struct WindowShare {
  static constexpr int LANES = THREADS / SEQUENCES;  // of a sequence
  static constexpr int COUNT = (SEGMENT * PIECES + LANES - 1) / LANES;
  static constexpr bool EVEN = LANES % PIECES == 0;  // then a lane's pieces are of one column
  static constexpr int STEP = LANES / PIECES;     // and as many rows apart
  static_assert(LANES > 0, "each sequence has a lane");

  unsigned r;
  unsigned place;

  // lane in [0, THREADS)
  __device__ __forceinline__ explicit WindowShare(unsigned lane)
      : r(lane / LANES), place(lane % LANES) {
    if (LANES * SEQUENCES < THREADS && r >= SEQUENCES) {  // lanes that are left over take nothing
      r = 0;
      place = SEGMENT * PIECES;
    }
  }

  __device__ __forceinline__ int row(int k) const {
    return EVEN ? place / PIECES + k * STEP : (place + k * LANES) / PIECES;
  }
  __device__ __forceinline__ int piece(int k) const {
    return EVEN ? place % PIECES : (place + k * LANES) % PIECES;
  }

  // Whether its k-th row lies within all windows.
  static __device__ __forceinline__ constexpr bool within(int k) {
    return LANES * SEQUENCES == THREADS && (k + 1) * LANES <= SEGMENT * PIECES;
  }
};

// Where a lane's rows of a window lie in global memory, in floats, D a row.
template <class Share, int D>
struct RowWalk {
  long long first;  // its own first row
  long long step;   // between its rows, where they are evenly apart

  // begin: of the window's first step
  __device__ __forceinline__ RowWalk(const Share& share, long long begin, int direction)
      : first(begin + (direction == 0 ? share.row(0) * D : -share.row(0) * D)),
        step(direction == 0 ? D : -D) {}

  __device__ __forceinline__ long long at(const Share& share, int k) const {
    return first + (Share::EVEN ? k * Share::STEP : share.row(k) - share.row(0)) * step;
  }
};

// WIDTH floats of each of SEGMENT steps of every sequence of a tile, on their way from rows of D
// floats in global memory to rows of STRIDE floats in shared memory, by THREADS lanes: all loads
// are under way at once.
template <int D, int WIDTH, int STRIDE, int SEGMENT, int THREADS, int SEQUENCES>
struct WindowLoad {
  static constexpr int V = widest(D, WIDTH);
  using Share = WindowShare<SEQUENCES, SEGMENT, whole(WIDTH, 4) / V, THREADS>;
  Access<V> value[Share::COUNT];

  // From step `first` on; zeros up to whole(WIDTH, 4) and behind a sequence.
  __device__ __forceinline__ void load(
      int lane, const Tile<SEQUENCES>& tile, int direction, int first, const float* source) {
    const Share share(lane);
    const int steps = min(tile.length[share.r] - first, SEGMENT);
    const RowWalk<Share, D> walk(
        share, (tile.place[share.r] + tile.position(share.r, direction, first)) * D, direction);
#pragma unroll
    for (int k = 0; k < Share::COUNT; ++k) {
      value[k] = zero_access<V>();
      if (share.row(k) < steps && share.piece(k) * V < WIDTH) {
        value[k] = load_access<V>(source + walk.at(share, k), share.piece(k));
      }
    }
  }

  // target(r): where the sequence's rows begin
  template <class Target>
  __device__ __forceinline__ void store(int lane, Target target) const {
    const Share share(lane);
    float* const rows = target(share.r);
#pragma unroll
    for (int k = 0; k < Share::COUNT; ++k) {
      if (Share::within(k) || share.row(k) < SEGMENT) {
        store_access<V>(rows + share.row(k) * STRIDE, share.piece(k), value[k]);
      }
    }
  }
};
