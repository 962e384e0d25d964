// Rows of D floats, one an item, in shared memory, and products of them. In every product a lane has
// a row of its own and the other operand is the same for the whole warp: the first is read 16 bytes a
// lane without conflicts, the second in one wavefront. A product's sums run over their index upwards,
// one chain each, so their bits do not depend on how the work is cut into tiles.
#pragma once
#include "quads.cuh"
#include "warp.cuh"

constexpr int ITEM_BLOCK = 256;  // threads of a block
constexpr int ITEM_WARPS = ITEM_BLOCK / WARP;
constexpr int PAIR_COLUMNS = 8;  // columns of a warp's tile of item pairs; its rows are the lanes

template <int D>
struct ItemRows {
  static constexpr int QUADS = (D + 3) / 4;
  static constexpr int STRIDE = odd_quads(D);

  // Quads of an output row that one lane computes: a divisor of QUADS, small enough to leave work for
  // the other warps.
  __host__ __device__ static constexpr int part() {
    int part = 1;
    for (int quads = 2; quads <= 5; ++quads) {
      if (QUADS % quads == 0 && 2 * quads <= QUADS) {
        part = quads;
      }
    }
    return part;
  }
  static constexpr int PART = part();
  static constexpr int PARTS = QUADS / PART;
};

__device__ __forceinline__ int lane_index() {
  return static_cast<int>(threadIdx.x) % WARP;
}

__device__ __forceinline__ int warp_index() {
  return static_cast<int>(threadIdx.x) / WARP;
}

__device__ __forceinline__ float4 quad_at(const float* row, int quad) {
  return reinterpret_cast<const float4*>(row)[quad];
}

__device__ __forceinline__ void put_quad(float* row, int quad, float4 value) {
  reinterpret_cast<float4*>(row)[quad] = value;
}

// The history that a block takes up: read by two lanes, so that not each warp fetches it.
struct HistoryItems {
  int first;   // item; negative where there are no more histories
  int length;  // items

  // By all threads, who have finished with shared memory when it returns. `room` is for a quad of
  // integers, `histories` counts to be known to the first two threads.
  __device__ __forceinline__ HistoryItems(const int* offsets, int h, int histories, int* room) {
    __syncthreads();
    if (threadIdx.x < 2) {
      room[threadIdx.x] = h < histories ? offsets[h + threadIdx.x] : -1;
    }
    __syncthreads();
    first = room[0];
    length = room[1] - first;
  }

  // How many histories there are, to the two threads that ask.
  __device__ static __forceinline__ int count(const int* live) {
    return threadIdx.x < 2 ? *live : 0;
  }
};

// Visits every quad of `rows` rows, visit(row, quad), by all threads: in global memory the lanes of a
// warp meet whole sectors, in shared memory 8 neighbouring lanes meet different banks. Where rows
// have gaps (QUADS is even), those 8 take two quads each of 4 rows, every second one.
template <int D, class Visit>
__device__ __forceinline__ void each_quad(int rows, Visit visit) {
  constexpr int QUADS = ItemRows<D>::QUADS;
  if constexpr (QUADS % 2 == 1) {
#pragma unroll 2
    for (int i = threadIdx.x; i < rows * QUADS; i += ITEM_BLOCK) {
      visit(i / QUADS, i % QUADS);
    }
  } else {
    constexpr int PAIRS = QUADS / 2;
    const int places = multiple_of(8, rows) * QUADS;
#pragma unroll 2
    for (int i = threadIdx.x; i < places; i += ITEM_BLOCK) {
      const int sixteen = i / 16;
      const int row = sixteen / PAIRS * 8 + (i / 2 % 4) * 2 + i / 8 % 2;
      if (row < rows) {
        visit(row, sixteen % PAIRS * 2 + i % 2);
      }
    }
  }
}

// `rows` rows to shared memory, from rows `pitch` floats apart; zero rows behind, to a multiple of 4.
template <int D>
__device__ __forceinline__ void load_rows(float* to, const float* from, int pitch, int rows) {
  each_quad<D>(multiple_of(4, rows), [&](int row, int quad) {
    const float4 value = row < rows ? load_quad<D>(from + static_cast<long long>(row) * pitch, quad)
                                    : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    put_quad(to + row * ItemRows<D>::STRIDE, quad, value);
  });
}

// One row, to a multiple of 4 floats.
template <int D>
__device__ __forceinline__ void load_row(float* to, const float* from) {
  for (int quad = threadIdx.x; quad < ItemRows<D>::QUADS; quad += ITEM_BLOCK) {
    put_quad(to, quad, load_quad<D>(from, quad));
  }
}

template <int D>
__device__ __forceinline__ void store_rows(float* to, int pitch, const float* from, int rows) {
  each_quad<D>(rows, [&](int row, int quad) {
    const float4 value = quad_at(from + row * ItemRows<D>::STRIDE, quad);
    store_quad<D>(to + static_cast<long long>(row) * pitch, quad, value);
  });
}

// Sums over items of the products x_k r_k, for u's gradient: warp w takes every eighth item from the
// w-th, and the warps' sums are added in order. Rows may come in portions.
template <int D>
struct UserSums {
  static constexpr int QUADS = ItemRows<D>::QUADS;
  static constexpr int HELD = (QUADS + WARP - 1) / WARP;
  float4 sum[HELD];

  __device__ __forceinline__ UserSums() {
#pragma unroll
    for (int k = 0; k < HELD; ++k) {
      sum[k] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    }
  }

  // `rows` more rows, after a multiple of 8.
  __device__ __forceinline__ void add(const float* x, const float* r, int rows) {
#pragma unroll
    for (int k = 0; k < HELD; ++k) {
      const int quad = lane_index() + k * WARP;
      if (quad < QUADS) {
#pragma unroll 1
        for (int row = warp_index(); row < rows; row += ITEM_WARPS) {
          const float4 a = quad_at(x + row * ItemRows<D>::STRIDE, quad);
          const float4 b = quad_at(r + row * ItemRows<D>::STRIDE, quad);
          sum[k].x = fmaf(a.x, b.x, sum[k].x);
          sum[k].y = fmaf(a.y, b.y, sum[k].y);
          sum[k].z = fmaf(a.z, b.z, sum[k].z);
          sum[k].w = fmaf(a.w, b.w, sum[k].w);
        }
      }
    }
  }

  // Half the sums, to the user's row; `room` is for ITEM_WARPS rows of 4 QUADS floats.
  __device__ __forceinline__ void store(float* room, float* user) {
#pragma unroll
    for (int k = 0; k < HELD; ++k) {
      const int quad = lane_index() + k * WARP;
      if (quad < QUADS) {
        put_quad(room, warp_index() * QUADS + quad, sum[k]);
      }
    }
    __syncthreads();
    for (int quad = threadIdx.x; quad < QUADS; quad += ITEM_BLOCK) {
      float4 total = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
      for (int warp = 0; warp < ITEM_WARPS; ++warp) {
        total = fma(0.5f, quad_at(room, warp * QUADS + quad), total);
      }
      store_quad<D>(user, quad, total);
    }
  }
};

// Columns of a tile of pairs: offsets of their rows, the last one again where there are fewer.
struct PairColumns {
  int at[PAIR_COLUMNS];

  __device__ __forceinline__ PairColumns(int first, int count, int stride) {
#pragma unroll
    for (int c = 0; c < PAIR_COLUMNS; ++c) {
      at[c] = min(first + c, count - 1) * stride;
    }
  }
};

// sums[c] += row . (row of column c), with weighted components where `weights` is not null.
template <int D>
__device__ __forceinline__ void add_dots(
    float (&sums)[PAIR_COLUMNS],
    const float* row,
    const float* columns,
    const PairColumns& places,
    const float* weights) {
#pragma unroll 2
  for (int quad = 0; quad < ItemRows<D>::QUADS; ++quad) {
    float4 own = quad_at(row, quad);
    if (weights != nullptr) {
      const float4 weight = quad_at(weights, quad);
      own = make_float4(own.x * weight.x, own.y * weight.y, own.z * weight.z, own.w * weight.w);
    }
#pragma unroll
    for (int c = 0; c < PAIR_COLUMNS; ++c) {
      sums[c] = dot(own, quad_at(columns + places.at[c], quad), sums[c]);
    }
  }
}

// Visits the tiles of rows x columns pairs, visit(row, first column): a tile is a warp's. The row is
// the lane's, beyond `rows` where there are fewer.
template <class Visit>
__device__ __forceinline__ void each_pair_tile(int rows, int columns, Visit visit) {
  const int across = (columns + PAIR_COLUMNS - 1) / PAIR_COLUMNS;
  const int tiles = (rows + WARP - 1) / WARP * across;
  for (int tile = warp_index(); tile < tiles; tile += ITEM_WARPS) {
    visit(tile / across * WARP + lane_index(), tile % across * PAIR_COLUMNS);
  }
}

// A lane's values of a tile of pairs, value(c), to whole quads in shared memory: zero from `columns` on.
template <class Value>
__device__ __forceinline__ void put_pairs(float* to, int columns, Value value) {
#pragma unroll
  for (int c = 0; c < PAIR_COLUMNS; c += 4) {
    if (c < columns) {
      const float4 four = make_float4(
          value(c),
          c + 1 < columns ? value(c + 1) : 0.0f,
          c + 2 < columns ? value(c + 2) : 0.0f,
          c + 3 < columns ? value(c + 3) : 0.0f);
      put_quad(to, c / 4, four);
    }
  }
}

// Visits the parts of `rows` rows of D floats, visit(row, first quad): a part is PART quads.
template <int D, class Visit>
__device__ __forceinline__ void each_part(int rows, Visit visit) {
  const int tiles = (rows + WARP - 1) / WARP * ItemRows<D>::PARTS;
  for (int tile = warp_index(); tile < tiles; tile += ITEM_WARPS) {
    visit(
        tile / ItemRows<D>::PARTS * WARP + lane_index(),
        tile % ItemRows<D>::PARTS * ItemRows<D>::PART);
  }
}

// sums[q] += sum over i < 4 quads of left_i * row i of `right`, its q-th quad; left(quad) gives four
// of the factors. `right` is the first row's first quad that counts.
template <int D, class Left>
__device__ __forceinline__ void add_products(
    float4 (&sums)[ItemRows<D>::PART], int quads, const float* right, Left left) {
  constexpr int STRIDE = ItemRows<D>::STRIDE;
#pragma unroll 1
  for (int quad = 0; quad < quads; ++quad) {
    const float4 four = left(quad);
    const float* row = right + 4 * quad * STRIDE;
#pragma unroll
    for (int q = 0; q < ItemRows<D>::PART; ++q) {
      sums[q] = fma(four.x, quad_at(row, q), sums[q]);
      sums[q] = fma(four.y, quad_at(row + STRIDE, q), sums[q]);
      sums[q] = fma(four.z, quad_at(row + 2 * STRIDE, q), sums[q]);
      sums[q] = fma(four.w, quad_at(row + 3 * STRIDE, q), sums[q]);
    }
  }
}
