// The way back through the layers of one history: see graph_convolution.cu for the equations.
#pragma once
#include "graph_tiles.cuh"
#include "outer_sums.cuh"

// Layers that differ: where all read H_0, they give the same level.
__host__ __device__ constexpr int distinct_layers(int layers, bool first) {
  return first && layers > 1 ? 1 : layers;
}

// d where y, or what LeakyReLU makes of it, is positive, else slope d.
__device__ __forceinline__ float4 through_leaky_relu(float4 y, float4 d, float slope) {
  return make_float4(
      y.x > 0.0f ? d.x : slope * d.x,
      y.y > 0.0f ? d.y : slope * d.y,
      y.z > 0.0f ? d.z : slope * d.z,
      y.w > 0.0f ? d.w : slope * d.w);
}

template <int D, int LAYERS, int NORMALISATION, bool USER, bool FIRST>
struct GraphLayers : GraphTiles<D, NORMALISATION, USER> {
  using Tiles = GraphTiles<D, NORMALISATION, USER>;
  using Tiles::n;
  using Tiles::portion;
  using Tiles::QUADS;
  using Tiles::span;
  using Tiles::STRIDE;
  using Tiles::streamed;
  using Tiles::WIDTH;
  static constexpr int DISTINCT = distinct_layers(LAYERS, FIRST);
  static constexpr int ROW = (LAYERS + 1) * D;

  // Slot l holds what comes for level l + 1, then S_l. S_l+1 has been used by then, so that its slot
  // takes V_l. Of a streamed history they lie in global memory, and slots, s_i and s_j are rows of the
  // tile at hand, as are the levels at x.
  int rho_v;  // what one task of a layer adds to rho
  int rho_z;  // what the other does; in the end rho D^-1/2 / 2
  int t;      // T, then R
  int slots;
  int s_i;
  int s_j;
  float slope;
  float theta;

  // The kernel's arguments. What a history has of them is worked out where it is needed, so that it
  // takes no registers in between.
  struct Arguments {
    const float* x;
    const float* levels;
    const float* gradient;  // dLevels
    float* dx;
    float* du;
    float* slots;
    long long slot;  // floats of one
  };

  __device__ __forceinline__ const float* own_x(const Arguments& all) const {
    return all.x + static_cast<long long>(this->first) * D;
  }

  __device__ __forceinline__ float* own_dx(const Arguments& all) const {
    return all.dx + static_cast<long long>(this->first) * D;
  }

  __device__ __forceinline__ const float* own_gradient(const Arguments& all) const {
    return all.gradient + static_cast<long long>(this->first) * ROW;
  }

  __device__ __forceinline__ static float* own_slot(const Arguments& all, int l) {
    return all.slots + (static_cast<long long>(blockIdx.x) * (DISTINCT + 1) + l) * all.slot;
  }

  // By one thread.
  __device__ __forceinline__ void lay_out(float of_relu, float of_l1) {
    this->roots = Tiles::ROOM + ITEM_WARPS * WIDTH;
    rho_v = this->roots + multiple_of(4, n);
    rho_z = rho_v + multiple_of(4, n);
    this->x = rho_z + multiple_of(4, n);
    t = this->x + (streamed != 0 ? 1 : DISTINCT) * portion;
    slots = t + portion;
    this->x_j = slots;
    s_j = slots + portion;
    s_i = s_j + portion;
    this->a = slots + (streamed != 0 ? 3 : DISTINCT + 1) * portion;
    slope = of_relu;
    theta = of_l1;
  }

  // Rows of level l to a place.
  __device__ __forceinline__ void fetch_level(
      int place, const Arguments& all, int l, int row, int rows) const {
    if (l == 0) {
      this->fetch(place, own_x(all), D, row, rows);
    } else {
      const float* const levels = all.levels + static_cast<long long>(this->first) * ROW;
      this->fetch(place, levels + l * D, ROW, row, rows);
    }
  }

  // Rows of what comes for level l + 1; where the levels are the same, the sum of what comes for them.
  __device__ __forceinline__ void fetch_gradient(
      int place, const Arguments& all, int l, int first, int rows) const {
    const float* const from = own_gradient(all) + static_cast<long long>(first) * ROW + D;
    if constexpr (!FIRST || LAYERS == 1) {
      load_rows<D>(shared_at(place), from + l * D, ROW, rows);
    } else {
      each_quad<D>(padded_rows(rows), [&](int row, int quad) {
        float4 total = zero_quad();
        if (row < rows) {
#pragma unroll
          for (int same = 0; same < LAYERS; ++same) {
            const float* const level = from + static_cast<long long>(row) * ROW + same * D;
            total = sum(total, load_quad<D>(level, quad));
          }
        }
        put_quad(shared_at(place) + row * STRIDE, quad, total);
      });
    }
  }

  // From what comes for the last level, and that level: S, in the place of the former.
  __device__ __forceinline__ void top(float* d, const float* h, int first, int rows) const {
    for (int row = threadIdx.x; row < rows; row += ITEM_BLOCK) {
      float rho = 0.0f;
#pragma unroll 1
      for (int quad = 0; quad < QUADS; ++quad) {
        const float4 level = quad_at(h + row * STRIDE, quad);
        const float4 comes = quad_at(d + row * STRIDE, quad);
        rho = dot(comes, level, rho);
        put_quad(d + row * STRIDE, quad, through_leaky_relu(level, comes, slope));
      }
      shared_at(rho_z)[first + row] = rho;
    }
  }

  // Loads what is resident, and makes the last layer's S.
  __device__ __forceinline__ void start(const Arguments& all) const {
    constexpr int LAST = FIRST ? 1 : LAYERS;
    for (int i = threadIdx.x; i < n; i += ITEM_BLOCK) {
      shared_at(rho_v)[i] = 0.0f;
    }
    if (streamed != 0) {
#pragma unroll 1
      for (int i = 0; i < n; i += span) {
        const int rows = min(span, n - i);
        __syncthreads();
        fetch_gradient(s_j, all, DISTINCT - 1, i, rows);
        fetch_level(this->x, all, LAST, i, rows);
        await_rows();
        top(shared_at(s_j), shared_at(this->x), i, rows);
        __syncthreads();
        store_rows<D>(
            own_slot(all, DISTINCT - 1) + static_cast<long long>(i) * D, D, shared_at(s_j), rows);
      }
      return;
    }
#pragma unroll 1
    for (int l = 0; l < DISTINCT; ++l) {
      fetch_level(this->x + l * portion, all, l, 0, n);
      fetch_gradient(slots + l * portion, all, l, 0, n);
    }
    fetch_level(t, all, LAST, 0, n);
    each_quad<D>(padded_rows(n) - n, [&](int row, int quad) {  // behind the last V
      put_quad(shared_at(slots + DISTINCT * portion + (n + row) * STRIDE), quad, zero_quad());
    });
    await_rows();
    top(shared_at(slots + (DISTINCT - 1) * portion), shared_at(t), 0, n);
  }

  // What a layer does with rows once their T is complete. A warp has 32 rows and one of two tasks:
  //   V = S W^T,   rho -= 2 V . H  (SYMMETRIC, where N is P without the identity)
  //   Z = T W^T,   rho += Z . H;   d += Z, which is dH_l;   rho += d . H and d = S_l-1, for l > 0
  struct Tasks {
    int first;  // row of the history; those at the places below are counted from it
    int rows;
    int s;
    int h;        // H_l
    int v;        // 0 for the second task alone
    int d;        // 0 for the first task alone
    bool adds;    // whether d is there already, or Z is all of it
    bool lowest;  // l = 0
  };

  __device__ __forceinline__ void run(const Tasks& tasks) const {
    const int parts = tasks.v != 0 && tasks.d != 0 ? 2 : 1;
    const int units = (tasks.rows + WARP - 1) / WARP * parts;
#pragma unroll 1
    for (int unit = warp_index(); unit < units; unit += ITEM_WARPS) {
      const int row = unit / parts * WARP + lane_index();
      const int own = min(row, tasks.rows - 1) * STRIDE;
      const bool is_v = tasks.d == 0 || (parts == 2 && unit % 2 == 0);
      const float* const left = shared_at((is_v ? tasks.s : t) + own);
      float rho = 0.0f;
#pragma unroll 1
      for (int k = 0; k < WIDTH; k += PAIR_COLUMNS) {
        float dots[PAIR_COLUMNS] = {};
        add_dots<D>(dots, left, shared_at(Tiles::W + k * STRIDE), nullptr);
        if (row < tasks.rows) {
#pragma unroll
          for (int q = 0; q < PAIR_COLUMNS / 4; ++q) {
            const int quad = k / 4 + q;
            if (quad < QUADS) {
              const float4 result =
                  make_float4(dots[4 * q], dots[4 * q + 1], dots[4 * q + 2], dots[4 * q + 3]);
              rho = is_v ? put_v(tasks, own, quad, result, rho)
                         : put_d(tasks, own, quad, result, rho);
            }
          }
        }
      }
      if (NORMALISATION != NONE && row < tasks.rows) {
        shared_at(is_v ? rho_v : rho_z)[tasks.first + row] += rho;
      }
    }
  }

  __device__ __forceinline__ static float put_v(
      const Tasks& tasks, int own, int quad, float4 v, float rho) {
    put_quad(shared_at(tasks.v + own), quad, v);
    return NORMALISATION == SYMMETRIC
               ? dot(times(-2.0f, v), quad_at(shared_at(tasks.h + own), quad), rho)
               : rho;
  }

  __device__ __forceinline__ float put_d(
      const Tasks& tasks, int own, int quad, float4 z, float rho) const {
    const float4 h = quad_at(shared_at(tasks.h + own), quad);
    rho = dot(z, h, rho);
    float4 d = tasks.adds ? sum(quad_at(shared_at(tasks.d + own), quad), z) : z;
    if (!tasks.lowest) {
      rho = dot(d, h, rho);
      d = through_leaky_relu(h, d, slope);
    }
    put_quad(shared_at(tasks.d + own), quad, d);
    return rho;
  }

  // From S_l to S_l-1 and V_l, or, for l = 0, to what comes for X through the levels, in slot 0 or, of
  // a streamed history, with all that comes for level 0 in dX.
  __device__ __forceinline__ void through_layer(
      const Arguments& all, int l, OuterSums<D>& dw) const {
    const int s = slots + l * portion;
    const ItemSource source = {streamed != 0 ? s_j : s, own_slot(all, l), D};
#pragma unroll 1
    for (int i = 0; i < n; i += span) {
      const int rows = min(span, n - i);
      this->propagate(own_x(all), i, rows, source, s_i, t);
      if (streamed == 0 && i + rows < n) {
        continue;  // resident rows are done together
      }
      __syncthreads();
      Tasks tasks = {0, n, s, this->x + l * portion, s + portion, s - portion, l > 0, l == 0};
      if (streamed != 0) {
        fetch_level(this->x, all, l, i, rows);
        this->fetch(s_j, own_gradient(all) + l * D, ROW, i, rows);
        await_rows();
        tasks = {i, rows, s_i, this->x, this->x_j, s_j, true, l == 0};
      }
      // The lowest layer's d of resident rows takes the place of S_0, after that has been used.
      const bool apart = streamed == 0 && l == 0;
#pragma unroll 1
      for (int turn = 0; turn < (apart ? 2 : 1); ++turn) {
        if (apart) {
          tasks.v = turn == 0 ? s + portion : 0;
          tasks.d = turn == 0 ? 0 : s;
        }
        run(tasks);
        if (turn == 0) {
          dw.add(shared_at(tasks.h), shared_at(t), tasks.first, tasks.rows);
        }
        __syncthreads();
      }
      if (streamed != 0) {
        const long long place = static_cast<long long>(i) * D;
        store_rows<D>(own_slot(all, l + 1) + place, D, shared_at(this->x_j), rows);
        store_rows<D>(
            (l == 0 ? own_dx(all) : own_slot(all, l - 1)) + place, D, shared_at(s_j), rows);
      }
    }
    __syncthreads();
  }
};
