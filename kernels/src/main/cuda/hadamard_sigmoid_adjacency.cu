// hadamard_sigmoid_adjacency: equation (1), history by history, n items each, row-major f32:
//   forward   A_ij = sigmoid(s_ij),  s_ij = sum_k x_ik x_jk u_k;  symmetric to the bit
//   backward  ds = dA A (1 - A);  R = (ds + ds^T) X;  dX_ik = R_ik u_k;  dU_k = 1/2 sum_i x_ik R_ik
// x, dX [items][D]; u, dU [histories][D]; a, dA [pairs], a history's n x n after those before it.
// *live histories exist, history h has items [offsets[h], offsets[h + 1]).
//
// Launch: block 256, grid-stride over histories, dynamic shared memory as CudaHadamardSigmoidAdjacency
//   counts it. A history of up to `keep` items is one tile of pairs; a longer one is cut into
//   tiles of `tile` x `tile`, tile a multiple of 16, with its items read once a row of tiles.
// Aliasing: none.
// Determinism: run-to-run, whatever the batch, the grid and the tiles: a history is one block's, and
//   sums run over items or components upwards, dU's in 8 chains of every eighth item.
// Bytes: up to `keep` items x, u and a, or dA, dX and dU, once each; beyond, x once a row of tiles
//   and dA twice.
//
// Compile-time: HADAMARD_SIGMOID_ADJACENCY_D = D >= 1.
#include "item_rows.cuh"
#include "sigmoid.cuh"

#ifndef HADAMARD_SIGMOID_ADJACENCY_D
#define HADAMARD_SIGMOID_ADJACENCY_D 16
#endif

constexpr int D = HADAMARD_SIGMOID_ADJACENCY_D;
static_assert(D >= 1, "a row has values");

using Rows = ItemRows<D>;
constexpr int STRIDE = Rows::STRIDE;
constexpr int WIDTH = 4 * Rows::QUADS;
constexpr int BACKWARD_BLOCKS = D > 40 ? LARGE_KERNEL_BLOCKS : 2;

// Where the pairs of history h begin: the squares of the lengths before it. Told in ascending order.
struct PairCount {
  int histories = 0;
  int pairs = 0;

  // By a whole warp.
  __device__ __forceinline__ int before(const int* offsets, int h) {
    int sum = 0;
    for (int g = histories + lane_index(); g < h; g += WARP) {
      const int n = offsets[g + 1] - offsets[g];
      sum += n * n;
    }
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
      sum += __shfl_xor_sync(ALL_LANES, sum, distance);
    }
    histories = h;
    pairs += sum;
    return pairs;
  }
};

// How a history's matrix of pairs is cut.
struct Tiles {
  int n;       // items of the history
  bool whole;  // one tile
  int span;    // rows and columns of a tile, fewer at the end
  int stride;  // floats from row to row of a tile in shared memory

  __device__ __forceinline__ Tiles(int items, int keep, int tile) {
    n = items;
    whole = n <= keep;
    span = whole ? n : tile;
    stride = odd_quads(span);
  }
};

// Visits the cells of a tile whose first one lies at `first` in rows of `pitch`, visit(row, column):
// lanes begin where a sector of global memory does.
template <class Visit>
__device__ __forceinline__ void each_cell(
    int rows, int columns, int pitch, long long first, Visit visit) {
  if (columns == pitch) {  // one piece of memory
    const int begin = static_cast<int>(threadIdx.x) - static_cast<int>(first % 8);
    int row = (begin + 8 * columns) / columns - 8;
    int column = begin - row * columns;
    while (row < rows) {
      if (row >= 0) {
        visit(row, column);
      }
      column += ITEM_BLOCK % columns;
      row += ITEM_BLOCK / columns + (column >= columns ? 1 : 0);
      column -= column >= columns ? columns : 0;
    }
    return;
  }
  for (int row = warp_index(); row < rows; row += ITEM_WARPS) {
    const int before = static_cast<int>((first + static_cast<long long>(row) * pitch) % 8);
    for (int column = lane_index() - before; column < columns; column += WARP) {
      if (column >= 0) {
        visit(row, column);
      }
    }
  }
}

// The logits of a tile: done(row, first column, s) with the lane's row, which may be beyond the last.
template <class Done>
__device__ __forceinline__ void each_logit(
    const float* x_i, int rows, const float* x_j, int columns, const float* u, Done done) {
  each_pair_tile(rows, columns, [&](int row, int column) {
    const float* const others = x_j + column * STRIDE;
    const float* own = x_i + min(row, rows - 1) * STRIDE;
    float s[PAIR_COLUMNS] = {};
#pragma unroll 1
    for (int quad = 0; quad < Rows::QUADS; ++quad) {
      const float4 mine = quad_at(own, quad);
      const float4 weight = quad_at(u, quad);
#pragma unroll
      for (int c = 0; c < PAIR_COLUMNS; ++c) {  // the items' product first: s_ij is s_ji to the bit
        const float4 other = quad_at(others + c * STRIDE, quad);
        s[c] = dot(product(mine, other), weight, s[c]);
      }
    }
    if (row < rows) {
      done(row, column, s);
    }
  });
}

extern "C" __global__ void __launch_bounds__(ITEM_BLOCK, 2) hadamard_sigmoid_adjacency_forward(
    const int* live,
    const int* offsets,
    const float* x,
    const float* u,
    float* a,
    int keep,
    int tile) {
  extern __shared__ float4 shared[];
  float* const weights = reinterpret_cast<float*>(shared);
  int* const place = reinterpret_cast<int*>(weights + WIDTH);  // first and last item, first pair
  float* const x_i = weights + WIDTH + 4;
  PairCount count;
  const int histories = HistoryItems::count(live);
  for (int h = blockIdx.x;; h += gridDim.x) {
    const HistoryItems history(offsets, h, histories, place);
    if (history.first < 0) {
      return;
    }
    const Tiles tiles(history.length, keep, tile);
    float* const x_j = tiles.whole ? x_i : x_i + tile * STRIDE;
    float* const values = x_j + padded_rows(tiles.span) * STRIDE;
    const float* const items = x + static_cast<long long>(history.first) * D;
    for (int i = 0; i < tiles.n; i += tiles.span) {
      const int rows = min(tiles.span, tiles.n - i);
      for (int j = 0; j < tiles.n; j += tiles.span) {
        const int columns = min(tiles.span, tiles.n - j);
        if (j == 0) {
          load_rows<D>(x_i, items + static_cast<long long>(i) * D, D, rows);
        }
        if (!tiles.whole) {
          load_rows<D>(x_j, items + static_cast<long long>(j) * D, D, columns);
        }
        if (i == 0 && j == 0) {
          load_row<D>(weights, u + static_cast<long long>(h) * D);
          if (warp_index() == 0) {
            place[2] = count.before(offsets, h);
          }
        }
        await_rows();
        each_logit(x_i, rows, x_j, columns, weights, [&](int row, int column, const float* s) {
#pragma unroll
          for (int q = 0; q < PAIR_COLUMNS; q += 4) {
            if (column + q < columns) {
              put_quad(
                  values + row * tiles.stride + column + q,
                  0,
                  make_float4(
                      sigmoid(s[q]).value,
                      sigmoid(s[q + 1]).value,
                      sigmoid(s[q + 2]).value,
                      sigmoid(s[q + 3]).value));
            }
          }
        });
        __syncthreads();
        const long long first = place[2] + static_cast<long long>(i) * tiles.n + j;
        each_cell(rows, columns, tiles.n, first, [&](int row, int column) {
          a[first + static_cast<long long>(row) * tiles.n + column] =
              values[row * tiles.stride + column];
        });
      }
    }
  }
}

// A (1 - A) of a logit.
__device__ __forceinline__ float slope(float s) {
  const Sigmoid a = sigmoid(s);
  return a.value * a.rest;
}

// dA of a tile to shared memory, with zeros behind its rows to whole quads.
__device__ __forceinline__ void load_tile(
    float* to, const float* dA, long long first, int rows, int columns, const Tiles& tiles) {
  each_cell(rows, columns, tiles.n, first, [&](int row, int column) {
    to[row * tiles.stride + column] = dA[first + static_cast<long long>(row) * tiles.n + column];
  });
  for (int row = threadIdx.x; row < rows; row += ITEM_BLOCK) {
    for (int column = columns; column % 4 != 0; ++column) {
      to[row * tiles.stride + column] = 0.0f;
    }
  }
}

// In the place of dA, ds = dA A (1 - A).
__device__ __forceinline__ void to_logits(
    float* cells,
    int stride,
    const float* x_i,
    int rows,
    const float* x_j,
    int columns,
    const float* u) {
  each_logit(x_i, rows, x_j, columns, u, [&](int row, int column, const float* s) {
#pragma unroll
    for (int q = 0; q < PAIR_COLUMNS; q += 4) {
      if (column + q < columns) {
        float* const four = cells + row * stride + column + q;
        const float4 d = quad_at(four, 0);
        put_quad(
            four,
            0,
            make_float4(
                d.x * slope(s[q]),
                d.y * slope(s[q + 1]),
                d.z * slope(s[q + 2]),
                d.w * slope(s[q + 3])));
      }
    }
  });
}

extern "C" __global__ void __launch_bounds__(ITEM_BLOCK, BACKWARD_BLOCKS)
    hadamard_sigmoid_adjacency_backward(
    const int* live,
    const int* offsets,
    const float* x,
    const float* u,
    const float* dA,
    float* dX,
    float* dU,
    int keep,
    int tile) {
  extern __shared__ float4 shared[];
  float* const weights = reinterpret_cast<float*>(shared);
  float* const room = weights + WIDTH;
  int* const place = reinterpret_cast<int*>(room + ITEM_WARPS * WIDTH);
  float* const x_i = room + ITEM_WARPS * WIDTH + 4;
  PairCount count;
  const int histories = HistoryItems::count(live);
  for (int h = blockIdx.x;; h += gridDim.x) {
    const HistoryItems history(offsets, h, histories, place);
    if (history.first < 0) {
      return;
    }
    const Tiles tiles(history.length, keep, tile);
    const int padded = padded_rows(tiles.span);
    float* const x_j = tiles.whole ? x_i : x_i + padded * STRIDE;
    float* const r = x_j + padded * STRIDE;
    float* const across = r + padded * STRIDE;  // ds_ij
    const float* const items = x + static_cast<long long>(history.first) * D;
    for (int i = 0; i < tiles.n; i += tiles.span) {
      const int rows = min(tiles.span, tiles.n - i);
      for (int j = 0; j < tiles.n; j += tiles.span) {
        const int columns = min(tiles.span, tiles.n - j);
        float* const down = i == j ? across : across + tiles.span * tiles.stride;  // ds_ji
        __syncthreads();  // what is in shared memory has been used
        if (j == 0) {
          load_rows<D>(x_i, items + static_cast<long long>(i) * D, D, rows);
        }
        if (!tiles.whole) {
          load_rows<D>(x_j, items + static_cast<long long>(j) * D, D, columns);
        }
        if (i == 0 && j == 0) {
          load_row<D>(weights, u + static_cast<long long>(h) * D);
          if (warp_index() == 0) {
            place[2] = count.before(offsets, h);
          }
          __syncthreads();
        }
        const long long n = tiles.n;
        load_tile(across, dA, place[2] + i * n + j, rows, columns, tiles);
        if (i != j) {
          load_tile(down, dA, place[2] + j * n + i, columns, rows, tiles);
        }
        await_rows();
#pragma unroll 1
        for (int side = 0; side < (i == j ? 1 : 2); ++side) {
          const bool turned = side == 1;
          to_logits(
              turned ? down : across,
              tiles.stride,
              turned ? x_j : x_i,
              turned ? columns : rows,
              turned ? x_i : x_j,
              turned ? rows : columns,
              weights);
        }
        __syncthreads();
        each_part<D>(rows, [&](int row, int quad) {
          const int own = min(row, rows - 1);
          float* const result = r + own * STRIDE + 4 * quad;
          float4 sums[Rows::PART];
#pragma unroll
          for (int q = 0; q < Rows::PART; ++q) {
            sums[q] = j == 0 || row >= rows ? zero_quad()
                                            : quad_at(result, q);
          }
          add_products<D>(sums, (columns + 3) / 4, x_j + 4 * quad, [&](int four) {
            const float4 d = quad_at(across + own * tiles.stride, four);
            const float* const turned = down + 4 * four * tiles.stride + own;
            const int beyond = 4 * four + 4 - columns;  // of the quad's columns
            return make_float4(
                d.x + turned[0],
                d.y + (beyond > 2 ? 0.0f : turned[tiles.stride]),
                d.z + (beyond > 1 ? 0.0f : turned[2 * tiles.stride]),
                d.w + (beyond > 0 ? 0.0f : turned[3 * tiles.stride]));
          });
          if (row < rows) {
#pragma unroll
            for (int q = 0; q < Rows::PART; ++q) {
              put_quad(result, q, sums[q]);
            }
          }
        });
      }
      __syncthreads();
      each_quad<D>(rows, [&](int row, int quad) {
        store_quad<D>(
            dX + static_cast<long long>(history.first + i + row) * D,
            quad,
            product(quad_at(r + row * STRIDE, quad), quad_at(weights, quad)));
      });
      add_to_user<D>(room, x_i, r, rows, i == 0);
    }
    store_user<D>(room, dU + static_cast<long long>(h) * D);
  }
}
