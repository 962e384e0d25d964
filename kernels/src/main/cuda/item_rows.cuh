// Rows of D floats, one an item, in shared memory, and products of them. In every product a lane has
// a row of its own and the other operand is the same for the whole warp: the first is read 16 bytes a
// lane without conflicts, the second in one wavefront. A product's sums run over their index upwards,
// one chain each, so their bits do not depend on how the work is cut into tiles.
#pragma once
#include "quads.cuh"
#include "warp.cuh"

constexpr int ITEM_BLOCK = 256;  // threads of a block
constexpr int ITEM_WARPS = ITEM_BLOCK / WARP;

// Blocks that shall fit a multiprocessor by their registers. From 10.0 on the assembler wants more of
// them for the largest kernels than two blocks leave, and would spill a few.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000
constexpr int LARGE_KERNEL_BLOCKS = 1;
#else
constexpr int LARGE_KERNEL_BLOCKS = 2;
#endif

constexpr int PAIR_COLUMNS = 8;  // columns of a warp's tile of item pairs; its rows are the lanes

// Rows that there is room for: those behind the last are zero, so that products need not stop short.
__host__ __device__ constexpr int padded_rows(int rows) {
  return multiple_of(PAIR_COLUMNS, rows);
}

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
#pragma unroll 1
    for (int i = threadIdx.x; i < rows * QUADS; i += ITEM_BLOCK) {
      visit(i / QUADS, i % QUADS);
    }
  } else {
    constexpr int PAIRS = QUADS / 2;
    const int places = multiple_of(8, rows) * QUADS;
#pragma unroll 1
    for (int i = threadIdx.x; i < places; i += ITEM_BLOCK) {
      const int sixteen = i / 16;
      const int row = sixteen / PAIRS * 8 + (i / 2 % 4) * 2 + i / 8 % 2;
      if (row < rows) {
        visit(row, sixteen % PAIRS * 2 + i % 2);
      }
    }
  }
}

// 16 bytes from global to shared memory. From 8.0 on they do not pass through registers, so that a
// thread has many of them under way; they are there after await_rows.
__device__ __forceinline__ void copy_quad(float* to, const float* from) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;"
               :
               : "r"(static_cast<unsigned>(__cvta_generic_to_shared(to))), "l"(from)
               : "memory");
#else
  *reinterpret_cast<float4*>(to) = *reinterpret_cast<const float4*>(from);
#endif
}

// A barrier after which all threads see what any of them loaded before.
__device__ __forceinline__ void await_rows() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_all;" : : : "memory");
#endif
  __syncthreads();
}

// `rows` rows to shared memory, from rows `pitch` floats apart, and zero rows behind them: there after
// await_rows.
template <int D>
__device__ __forceinline__ void load_rows(float* to, const float* from, int pitch, int rows) {
  each_quad<D>(padded_rows(rows), [&](int row, int quad) {
    float* const place = to + row * ItemRows<D>::STRIDE + 4 * quad;
    const float* const source = from + static_cast<long long>(row) * pitch;
    if (row >= rows) {
      put_quad(place, 0, zero_quad());
    } else if constexpr (D % 4 == 0) {
      copy_quad(place, source + 4 * quad);
    } else {
      put_quad(place, 0, load_quad<D>(source, quad));
    }
  });
}

// One row, to a multiple of 4 floats, likewise.
template <int D>
__device__ __forceinline__ void load_row(float* to, const float* from) {
  for (int quad = threadIdx.x; quad < ItemRows<D>::QUADS; quad += ITEM_BLOCK) {
    if constexpr (D % 4 == 0) {
      copy_quad(to + 4 * quad, from + 4 * quad);
    } else {
      put_quad(to, quad, load_quad<D>(from, quad));
    }
  }
}

template <int D>
__device__ __forceinline__ void store_rows(float* to, int pitch, const float* from, int rows) {
  each_quad<D>(rows, [&](int row, int quad) {
    const float4 value = quad_at(from + row * ItemRows<D>::STRIDE, quad);
    store_quad<D>(to + static_cast<long long>(row) * pitch, quad, value);
  });
}

// Sums over items of the products x_k r_k, for u's gradient, in portions of rows: warp w adds those of
// every eighth item from the w-th to its row of `sums`. A portion comes after a multiple of 8 items.
template <int D>
__device__ __forceinline__ void add_to_user(
    float* sums, const float* x, const float* r, int rows, bool starts) {
  constexpr int QUADS = ItemRows<D>::QUADS;
  for (int quad = lane_index(); quad < QUADS; quad += WARP) {
    const int own = warp_index() * QUADS + quad;
    float4 total = starts ? zero_quad() : quad_at(sums, own);
#pragma unroll 1
    for (int row = warp_index(); row < rows; row += ITEM_WARPS) {
      const float4 a = quad_at(x + row * ItemRows<D>::STRIDE, quad);
      const float4 b = quad_at(r + row * ItemRows<D>::STRIDE, quad);
      total.x = fmaf(a.x, b.x, total.x);
      total.y = fmaf(a.y, b.y, total.y);
      total.z = fmaf(a.z, b.z, total.z);
      total.w = fmaf(a.w, b.w, total.w);
    }
    put_quad(sums, own, total);
  }
}

// Half of all the sums, warp after warp, to the user's row.
template <int D>
__device__ __forceinline__ void store_user(const float* sums, float* user) {
  constexpr int QUADS = ItemRows<D>::QUADS;
  __syncthreads();
  for (int quad = threadIdx.x; quad < QUADS; quad += ITEM_BLOCK) {
    float4 total = zero_quad();
#pragma unroll
    for (int warp = 0; warp < ITEM_WARPS; ++warp) {
      total = fma(0.5f, quad_at(sums, warp * QUADS + quad), total);
    }
    store_quad<D>(user, quad, total);
  }
}

// sums[c] += row . (row of column c), with weighted components where `weights` is not null.
template <int D>
__device__ __forceinline__ void add_dots(
    float (&sums)[PAIR_COLUMNS],
    const float* row,
    const float* columns,
    const float* weights) {
#pragma unroll 1
  for (int quad = 0; quad < ItemRows<D>::QUADS; ++quad) {
    float4 own = quad_at(row, quad);
    if (weights != nullptr) {
      own = product(own, quad_at(weights, quad));
    }
#pragma unroll
    for (int c = 0; c < PAIR_COLUMNS; ++c) {
      sums[c] = dot(own, quad_at(columns + c * ItemRows<D>::STRIDE, quad), sums[c]);
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
