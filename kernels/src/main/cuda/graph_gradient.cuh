// The way back through the graph of one history: see graph_convolution.cu for the equations.
#pragma once
#include "graph_layers.cuh"

template <int D, int LAYERS, int NORMALISATION, bool USER, bool FIRST>
struct GraphGradient : GraphLayers<D, LAYERS, NORMALISATION, USER, FIRST> {
  using Layers = GraphLayers<D, LAYERS, NORMALISATION, USER, FIRST>;
  using Tiles = typename Layers::Tiles;
  using typename Layers::Arguments;
  using Layers::DISTINCT;
  using Layers::n;
  using Layers::own_dx;
  using Layers::own_gradient;
  using Layers::own_slot;
  using Layers::portion;
  using Layers::rho_v;
  using Layers::rho_z;
  using Layers::ROW;
  using Layers::s_i;
  using Layers::s_j;
  using Layers::slots;
  using Layers::span;
  using Layers::STRIDE;
  using Layers::streamed;
  using Layers::t;
  using Layers::theta;

  // rho D^-1/2 / 2. Of one item alone, P does not depend on A: rho cancels what comes through N.
  __device__ __forceinline__ void finish_rho() const {
    float* const half = shared_at(rho_z);
    for (int i = threadIdx.x; i < multiple_of(4, n); i += ITEM_BLOCK) {
      const float root = shared_at(this->roots)[i];
      half[i] = i < n && n > 1 ? 0.5f * (half[i] + shared_at(rho_v)[i]) * root : 0.0f;
    }
  }

  // A lane's part of a tile of Q, from G + G^T and the logits.
  __device__ __forceinline__ void put_q(
      float* to,
      int i,
      int j,
      int columns,
      const float (&g)[PAIR_COLUMNS],
      const float (&logits)[PAIR_COLUMNS]) const {
    const float* const root = shared_at(this->roots);
    const float* const half = shared_at(rho_z);
    put_pairs(to, columns, [&](int c) {
      const Sigmoid a = sigmoid(logits[c]);
      if constexpr (NORMALISATION == NONE) {
        return a.rest * (a.value * (g[c] + 2.0f * theta));
      } else {
        const float by_row = root[i] * a.value;  // never 1 / D, which may overflow
        const float by_column = root[j + c] * a.value;
        const float direct = n > 1 ? g[c] * (by_row * root[j + c]) : 0.0f;
        const float through_degrees = fmaf(half[i], by_row, half[j + c] * by_column);
        return a.rest * (direct - through_degrees + 2.0f * theta * a.value);
      }
    });
  }

  // Q of a tile of pairs. G + G^T and the logits are products of rows that are there, or fetched layer
  // by layer, in turns in which each warp has one part of the tile.
  __device__ __forceinline__ void logits_gradient(
      const Arguments& all, int i, int rows, int j, int columns) const {
    const int across = (columns + PAIR_COLUMNS - 1) / PAIR_COLUMNS;
    const int parts = (rows + WARP - 1) / WARP * across;
#pragma unroll 1
    for (int turn = 0; turn < parts; turn += ITEM_WARPS) {
      const int part = turn + warp_index();
      const int row = part / across * WARP + lane_index();
      const int mine = min(row, rows - 1) * STRIDE;
      const int column = part % across * PAIR_COLUMNS;
      float g[PAIR_COLUMNS] = {};
#pragma unroll 1
      for (int l = DISTINCT - 1; l >= 0; --l) {
        if (streamed != 0) {
          const float* const v = own_slot(all, l + 1);
          __syncthreads();
          this->fetch_level(this->x, all, l, i, rows);
          this->fetch_level(this->x_j, all, l, j, columns);
          this->fetch(s_i, v, D, i, rows);
          this->fetch(s_j, v, D, j, columns);
          await_rows();
        }
        if (part < parts) {
          const int h = this->x + l * portion;
          const int v = slots + (l + 1) * portion;
          const int h_j = (streamed != 0 ? this->x_j : h + j * STRIDE) + column * STRIDE;
          const int v_j = (streamed != 0 ? s_j : v + j * STRIDE) + column * STRIDE;
          const float* const h_i = shared_at(streamed != 0 ? this->x : h + i * STRIDE) + mine;
          const float* const v_i = shared_at(streamed != 0 ? s_i : v + i * STRIDE) + mine;
          add_dots<D>(g, v_i, shared_at(h_j), nullptr);
          add_dots<D>(g, h_i, shared_at(v_j), nullptr);
        }
      }
      if (part < parts) {  // level 0 is X
        float logits[PAIR_COLUMNS] = {};
        add_dots<D>(
            logits,
            this->rows_at(this->x, i) + mine,
            this->columns_at(j) + column * STRIDE,
            Tiles::user());
        if (row < rows) {
          put_q(
              shared_at(this->a + row * this->stride + column),
              i + row,
              j + column,
              columns - column,
              g,
              logits);
        }
      }
    }
  }

  // R = Q X, and from it and what came through the levels dX and dU.
  __device__ __forceinline__ void through_graph(const Arguments& all) const {
    if constexpr (NORMALISATION != NONE) {
      finish_rho();
    }
#pragma unroll 1
    for (int i = 0; i < n; i += span) {
      const int rows = min(span, n - i);
#pragma unroll 1
      for (int j = 0; j < n; j += span) {
        const int columns = min(span, n - j);
        __syncthreads();
        logits_gradient(all, i, rows, j, columns);
        __syncthreads();
        this->add_tile(
            rows,
            columns,
            this->columns_at(j),
            this->rows_at(t, i),
            j == 0,
            [](float4 q, int) { return q; },
            [](int, int, float4 total) { return total; });
      }
      __syncthreads();
      const float* const r = this->rows_at(t, i);
      each_quad<D>(rows, [&](int row, int quad) {
        float* const to = own_dx(all) + static_cast<long long>(i + row) * D;
        float4 through_levels;
        if (streamed != 0) {
          through_levels = load_quad<D>(to, quad);
        } else {
          const float* const direct = own_gradient(all) + static_cast<long long>(i + row) * ROW;
          through_levels =
              sum(load_quad<D>(direct, quad), quad_at(shared_at(slots) + (i + row) * STRIDE, quad));
        }
        float4 through_a = quad_at(r + row * STRIDE, quad);
        if constexpr (USER) {
          through_a = product(through_a, quad_at(Tiles::user(), quad));
        }
        store_quad<D>(to, quad, sum(through_levels, through_a));
      });
      if constexpr (USER) {
        add_to_user<D>(shared_at(Tiles::ROOM), this->rows_at(this->x, i), r, rows, i == 0);
      }
    }
    if constexpr (USER) {
      float* const user = all.du + static_cast<long long>(this->history) * D;
      store_user<D>(shared_at(Tiles::ROOM), user);
    }
  }
};
