// The graph of one history, equations (1) to (3), by tiles of item pairs in shared memory: what
// graph_convolution's directions have in common. One block works on it together.
//
// A history is held in one of three ways, by its length:
//   kept      its rows and all of A are in shared memory: one tile, computed once
//   resident  its rows are; A is computed again, tile by tile, in each pass over it
//   streamed  only the rows of the tile at hand are, copied from global memory
// All ways add up the same numbers in the same order, so they give the same bits.
#pragma once
#include "item_rows.cuh"
#include "sigmoid.cuh"

enum Normalisation { SYMMETRIC = 0, KIPF = 1, NONE = 2 };  // as CudaGraphConvolution numbers them

extern __shared__ float4 shared_quads[];

// Places in shared memory are counted in floats.
__device__ __forceinline__ float* shared_at(int place) {
  return reinterpret_cast<float*>(shared_quads) + place;
}

// What a history's way of being held is decided by; see HistoryPlan.
struct PlanLimits {
  int keep;      // items at most that are kept
  int resident;  // items at most that are resident
  int tile;
};

// Rows of a history, either all in shared memory, or a tile of them there and all in global memory.
struct ItemSource {
  int place;
  const float* global;
  int pitch;  // floats from row to row in global memory
};

// Lives in shared memory itself, behind W and u, so that its numbers take no registers.
template <int D, int NORMALISATION, bool USER>
struct GraphTiles {
  static constexpr int QUADS = ItemRows<D>::QUADS;
  static constexpr int WIDTH = 4 * QUADS;
  static constexpr int STRIDE = ItemRows<D>::STRIDE;
  static constexpr bool NORMALISED = NORMALISATION != NONE;
  static constexpr int W = 0;  // its rows, and zero rows behind them
  static constexpr int U = padded_rows(D) * STRIDE;
  static constexpr int SELF = U + WIDTH;
  static constexpr int ROOM = SELF + 32;  // for everything else

  int histories;
  int history;   // at hand
  int first;     // its first item; negative where there are no more histories
  int n;         // items
  int kept;      // 1 or 0
  int streamed;  // 1 or 0
  int span;      // rows and columns of a tile
  int stride;    // floats from row to row of a tile
  int portion;   // floats that rows of one kind take
  int x;         // X; streamed: the rows that a tile begins with
  int x_j;       // streamed: those that it ends with
  int roots;     // the row sums of A, then D^-1/2; zero behind, to a multiple of 4
  int a;         // the tile

  // Before the block's first history. By one thread, as all that sets numbers.
  __device__ __forceinline__ void begin(const int* live) {
    histories = *live;
    history = static_cast<int>(blockIdx.x) - static_cast<int>(gridDim.x);
  }

  // The block's next history.
  __device__ __forceinline__ void take(const int* offsets, const PlanLimits& limits) {
    history += gridDim.x;
    const bool any = history < histories;
    first = any ? offsets[history] : -1;
    n = any ? offsets[history + 1] - first : 0;
    kept = n <= limits.keep;
    streamed = kept == 0 && n > limits.resident;
    span = kept != 0 ? n : limits.tile;
    stride = odd_quads(span);
    portion = padded_rows(streamed != 0 ? span : n) * STRIDE;
  }

  __device__ __forceinline__ static const float* user() {
    return USER ? shared_at(U) : nullptr;
  }

  // Rows from `row` on of rows at a place, or the tile of them that is there.
  __device__ __forceinline__ float* rows_at(int place, int row) const {
    return shared_at(streamed != 0 ? place : place + row * STRIDE);
  }

  // Rows of X along the columns of a tile that begins at item j.
  __device__ __forceinline__ const float* columns_at(int j) const {
    return shared_at(streamed != 0 ? x_j : x + j * STRIDE);
  }

  // A tile's rows from global memory to a place.
  __device__ __forceinline__ static void fetch(
      int place, const float* from, int pitch, int row, int rows) {
    load_rows<D>(shared_at(place), from + static_cast<long long>(row) * pitch, pitch, rows);
  }

  // A of a tile, whose rows of X are there.
  __device__ __forceinline__ void adjacency(int i, int rows, int j, int columns) const {
    const float* const x_i = rows_at(x, i);
    const float* const x_columns = columns_at(j);
    float* const to = shared_at(a);
    each_pair_tile(rows, columns, [&](int row, int column) {
      float s[PAIR_COLUMNS] = {};
      add_dots<D>(s, x_i + min(row, rows - 1) * STRIDE, x_columns + column * STRIDE, user());
      if (row < rows) {
        put_pairs(to + row * stride + column, columns - column, [&](int c) {
          return sigmoid(s[c]).value;
        });
      }
    });
  }

  // Before a tile that is not kept: waits until its room is free, and fetches its rows of X where
  // they are streamed.
  __device__ __forceinline__ void stage(
      const float* items, int i, int rows, int j, int columns) const {
    __syncthreads();
    if (streamed != 0) {
      if (j == 0) {
        fetch(x, items, D, i, rows);
      }
      fetch(x_j, items, D, j, columns);
    }
  }

  // The row sums of A, and A itself where it is kept. items: X in global memory.
  __device__ __forceinline__ void degrees(const float* items) const {
    for (int i = 0; i < n; i += span) {
      const int rows = min(span, n - i);
      for (int j = 0; j < n; j += span) {
        const int columns = min(span, n - j);
        if (kept == 0) {
          stage(items, i, rows, j, columns);
          await_rows();
        }
        adjacency(i, rows, j, columns);
        __syncthreads();
        for (int row = threadIdx.x; row < rows; row += ITEM_BLOCK) {
          float& degree = shared_at(roots)[i + row];
          const float* const own = shared_at(a + row * stride);
          float sum = j == 0 ? 0.0f : degree;
#pragma unroll 1
          for (int quad = 0; quad < (columns + 3) / 4; ++quad) {
            const float4 four = quad_at(own, quad);
            sum += (four.x + four.y) + (four.z + four.w);
          }
          degree = sum;
        }
      }
    }
  }

  // From row sums to D^-1/2.
  __device__ __forceinline__ void normalise() const {
    for (int i = threadIdx.x; i < multiple_of(4, n); i += ITEM_BLOCK) {
      float& root = shared_at(roots)[i];
      const float degree = i < n ? (NORMALISATION == KIPF ? root + 1.0f : root) : 0.0f;
      root = degree == 0.0f ? 0.0f : 1.0f / sqrtf(degree);
    }
  }

  // P times a source, rows [i, i + rows), to rows at place `to`. `own` is room for those rows of a
  // streamed source; they are there in the end.
  __device__ __forceinline__ void propagate(
      const float* items, int i, int rows, const ItemSource& source, int own, int to) const {
    for (int j = 0; j < n; j += span) {
      const int columns = min(span, n - j);
      if (kept == 0) {
        stage(items, i, rows, j, columns);
        if (streamed != 0) {
          fetch(source.place, source.global, source.pitch, j, columns);
          if (j == 0) {
            fetch(own, source.global, source.pitch, i, rows);
          }
          await_rows();
        }
        adjacency(i, rows, j, columns);
        __syncthreads();
      }
      const bool last = j + columns == n;
      const float* const r = shared_at(roots);
      add_tile(
          rows,
          columns,
          rows_at(source.place, j),
          rows_at(to, i),
          j == 0,
          [&](float4 p, int quad) {
            return NORMALISED ? product(p, quad_at(r + j, quad)) : p;
          },
          [&](int row, int quad, float4 total) {
            if (NORMALISED && last) {
              const float root = r[i + row];
              const float* const selves = rows_at(streamed != 0 ? own : source.place, i);
              const float4 self = quad_at(selves + row * STRIDE, quad);
              total = NORMALISATION == KIPF ? times(root, fma(root, self, total))
                                            : fma(root, total, self);
            }
            return total;
          });
    }
  }

  // to (+)= tile times `right`. factor(four values of the tile, their quad) and result(row, quad, sum)
  // have the last word on what goes in and comes out.
  template <class Factor, class Result>
  __device__ __forceinline__ void add_tile(
      int rows, int columns, const float* right, float* to, bool starts, Factor factor, Result result)
      const {
    constexpr int PART = ItemRows<D>::PART;
    const float* const tile = shared_at(a);
    each_part<D>(rows, [&](int row, int quad) {
      const int own = min(row, rows - 1);
      float* const mine = to + own * STRIDE + 4 * quad;
      const float* const left = tile + own * stride;
      float4 sums[PART];
#pragma unroll
      for (int q = 0; q < PART; ++q) {
        sums[q] = starts || row >= rows ? zero_quad() : quad_at(mine, q);
      }
      add_products<D>(sums, (columns + 3) / 4, right + 4 * quad, [&](int four) {
        return factor(quad_at(left, four), four);
      });
      if (row < rows) {
#pragma unroll
        for (int q = 0; q < PART; ++q) {
          put_quad(mine, q, result(row, quad + q, sums[q]));
        }
      }
    });
  }
};
