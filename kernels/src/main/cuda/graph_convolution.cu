// graph_convolution: equations (1) to (4), history by history, n items each, row-major f32:
//   A_ij = sigmoid(sum_k x_ik x_jk u_k);  D = row sums of A;  L1 = sum of A
//   P = I + D^-1/2 A D^-1/2 (SYMMETRIC) | (D+1)^-1/2 (A + I) (D+1)^-1/2 (KIPF) | A (NONE)
//   H_0 = X;  H_l+1 = phi(P H_l W), or phi(P H_0 W) in every layer (FIRST);  phi = LeakyReLU
// backward, with dH_l starting as dLevels, for l = L-1 ... 0, phi' read off the sign of H_l+1:
//   S_l = dH_l+1 phi'(Y_l);  T_l = P S_l;  dW += H_l^T T_l;  V_l = S_l W^T;  dH_l += T_l W^T
//   G = sum_l V_l H_l^T;  rho_i = sum_j (G_ij + G_ji) N_ij,  N the normalised part of P: all of it for KIPF
//   Q_ij = (1 - A_ij) A_ij [(G_ij + G_ji) (D_i D_j)^-1/2 - 1/2 (rho_i / D_i + rho_j / D_j) + 2 theta],
//   KIPF: D + 1 for D;  NONE: [G_ij + G_ji + 2 theta]
//   R = Q X;  dX = dH_0 + R diag(u);  dU_k = 1/2 sum_i x_ik R_ik
// rho needs no pass over pairs: sum_j G_ij P_ij = sum_l S_l,i . (P H_l W)_i = sum_l dH_l+1,i . H_l+1,i,
// since phi(y) = phi'(y) y, and sum_j G_ji P_ij = sum_l H_l,i . (T_l W^T)_i. So levels must be what the
// forward gave.
// x, dX [items][D]; u, dU [histories][D]; w, dW [D][D]; levels, dLevels [items][L + 1][D]; l1
// [histories]. *live histories exist, history h has items [offsets[h], offsets[h + 1]).
//
// Launch: block 256, at most SLOTS blocks, grid-stride over histories; dynamic shared memory, `keep`,
//   `resident` and `tile` (a multiple of 16) as HistoryPlan chose them: see graph_tiles.cuh. Each block
//   of the backward writes partial[block][D][D], which graph_convolution_sum adds up: see partials.cuh.
//   slots: of a streamed history, (L + 1) `longest` D floats a block, (FIRST: 2), else unused.
// Aliasing: none, but that dLevels may be levels.
// Determinism: a history's results depend on nothing but the history, dW on the number of blocks too.
// Bytes: forward x and u in, levels and l1 out, w once a block. Backward x, u, levels and dLevels in,
//   dX and dU out, w in and a partial out once a block. Streamed histories move more, mostly in L2.
//
// Compile-time: GRAPH_CONVOLUTION_D = D >= 1; _L = layers >= 0; _NORMALISATION = 0 SYMMETRIC, 1 KIPF,
//   2 NONE; _USER = 0 for u of ones, and dU is 0; _FIRST = 1 where every layer reads H_0; _VECTOR =
//   floats an access to w, 4 where D % 4 == 0 and w lies on a multiple of 16 bytes, else 1.
#include "graph_gradient.cuh"
#include "graph_tiles.cuh"
#include "outer_sums.cuh"
#include "partials.cuh"

#ifndef GRAPH_CONVOLUTION_D
#define GRAPH_CONVOLUTION_D 16
#endif
#ifndef GRAPH_CONVOLUTION_L
#define GRAPH_CONVOLUTION_L 3
#endif
#ifndef GRAPH_CONVOLUTION_NORMALISATION
#define GRAPH_CONVOLUTION_NORMALISATION 0
#endif
#ifndef GRAPH_CONVOLUTION_USER
#define GRAPH_CONVOLUTION_USER 1
#endif
#ifndef GRAPH_CONVOLUTION_FIRST
#define GRAPH_CONVOLUTION_FIRST 0
#endif
#ifndef GRAPH_CONVOLUTION_VECTOR
#define GRAPH_CONVOLUTION_VECTOR 4
#endif

constexpr int D = GRAPH_CONVOLUTION_D;
constexpr int LAYERS = GRAPH_CONVOLUTION_L;
constexpr int NORMALISATION = GRAPH_CONVOLUTION_NORMALISATION;
constexpr bool USER = GRAPH_CONVOLUTION_USER == 1;
constexpr bool FIRST = GRAPH_CONVOLUTION_FIRST == 1;
constexpr int VECTOR = GRAPH_CONVOLUTION_VECTOR;
static_assert(D >= 1 && LAYERS >= 0, "a row has values");
static_assert(NORMALISATION >= 0 && NORMALISATION <= 2, "SYMMETRIC, KIPF or NONE");
static_assert(VECTOR == 1 || (VECTOR == 4 && D % 4 == 0), "16-byte accesses need D % 4 == 0");

constexpr int DISTINCT = distinct_layers(LAYERS, FIRST);
constexpr int ROW = (LAYERS + 1) * D;  // floats of an item's levels

using Rows = ItemRows<D>;
using Graph = GraphTiles<D, NORMALISATION, USER>;
using Gradient = GraphGradient<D, LAYERS, NORMALISATION, USER, FIRST>;
constexpr int STRIDE = Rows::STRIDE;
static_assert(sizeof(Gradient) <= (Graph::ROOM - Graph::SELF) * sizeof(float), "it has its room");

// W to its place in shared memory.
__device__ __forceinline__ void load_w(const float* w) {
  each_quad<D>(padded_rows(D), [&](int row, int quad) {
    float4 four = zero_quad();
    if (row < D) {
      if constexpr (VECTOR == 4) {
        four = load_quad<D>(w + row * D, quad);
      } else {
        const float* const from = w + row * D + 4 * quad;
        const int has = D - 4 * quad;
        four.x = from[0];
        four.y = has > 1 ? from[1] : 0.0f;
        four.z = has > 2 ? from[2] : 0.0f;
        four.w = has > 3 ? from[3] : 0.0f;
      }
    }
    put_quad(shared_at(Graph::W) + row * STRIDE, quad, four);
  });
}

// phi(T W) of `rows` rows.
__device__ __forceinline__ void transform(const float* t, int rows, float slope, float* to) {
  const float* const w = shared_at(Graph::W);
  each_part<D>(rows, [&](int row, int quad) {
    const float* const own = t + min(row, rows - 1) * STRIDE;
    float4 sums[Rows::PART];
#pragma unroll
    for (int q = 0; q < Rows::PART; ++q) {
      sums[q] = zero_quad();
    }
    add_products<D>(sums, Rows::QUADS, w + 4 * quad, [&](int four) { return quad_at(own, four); });
    if (row < rows) {
#pragma unroll
      for (int q = 0; q < Rows::PART; ++q) {
        put_quad(to + row * STRIDE, quad + q, through_leaky_relu(sums[q], sums[q], slope));
      }
    }
  });
}

// Rows to level l + 1 of the items from `levels` on, or to all levels that are the same.
__device__ __forceinline__ void store_level(float* levels, int l, const float* from, int rows) {
#pragma unroll 1
  for (int same = l; same < (FIRST ? LAYERS : l + 1); ++same) {
    store_rows<D>(levels + (same + 1) * D, ROW, from, rows);
  }
}

struct Forward : Graph {
  int t;     // T
  int next;  // the level that comes. Where A is kept, or for one layer, X is no longer needed then
  int h_i;   // streamed: rows of the level that a layer reads, along a tile's rows
  int h_j;   // and along its columns

  __device__ __forceinline__ void lay_out() {
    roots = ROOM;
    x = roots + multiple_of(4, n);
    t = x + portion;
    next = kept != 0 || DISTINCT == 1 ? x : t + portion;
    x_j = t + portion;
    h_j = x_j + portion;
    h_i = h_j + portion;
    a = streamed != 0 ? h_i + portion : max(next, t) + portion;
  }

  // X to shared memory and to level 0.
  __device__ __forceinline__ void load(const float* items, float* levels) const {
    if (streamed != 0) {
      each_quad<D>(n, [&](int row, int quad) {
        store_quad<D>(
            levels + static_cast<long long>(row) * ROW,
            quad,
            load_quad<D>(items + static_cast<long long>(row) * D, quad));
      });
      await_rows();
      return;
    }
    load_rows<D>(shared_at(x), items, D, n);
    if (next != x) {  // zero rows behind
      each_quad<D>(padded_rows(n) - n, [&](int row, int quad) {
        put_quad(shared_at(next + (n + row) * STRIDE), quad, zero_quad());
      });
    }
    await_rows();
    store_rows<D>(levels, ROW, shared_at(x), n);
  }

  // The sum of A, by one warp.
  __device__ __forceinline__ void store_l1(float* l1) const {
    float sum = 0.0f;
    for (int i = lane_index(); i < n; i += WARP) {
      sum += shared_at(roots)[i];
    }
    sum = group_sum(sum);
    if (lane_index() == 0) {
      *l1 = sum;
    }
  }
};

extern "C" __global__ void __launch_bounds__(ITEM_BLOCK, 2) graph_convolution_forward(
    const int* live,
    const int* offsets,
    const float* x,
    const float* u,
    const float* w,
    float* levels,
    float* l1,
    float slope,
    int keep,
    int resident,
    int tile) {
  Forward& graph = *reinterpret_cast<Forward*>(shared_at(Graph::SELF));
  if (threadIdx.x == 0) {
    graph.begin(live);
  }
  for (;;) {
    __syncthreads();  // shared memory has been used
    if (threadIdx.x == 0) {
      graph.take(offsets, {keep, resident, tile});
      graph.lay_out();
    }
    __syncthreads();
    if (graph.first < 0) {
      return;
    }
    const float* const items = x + static_cast<long long>(graph.first) * D;
    float* const out = levels + static_cast<long long>(graph.first) * ROW;
    if constexpr (LAYERS == 0) {
      each_quad<D>(graph.n, [&](int row, int quad) {
        const long long place = static_cast<long long>(row) * D;
        store_quad<D>(out + place, quad, load_quad<D>(items + place, quad));
      });
      if (threadIdx.x == 0) {
        l1[graph.history] = 0.0f;
      }
      continue;
    }
    if (graph.history == static_cast<int>(blockIdx.x)) {
      load_w(w);
    }
    if (USER) {
      load_row<D>(shared_at(Graph::U), u + static_cast<long long>(graph.history) * D);
    }
    graph.load(items, out);
    graph.degrees(items);
    __syncthreads();
    if (warp_index() == 0) {
      graph.store_l1(l1 + graph.history);
    }
    if constexpr (Graph::NORMALISED) {
      __syncthreads();
      graph.normalise();
      __syncthreads();
    }
#pragma unroll 1
    for (int l = 0; l < DISTINCT; ++l) {
      const int level = l == 0 ? graph.x : graph.next;
      const ItemSource source = {graph.streamed != 0 ? graph.h_j : level, out + l * D, ROW};
#pragma unroll 1
      for (int i = 0; i < graph.n; i += graph.span) {
        const int rows = min(graph.span, graph.n - i);
        graph.propagate(items, i, rows, source, graph.h_i, graph.t);
        if (graph.streamed != 0) {
          __syncthreads();
          transform(shared_at(graph.t), rows, slope, shared_at(graph.x_j));
          __syncthreads();
          store_level(out + static_cast<long long>(i) * ROW, l, shared_at(graph.x_j), rows);
        }
      }
      __syncthreads();
      if (graph.streamed == 0) {
        transform(shared_at(graph.t), graph.n, slope, shared_at(graph.next));
        __syncthreads();
        store_level(out, l, shared_at(graph.next), graph.n);
      }
    }
  }
}

extern "C" __global__ void __launch_bounds__(ITEM_BLOCK, LARGE_KERNEL_BLOCKS)
    graph_convolution_backward(
    const int* live,
    const int* offsets,
    const float* x,
    const float* u,
    const float* w,
    const float* levels,
    const float* dLevels,
    float* dX,
    float* dU,
    float* partials,
    float* slots,
    int longest,
    float slope,
    float theta,
    int keep,
    int resident,
    int tile) {
  Gradient& graph = *reinterpret_cast<Gradient*>(shared_at(Graph::SELF));
  if (threadIdx.x == 0) {
    graph.begin(live);
  }
  const typename Gradient::Arguments all = {
      x, levels, dLevels, dX, dU, slots, static_cast<long long>(longest) * D};
  OuterSums<D> dw;
  for (;;) {
    __syncthreads();  // shared memory has been used
    if (threadIdx.x == 0) {
      graph.take(offsets, {keep, resident, tile});
      graph.lay_out(slope, theta);
    }
    __syncthreads();
    if (graph.first < 0) {
      break;
    }
    if (LAYERS == 0 || !USER) {
      for (int k = threadIdx.x; k < D; k += ITEM_BLOCK) {
        dU[static_cast<long long>(graph.history) * D + k] = 0.0f;
      }
    }
    if constexpr (LAYERS == 0) {
      each_quad<D>(graph.n, [&](int row, int quad) {
        const long long place = static_cast<long long>(graph.first + row) * D;
        store_quad<D>(dX + place, quad, load_quad<D>(dLevels + place, quad));
      });
      continue;
    }
    if (graph.history == static_cast<int>(blockIdx.x)) {
      load_w(w);
    }
    if (USER) {
      load_row<D>(shared_at(Graph::U), u + static_cast<long long>(graph.history) * D);
    }
    graph.start(all);
    if constexpr (Graph::NORMALISED) {
      graph.degrees(graph.own_x(all));
      __syncthreads();
      graph.normalise();
      __syncthreads();
    } else if (graph.kept != 0) {
      graph.adjacency(0, graph.n, 0, graph.n);
      __syncthreads();
    }
#pragma unroll 1
    for (int l = DISTINCT - 1; l >= 0; --l) {
      graph.through_layer(all, l, dw);
    }
    graph.through_graph(all);
  }
  dw.store(shared_at(Graph::W), partials + static_cast<long long>(blockIdx.x) * D * D);
}

extern "C" __global__ void __launch_bounds__(PARTIALS_BLOCK) graph_convolution_sum(
    const float* partials0, float* total0, int slots0, int size0,
    const float* partials1, float* total1, int slots1, int size1,
    const float* partials2, float* total2, int slots2, int size2,
    const float* partials3, float* total3, int slots3, int size3) {
  add_partial_sums({partials0, total0, slots0, size0}, {partials1, total1, slots1, size1},
                   {partials2, total2, slots2, size2}, {partials3, total3, slots3, size3});
}
