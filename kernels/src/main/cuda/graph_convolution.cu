// graph_convolution, equations (1) to (4), history by history, n items each, row-major f32:
//   A_ij = sigmoid(sum_k x_ik x_jk u_k);  D = row sums of A;  L1 = sum of A
//   P = I + D^-1/2 A D^-1/2 (SYMMETRIC) | (D+1)^-1/2 (A + I) (D+1)^-1/2 (KIPF) | A (NONE)
//   H_0 = X;  H_l+1 = phi(P H_l W), or phi(P H_0 W) in every layer (FIRST);  phi = LeakyReLU
// backward, with dH_l starting as dLevels, for l = L-1 ... 0, phi' read off the sign of H_l+1:
//   S_l = dH_l+1 phi'(Y_l);  T_l = P S_l;  dW += H_l^T T_l;  V_l = S_l W^T;  dH_l += T_l W^T
//   G = sum_l V_l H_l^T;  rho_i = sum_j (G_ij + G_ji) N_ij,  N the normalised part of P
//   Q_ij = (1 - A_ij) [(G_ij + G_ji) N_ij - 1/2 (rho_i / D_i + rho_j / D_j) A_ij + 2 theta A_ij]
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

// Layers that differ: reading H_0, all give the same level.
constexpr int DISTINCT = FIRST && LAYERS > 1 ? 1 : LAYERS;
constexpr int ROW = (LAYERS + 1) * D;  // floats of an item's levels

using Rows = ItemRows<D>;
using Graph = GraphTiles<D, NORMALISATION>;
constexpr int STRIDE = Rows::STRIDE;
constexpr int WIDTH = 4 * Rows::QUADS;

// What a block keeps in shared memory for all its histories, and the room behind it.
struct Fixed {
  float* w;     // WIDTH rows, those from D on zero
  float* user;  // u
  int* place;   // of HistoryItems
  float* room;

  __device__ __forceinline__ explicit Fixed(float4* shared) {
    w = reinterpret_cast<float*>(shared);
    user = w + WIDTH * STRIDE;
    place = reinterpret_cast<int*>(user + WIDTH);
    room = user + WIDTH + 4;
  }

  __device__ __forceinline__ void load_w(const float* from) const {
    each_quad<D>(WIDTH, [&](int row, int quad) {
      float4 four = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
      if (row < D) {
        if constexpr (VECTOR == 4) {
          four = load_quad<D>(from + row * D, quad);
        } else {
          const float* const at = from + row * D + 4 * quad;
          const int has = D - 4 * quad;
          four.x = at[0];
          four.y = has > 1 ? at[1] : 0.0f;
          four.z = has > 2 ? at[2] : 0.0f;
          four.w = has > 3 ? at[3] : 0.0f;
        }
      }
      put_quad(w + row * STRIDE, quad, four);
    });
  }
};

__device__ __forceinline__ float4 zero_quad() {
  return make_float4(0.0f, 0.0f, 0.0f, 0.0f);
}

// phi(T W) of `rows` rows.
__device__ __forceinline__ void transform(
    const float* t, int rows, const float* w, float slope, float* to) {
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
        const float4 y = sums[q];
        put_quad(
            to + row * STRIDE,
            quad + q,
            make_float4(
                y.x > 0.0f ? y.x : slope * y.x,
                y.y > 0.0f ? y.y : slope * y.y,
                y.z > 0.0f ? y.z : slope * y.z,
                y.w > 0.0f ? y.w : slope * y.w));
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
  extern __shared__ float4 shared[];
  const Fixed fixed(shared);
  const int histories = HistoryItems::count(live);
  for (int h = blockIdx.x;; h += gridDim.x) {
    const HistoryItems history(offsets, h, histories, fixed.place);
    if (history.first < 0) {
      return;
    }
    const int n = history.length;
    const float* const items = x + static_cast<long long>(history.first) * D;
    float* const out = levels + static_cast<long long>(history.first) * ROW;
    if constexpr (LAYERS == 0) {
      each_quad<D>(n, [&](int row, int quad) {
        store_quad<D>(out + row * D, quad, load_quad<D>(items + row * D, quad));
      });
      if (threadIdx.x == 0) {
        l1[h] = 0.0f;
      }
      continue;
    }
    if (h == blockIdx.x) {
      fixed.load_w(w);
    }
    if (USER) {
      load_row<D>(fixed.user, u + static_cast<long long>(h) * D);
    }
    Graph graph(n, keep, resident, tile);
    const int portion = multiple_of(4, graph.streamed ? tile : n) * STRIDE;  // floats of rows
    graph.roots = fixed.room;
    graph.x = {graph.roots + multiple_of(4, n), items, D};
    graph.user = USER ? fixed.user : nullptr;
    float* const t = graph.x.shared + portion;
    graph.x_j = t + portion;  // streamed: rows of X, then of the level that comes
    float* const h_j = graph.x_j + portion;
    float* const h_i = h_j + portion;
    // Where the next level goes: the last one of an item's rows is no longer needed for A.
    float* const next = graph.kept || DISTINCT == 1 ? graph.x.shared : t + portion;
    graph.a = graph.streamed ? h_i + portion : (next == graph.x.shared ? t : next) + portion;
    each_quad<D>(multiple_of(4, n), [&](int row, int quad) {
      const float4 four =
          row < n ? load_quad<D>(items + static_cast<long long>(row) * D, quad) : zero_quad();
      if (row < n) {
        store_quad<D>(out + static_cast<long long>(row) * ROW, quad, four);
      }
      if (!graph.streamed) {
        put_quad(graph.x.shared + row * STRIDE, quad, four);
        if (row >= n) {
          put_quad(next + row * STRIDE, quad, four);
        }
      }
    });
    __syncthreads();
    graph.degrees();
    __syncthreads();
    if (warp_index() == 0) {
      float sum = 0.0f;
      for (int i = lane_index(); i < n; i += WARP) {
        sum += graph.roots[i];
      }
      sum = group_sum(sum);
      if (lane_index() == 0) {
        l1[h] = sum;
      }
    }
    if constexpr (NORMALISATION != NONE) {
      __syncthreads();
      graph.normalise();
      __syncthreads();
    }
#pragma unroll 1
    for (int l = 0; l < DISTINCT; ++l) {
      const ItemSource source = {
          graph.streamed ? h_j : (l == 0 ? graph.x.shared : next), out + l * D, ROW};
      for (int i = 0; i < n; i += graph.span) {
        const int rows = min(graph.span, n - i);
        float* const t_i = graph.rows_at(t, i);
        graph.propagate(i, rows, source, h_i, t_i);
        if (graph.streamed) {
          __syncthreads();
          transform(t_i, rows, fixed.w, slope, graph.x_j);
          __syncthreads();
          store_level(out + static_cast<long long>(i) * ROW, l, graph.x_j, rows);
        }
      }
      __syncthreads();
      if (!graph.streamed) {
        transform(t, n, fixed.w, slope, next);
        __syncthreads();
        store_level(out, l, next, n);
      }
    }
  }
}

__device__ __forceinline__ float4 through_phi(float4 h, float4 d, float slope) {
  return make_float4(
      h.x > 0.0f ? d.x : slope * d.x,
      h.y > 0.0f ? d.y : slope * d.y,
      h.z > 0.0f ? d.z : slope * d.z,
      h.w > 0.0f ? d.w : slope * d.w);
}

// One history on its way back.
struct Back {
  Graph graph;
  const float* w;
  float slope;
  float theta;
  float* rho_v;  // shares of rho that one task or the other of a layer adds up
  float* rho_z;  // and in the end rho D^-1/2 / 2

  // On top, from what comes for the last level and the level itself: S, in the place of the former.
  __device__ __forceinline__ void start(float* d, const float* h, int first, int rows) const {
    for (int row = threadIdx.x; row < rows; row += ITEM_BLOCK) {
      float rho = 0.0f;
#pragma unroll 1
      for (int quad = 0; quad < Rows::QUADS; ++quad) {
        const float4 level = quad_at(h + row * STRIDE, quad);
        const float4 own = quad_at(d + row * STRIDE, quad);
        rho = dot(own, level, rho);
        put_quad(d + row * STRIDE, quad, through_phi(level, own, slope));
      }
      if (NORMALISATION != NONE) {
        rho_z[first + row] = rho;
      }
    }
  }

  // What a layer does with rows, once their T is complete: a warp has 32 rows and one of two tasks.
  //   V = S W^T,   rho -= 2 V . H  (SYMMETRIC, where N is P without the identity)
  //   Z = T W^T,   rho += Z . H;   d += Z, which is dH_l;   rho += d . H_l and d = S_l-1, for l > 0
  struct Layer {
    int first;       // row of the history
    int rows;
    const float* s;  // rows from `first` on, here and below
    const float* t;
    const float* h;  // H_l
    float* v;        // null for the second task alone
    float* d;        // null for the first task alone
    bool adds;       // whether d is there already, or Z is all
    bool last;       // l == 0
  };

  __device__ __forceinline__ void layer(const Layer& layer) const {
    const int tasks = layer.v != nullptr && layer.d != nullptr ? 2 : 1;
    const int units = (layer.rows + WARP - 1) / WARP * tasks;
    for (int unit = warp_index(); unit < units; unit += ITEM_WARPS) {
      const int row = unit / tasks * WARP + lane_index();
      const int own = min(row, layer.rows - 1) * STRIDE;
      const bool is_v = layer.d == nullptr || (tasks == 2 && unit % 2 == 0);
      const float* const left = (is_v ? layer.s : layer.t) + own;
      float rho = 0.0f;
#pragma unroll 1
      for (int k = 0; k < WIDTH; k += PAIR_COLUMNS) {
        float dots[PAIR_COLUMNS] = {};
        add_dots<D>(dots, left, w, PairColumns(k, WIDTH, STRIDE), nullptr);
        if (row < layer.rows) {
#pragma unroll
          for (int q = 0; q < PAIR_COLUMNS / 4; ++q) {
            const int quad = k / 4 + q;
            if (quad < Rows::QUADS) {
              const float4 product =
                  make_float4(dots[4 * q], dots[4 * q + 1], dots[4 * q + 2], dots[4 * q + 3]);
              const float4 h = quad_at(layer.h + own, quad);
              rho = dot(product, h, rho);
              if (is_v) {
                put_quad(layer.v + own, quad, product);
              } else {
                float4 d = layer.adds ? sum(quad_at(layer.d + own, quad), product) : product;
                if (!layer.last) {
                  rho = dot(d, h, rho);
                  d = through_phi(h, d, slope);
                }
                put_quad(layer.d + own, quad, d);
              }
            }
          }
        }
      }
      if ((NORMALISATION == SYMMETRIC || (NORMALISATION == KIPF && !is_v)) && row < layer.rows) {
        float& total = (is_v ? rho_v : rho_z)[layer.first + row];
        total += is_v ? -2.0f * rho : rho;
      }
    }
  }

  __device__ __forceinline__ void finish_rho() const {
    for (int i = threadIdx.x; i < multiple_of(4, graph.n); i += ITEM_BLOCK) {
      const float v = NORMALISATION == SYMMETRIC && i < graph.n ? rho_v[i] : 0.0f;
      rho_z[i] = i < graph.n ? 0.5f * (rho_z[i] + v) * graph.roots[i] : 0.0f;
    }
  }

  // Q of a row and PAIR_COLUMNS columns, from G + G^T and the logits.
  __device__ __forceinline__ void put_q(
      float* to, int i, int j, int columns, const float (&g)[PAIR_COLUMNS], const float (&s)[PAIR_COLUMNS])
      const {
    float q[PAIR_COLUMNS];
#pragma unroll
    for (int c = 0; c < PAIR_COLUMNS; ++c) {
      const Sigmoid a = sigmoid(s[c]);
      if constexpr (NORMALISATION == NONE) {
        q[c] = a.rest * (a.value * (g[c] + 2.0f * theta));
      } else {
        const int column = min(j + c, graph.n - 1);
        const float by_row = graph.roots[i] * a.value;  // never 1 / D, which may overflow
        const float by_column = graph.roots[column] * a.value;
        const float through_degrees = fmaf(rho_z[i], by_row, rho_z[column] * by_column);
        const float direct = g[c] * (by_row * graph.roots[column]);
        q[c] = a.rest * (direct - through_degrees + 2.0f * theta * a.value);
      }
    }
    put_pairs(to, columns, [&](int c) { return q[c]; });
  }
};

// Rows of what comes for level l + 1, or, where the levels are the same, the sum of what comes for them.
__device__ __forceinline__ void load_gradient(float* to, const float* dLevels, int l, int rows) {
  each_quad<D>(multiple_of(4, rows), [&](int row, int quad) {
    float4 total = zero_quad();
    if (row < rows) {
      const float* const from = dLevels + static_cast<long long>(row) * ROW + D;
      total = load_quad<D>(from + l * D, quad);
#pragma unroll
      for (int same = l + 1; FIRST && same < LAYERS; ++same) {
        total = sum(total, load_quad<D>(from + same * D, quad));
      }
    }
    put_quad(to + row * STRIDE, quad, total);
  });
}

extern "C" __global__ void __launch_bounds__(ITEM_BLOCK, 2) graph_convolution_backward(
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
  extern __shared__ float4 shared[];
  const Fixed fixed(shared);
  float* const user_room = fixed.room;
  const int histories = HistoryItems::count(live);
  const long long slot = static_cast<long long>(longest) * D;
  slots += blockIdx.x * (DISTINCT + 1) * slot;
  OuterSums<D> dw;
  for (int h = blockIdx.x;; h += gridDim.x) {
    const HistoryItems history(offsets, h, histories, fixed.place);
    if (history.first < 0) {
      break;
    }
    const int n = history.length;
    const float* const items = x + static_cast<long long>(history.first) * D;
    const float* const own_levels = levels + static_cast<long long>(history.first) * ROW;
    const float* const own_gradient = dLevels + static_cast<long long>(history.first) * ROW;
    float* const own_dx = dX + static_cast<long long>(history.first) * D;
    if constexpr (LAYERS == 0) {
      each_quad<D>(n, [&](int row, int quad) {
        store_quad<D>(own_dx + row * D, quad, load_quad<D>(own_gradient + row * D, quad));
      });
    }
    if (LAYERS == 0 || !USER) {
      for (int k = threadIdx.x; k < D; k += ITEM_BLOCK) {
        dU[static_cast<long long>(h) * D + k] = 0.0f;
      }
    }
    if constexpr (LAYERS == 0) {
      continue;
    }
    if (h == blockIdx.x) {
      fixed.load_w(w);
    }
    if (USER) {
      load_row<D>(fixed.user, u + static_cast<long long>(h) * D);
    }
    Back back = {Graph(n, keep, resident, tile), fixed.w, slope, theta};
    Graph& graph = back.graph;
    const bool streamed = graph.streamed;
    const int n4 = multiple_of(4, n);
    const int portion = multiple_of(4, streamed ? tile : n) * STRIDE;
    graph.roots = user_room + ITEM_WARPS * WIDTH;
    back.rho_v = graph.roots + n4;
    back.rho_z = back.rho_v + n4;
    float* const levels_room = back.rho_z + n4;  // of all levels but the last, one after another
    graph.x = {levels_room, items, D};
    graph.user = USER ? fixed.user : nullptr;
    // Slot l has what comes for level l + 1, then S_l; slot l + 1 then V_l.
    float* const t = levels_room + (streamed ? 1 : DISTINCT) * portion;
    float* const slots_room = t + portion;
    graph.x_j = slots_room;
    float* const s_j = slots_room + portion;
    float* const s_i = slots_room + 2 * portion;
    graph.a = slots_room + (streamed ? 3 : DISTINCT + 1) * portion;

    for (int i = threadIdx.x; i < n4; i += ITEM_BLOCK) {
      back.rho_v[i] = 0.0f;
    }
    const float* const top = own_levels + (FIRST ? 1 : LAYERS) * D;
    if (streamed) {
      for (int i = 0; i < n; i += tile) {
        const int rows = min(tile, n - i);
        __syncthreads();
        load_gradient(s_j, own_gradient + static_cast<long long>(i) * ROW, DISTINCT - 1, rows);
        graph.fetch(levels_room, {nullptr, top, ROW}, i, rows);
        __syncthreads();
        back.start(s_j, levels_room, i, rows);
        __syncthreads();
        store_rows<D>(slots + (DISTINCT - 1) * slot + i * D, D, s_j, rows);
      }
    } else {
      load_rows<D>(levels_room, items, D, n);
#pragma unroll 1
      for (int l = 0; l < DISTINCT; ++l) {
        if (l > 0) {
          load_rows<D>(levels_room + l * portion, own_levels + l * D, ROW, n);
        }
        load_gradient(slots_room + l * portion, own_gradient, l, n);
      }
      load_rows<D>(t, top, ROW, n);
      __syncthreads();
      back.start(slots_room + (DISTINCT - 1) * portion, t, 0, n);
    }
    if constexpr (NORMALISATION != NONE) {
      graph.degrees();
      __syncthreads();
      graph.normalise();
      __syncthreads();
    } else if (graph.kept) {
      graph.adjacency(0, n, 0, n);
      __syncthreads();
    }

#pragma unroll 1
    for (int l = DISTINCT - 1; l >= 0; --l) {
      float* const s = slots_room + l * portion;
      const float* const level = l == 0 ? items : own_levels + l * D;
      const ItemSource source = {streamed ? s_j : s, slots + l * slot, D};
      for (int i = 0; i < n; i += graph.span) {
        const int rows = min(graph.span, n - i);
        graph.propagate(i, rows, source, s_i, graph.rows_at(t, i));
        if (streamed) {
          __syncthreads();
          graph.fetch(levels_room, {nullptr, level, l == 0 ? D : ROW}, i, rows);
          graph.fetch(s_j, {nullptr, own_gradient + l * D, ROW}, i, rows);
          __syncthreads();
          back.layer({i, rows, s_i, t, levels_room, graph.x_j, s_j, true, l == 0});
          dw.add(levels_room, t, i, rows);
          __syncthreads();
          store_rows<D>(slots + (l + 1) * slot + i * D, D, graph.x_j, rows);
          store_rows<D>(
              (l == 0 ? own_dx : slots + (l - 1) * slot) + static_cast<long long>(i) * D, D, s_j, rows);
        }
      }
      __syncthreads();
      if (!streamed) {
        float* const h_l = levels_room + l * portion;
        back.layer({0, n, s, t, h_l, s + portion, l == 0 ? nullptr : s - portion, true, false});
        dw.add(h_l, t, 0, n);
        __syncthreads();
        if (l == 0) {  // into the place of S_0, which has been used
          back.layer({0, n, nullptr, t, h_l, nullptr, s, false, true});
          __syncthreads();
        }
      }
    }

    if constexpr (NORMALISATION != NONE) {
      back.finish_rho();
    }
    UserSums<D> user;
    for (int i = 0; i < n; i += graph.span) {
      const int rows = min(graph.span, n - i);
      float* const r = graph.rows_at(t, i);
      for (int j = 0; j < n; j += graph.span) {
        const int columns = min(graph.span, n - j);
        const int across = (columns + PAIR_COLUMNS - 1) / PAIR_COLUMNS;
        const int tiles = (rows + WARP - 1) / WARP * across;
        __syncthreads();
#pragma unroll 1
        for (int turn = 0; turn < tiles; turn += ITEM_WARPS) {
          const int pairs = turn + warp_index();  // the warp's tile of pairs
          const int row = pairs / across * WARP + lane_index();
          const int own = min(row, rows - 1) * STRIDE;
          const int column = pairs % across * PAIR_COLUMNS;
          const PairColumns places(column, columns, STRIDE);
          float g[PAIR_COLUMNS] = {};
          float logits[PAIR_COLUMNS] = {};
#pragma unroll 1
          for (int l = DISTINCT - 1; l >= 0; --l) {
            const float* const h_i = graph.rows_at(levels_room + (streamed ? 0 : l * portion), i);
            const float* const h_j =
                streamed ? graph.x_j : levels_room + l * portion + j * STRIDE;
            const float* const v_i =
                streamed ? s_i : slots_room + (l + 1) * portion + i * STRIDE;
            const float* const v_j =
                streamed ? s_j : slots_room + (l + 1) * portion + j * STRIDE;
            if (streamed) {
              const ItemSource level = {
                  nullptr, l == 0 ? items : own_levels + l * D, l == 0 ? D : ROW};
              const ItemSource v = {nullptr, slots + (l + 1) * slot, D};
              __syncthreads();
              graph.fetch(levels_room, level, i, rows);
              graph.fetch(graph.x_j, level, j, columns);
              graph.fetch(s_i, v, i, rows);
              graph.fetch(s_j, v, j, columns);
              __syncthreads();
            }
            if (pairs < tiles) {
              add_dots<D>(g, v_i + own, h_j, places, nullptr);
              add_dots<D>(g, h_i + own, v_j, places, nullptr);
              if (l == 0) {
                add_dots<D>(logits, h_i + own, h_j, places, graph.user);
              }
            }
          }
          if (pairs < tiles && row < rows) {
            back.put_q(
                graph.a + row * graph.stride + column, i + row, j + column, columns - column, g, logits);
          }
        }
        __syncthreads();
        graph.add_tile(
            rows,
            columns,
            graph.columns_at(j),
            r,
            j == 0,
            [](float4 q, int) { return q; },
            [](int, int, float4 sum) { return sum; });
      }
      __syncthreads();
      each_quad<D>(rows, [&](int row, int quad) {
        float* const to = own_dx + static_cast<long long>(i + row) * D;
        const float* const direct = own_gradient + static_cast<long long>(i + row) * ROW;
        const float4 through_levels =
            streamed ? load_quad<D>(to, quad)
                     : sum(load_quad<D>(direct, quad), quad_at(slots_room + (i + row) * STRIDE, quad));
        float4 through_a = quad_at(r + row * STRIDE, quad);
        if (USER) {
          const float4 weight = quad_at(fixed.user, quad);
          through_a = make_float4(
              through_a.x * weight.x,
              through_a.y * weight.y,
              through_a.z * weight.z,
              through_a.w * weight.w);
        }
        store_quad<D>(to, quad, sum(through_levels, through_a));
      });
      if (USER) {
        user.add(graph.rows_at(levels_room, i), r, rows);
      }
    }
    if (USER) {
      user.store(user_room, dU + static_cast<long long>(h) * D);
    }
  }
  dw.store(fixed.w, partials + static_cast<long long>(blockIdx.x) * D * D);
}

extern "C" __global__ void __launch_bounds__(PARTIALS_BLOCK)
    graph_convolution_sum(const float* partials, float* total, int slots, int size) {
  add_partials(partials, total, slots, size);
}
