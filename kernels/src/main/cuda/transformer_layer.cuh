// What a block of transformer_encoder does with rows of vectors: products with a layer's weights, either
// way, and the sums of their gradients. Rows lie in shared memory or in the block's part of global
// memory, STRIDE floats apart, an odd number of quads. Callers separate the steps by barriers.
#pragma once
#include "quad_rows.cuh"
#include "quads.cuh"
#include "warp.cuh"

constexpr int THREADS = 128;  // of a block
constexpr int HEADS = 2;      // TransformerEncoder.HEADS

// The order in which lanes visit rows side by side, QUADS each: where eight quads are 4 or 2 rows,
// neighbours are 2 or 4 rows apart, so that their quads lie in different banks. There are more turns
// than rows, then.
template <int QUADS>
struct Spread {
  static constexpr int STEP = QUADS == 4 ? 4 : QUADS == 2 ? 2 : 1;

  static constexpr __device__ int turns(int rows) {
    return STEP == 1 ? rows : multiple_of(8, rows);
  }
  static __device__ __forceinline__ int row(int turn) {
    const int among = turn % 8;
    return turn - among + among * STEP % 8 + among / (8 / STEP);
  }
};

// The columns of a vector of N values as quads: one after another or, HEADED, each head from a quad on.
// Columns without a value are 0.
template <int N_VALUES, bool HEADED>
struct Columns {
  static constexpr int N = N_VALUES;
  static constexpr int HEAD = HEADED ? N / HEADS : N;
  static constexpr int HEAD_WIDTH = multiple_of(4, HEAD);
  static constexpr int WIDTH = N / HEAD * HEAD_WIDTH;
  static constexpr int QUADS = WIDTH / 4;
  using Rows = Spread<QUADS>;
  static constexpr bool WHOLE = HEAD == HEAD_WIDTH;  // every column has a value

  static __device__ __forceinline__ bool has(int column) { return column % HEAD_WIDTH < HEAD; }
  static __device__ __forceinline__ int value(int column) {
    return column / HEAD_WIDTH * HEAD + column % HEAD_WIDTH;
  }
};

// out = in W + b, with W[In::N][Out::N] and b[Out::N] behind it, in vectors of all weights and of their
// gradients.
template <class In, class Out>
struct Layer {
  static constexpr int ROW = odd_quads(Out::WIDTH);
  static constexpr int FLOATS = (In::WIDTH + 1) * ROW;  // as `hold` lays them out
  static constexpr int VALUES = (In::N + 1) * Out::N;

  // Weights to rows of shared memory, by columns of In; the last is b.
  static __device__ __forceinline__ void hold(const float* w, float* to) {
    constexpr int LANES = Out::WIDTH % 8 == 0 ? 8 : 4;  // of a row: a sector, or what there is
    using Rows = Spread<LANES / 4>;
    constexpr int TURNS = Rows::turns(In::WIDTH + 1);
    for (int i = static_cast<int>(threadIdx.x); i < TURNS * Out::WIDTH; i += THREADS) {
      const int in = Rows::row(i / LANES % TURNS);
      const int out = i / LANES / TURNS * LANES + i % LANES;
      const bool has = (in == In::WIDTH || In::has(in)) && Out::has(out);
      const int row = in == In::WIDTH ? In::N : In::value(in);
      if (in <= In::WIDTH) {
        to[in * ROW + out] = has ? w[row * Out::N + Out::value(out)] : 0.0f;
      }
    }
  }

  // store(row, quad, (from W + b)'s quad): a thread has a quad of several rows at once.
  template <int STRIDE, class Store>
  static __device__ __forceinline__ void multiply(
      const float* weights, const float* from, int rows, Store store) {
    constexpr int TOGETHER = 4;
    const int sets = (rows + TOGETHER - 1) / TOGETHER;
    const int items = Out::Rows::turns(sets) * Out::QUADS;
#pragma unroll 1
    for (int item = static_cast<int>(threadIdx.x); item < items; item += THREADS) {
      const int quad = snake<Out::QUADS>(item);
      const int set = Out::Rows::row(item / Out::QUADS);
      if (set >= sets) {
        continue;
      }
      const float4* column = reinterpret_cast<const float4*>(weights) + quad;
      const float* row[TOGETHER];
      float4 sum[TOGETHER];
#pragma unroll
      for (int r = 0; r < TOGETHER; ++r) {
        row[r] = from + min(set + r * sets, rows - 1) * STRIDE;
        sum[r] = column[In::WIDTH * (ROW / 4)];
      }
#pragma unroll 1
      for (int in = 0; in < In::QUADS; ++in) {
        float4 w[4];
#pragma unroll
        for (int k = 0; k < 4; ++k) {
          w[k] = column[(4 * in + k) * (ROW / 4)];
        }
#pragma unroll
        for (int r = 0; r < TOGETHER; ++r) {
          const float4 x = reinterpret_cast<const float4*>(row[r])[in];
          sum[r] = fma(x.x, w[0], sum[r]);
          sum[r] = fma(x.y, w[1], sum[r]);
          sum[r] = fma(x.z, w[2], sum[r]);
          sum[r] = fma(x.w, w[3], sum[r]);
        }
      }
#pragma unroll
      for (int r = 0; r < TOGETHER; ++r) {
        if (set + r * sets < rows) {
          store(set + r * sets, quad, sum[r]);
        }
      }
    }
  }

  // store(row, column of In, (from W^T)'s value): a thread has columns QUADS apart of several rows.
  template <int STRIDE, class Store>
  static __device__ __forceinline__ void multiply_back(
      const float* weights, const float* from, int rows, Store store) {
    constexpr int TOGETHER = 4;
    using Rows = Spread<In::QUADS % 4 == 0 ? In::QUADS / 4 : 1>;
    const int sets = (rows + TOGETHER - 1) / TOGETHER;
    const int items = Rows::turns(sets) * In::QUADS;
#pragma unroll 1
    for (int item = static_cast<int>(threadIdx.x); item < items; item += THREADS) {
      const int in = snake<In::QUADS>(item);
      const int set = Rows::row(item / In::QUADS);
      if (set >= sets) {
        continue;
      }
      const float* row[TOGETHER];
      float sum[TOGETHER][4] = {};
#pragma unroll
      for (int r = 0; r < TOGETHER; ++r) {
        row[r] = from + min(set + r * sets, rows - 1) * STRIDE;
      }
#pragma unroll 1
      for (int out = 0; out < Out::QUADS; ++out) {
        float4 w[4];
#pragma unroll
        for (int k = 0; k < 4; ++k) {
          w[k] = reinterpret_cast<const float4*>(weights + (in + k * In::QUADS) * ROW)[out];
        }
#pragma unroll
        for (int r = 0; r < TOGETHER; ++r) {
          const float4 x = reinterpret_cast<const float4*>(row[r])[out];
#pragma unroll
          for (int k = 0; k < 4; ++k) {
            sum[r][k] = dot(x, w[k], sum[r][k]);
          }
        }
      }
#pragma unroll
      for (int r = 0; r < TOGETHER; ++r) {
        if (set + r * sets < rows) {
#pragma unroll
          for (int k = 0; k < 4; ++k) {
            store(set + r * sets, in + k * In::QUADS, sum[r][k]);
          }
        }
      }
    }
  }

  // total += in^T out, and for b the sum of out. A patch of 4 x 4 weights is always the same SPLITS
  // neighbouring lanes', each with a run of every eight rows, so that they and the next patch's meet
  // different banks; they bring their sums together in a butterfly.
  template <int IN_STRIDE, int OUT_STRIDE>
  static __device__ __forceinline__ void add_gradient(
      const float* in, const float* out, int rows, float* total) {
    constexpr int PATCHES = In::QUADS * Out::QUADS;
    constexpr int SPLITS = PATCHES * 8 <= THREADS   ? 8
                           : PATCHES * 4 <= THREADS ? 4
                           : PATCHES * 2 <= THREADS ? 2
                                                    : 1;
    constexpr int RUN = 8 / SPLITS;
#pragma unroll 1
    for (int first = 0; first < PATCHES * SPLITS; first += THREADS) {
      const int item = first + static_cast<int>(threadIdx.x);
      const int split = item % SPLITS;
      const int patch = min(item / SPLITS, PATCHES - 1);
      const int in_quad = patch / Out::QUADS;
      const int out_quad = snake<Out::QUADS>(patch);
      float4 sum[5] = {};  // the last for b
#pragma unroll 1
      for (int run = split * RUN; run < rows; run += 8) {
        const int end = min(run + RUN, rows);
#pragma unroll(RUN > 2 ? 2 : RUN)
        for (int row = run; row < end; ++row) {
          const float4 a = reinterpret_cast<const float4*>(in + row * IN_STRIDE)[in_quad];
          const float4 b = reinterpret_cast<const float4*>(out + row * OUT_STRIDE)[out_quad];
          sum[0] = fma(a.x, b, sum[0]);
          sum[1] = fma(a.y, b, sum[1]);
          sum[2] = fma(a.z, b, sum[2]);
          sum[3] = fma(a.w, b, sum[3]);
          sum[4] = ::sum(sum[4], b);
        }
      }
#pragma unroll
      for (int i = 0; i < 5; ++i) {
        sum[i] = make_float4(
            group_sum<SPLITS>(sum[i].x), group_sum<SPLITS>(sum[i].y), group_sum<SPLITS>(sum[i].z),
            group_sum<SPLITS>(sum[i].w));
      }
#pragma unroll
      for (int i = 0; i < 5; ++i) {
        const int column = 4 * in_quad + i;
        const bool has = i < 4 ? In::has(column) : in_quad == 0;
        if (item < PATCHES * SPLITS && i % SPLITS == split && has) {
          float* to = total + (i < 4 ? In::value(column) : In::N) * Out::N;
          if constexpr (Out::WHOLE && In::N % 4 == 0) {  // all gradients lie on whole quads
            float4& quad = reinterpret_cast<float4*>(to)[out_quad];
            quad = ::sum(quad, sum[i]);
          } else {
            const float values[4] = {sum[i].x, sum[i].y, sum[i].z, sum[i].w};
#pragma unroll
            for (int j = 0; j < 4; ++j) {
              if (Out::has(4 * out_quad + j)) {
                to[Out::value(4 * out_quad + j)] += values[j];
              }
            }
          }
        }
      }
    }
  }
};
