// The backward of transformer_encoder.cu for one block, whose sizes it uses.
#pragma once

struct Backward {
  using AllWeights = Weights<BACKWARD_HELD, BACKWARD_POSITIONS>;
  static constexpr int ARRAYS = 7;
  static constexpr int SOFTMAXES = 8;  // floats a row: of each head, and what keeps quads whole
  static constexpr int ROW_FLOATS = ARRAYS * ROW + SOFTMAXES;
  static constexpr int TILE_FLOATS = TILE_ROWS * (2 * ROW + 2 * HIDDEN_ROW + 1);
  static_assert(LayerNorm::GROUPS * 2 * D <= TILE_FLOATS, "sums of the norms meet in the tile");

  const AllWeights& weights;
  const LayerNorm first;
  const LayerNorm second;
  LayerNorm::Sums first_sums;
  LayerNorm::Sums second_sums;
  float* sums;      // by layers and norms, as weights lie
  float* dP;        // by p
  const float* dY;  // of the batch
  float* dZ;

  // Of TILE_ROWS rows.
  float* s;
  float* u;  // derivatives, by s + ... W2 + b2 first
  float* h;  // s W1 + b1, then gelu's slope there, then the derivative by it
  float* g;  // gelu(h)
  float* scales;
  float* rest;

  __device__ __forceinline__ Backward(
      const AllWeights& all, float* partial, int positions, int longest, const float* gradient,
      float* result)
      : weights(all), first{all.norms}, second{all.norms + 2 * D}, dY(gradient), dZ(result) {
    s = weights.rest;
    u = s + TILE_ROWS * ROW;
    h = u + TILE_ROWS * ROW;
    g = h + TILE_ROWS * HIDDEN_ROW;
    scales = g + TILE_ROWS * HIDDEN_ROW;
    float* next = s + TILE_FLOATS;
    sums = BACKWARD_SUMMED ? next : partial + positions * D;
    next += BACKWARD_SUMMED ? multiple_of(4, VALUES) : 0;
    dP = BACKWARD_POSITIONS ? next : partial;
    rest = next + (BACKWARD_POSITIONS ? multiple_of(4, longest * D) : 0);
    const int thread = static_cast<int>(threadIdx.x);
    for (int i = thread; i < TILE_ROWS * ROW; i += THREADS) {
      s[i] = 0.0f;  // columns without a value stay so
    }
    for (int i = thread; i < VALUES; i += THREADS) {
      sums[i] = 0.0f;
    }
    for (int i = thread; i < (BACKWARD_POSITIONS ? longest : positions) * D; i += THREADS) {
      dP[i] = 0.0f;
    }
  }

  // One group, with memory for so many rows.
  __device__ __forceinline__ void run(
      const float* z, const Group& group, float* memory, int capacity) {
    const int array = capacity * ROW;
    float* const x = memory;
    float* const q = x + array;
    float* const k = q + array;
    float* const v = k + array;
    float* const c = v + array;   // then dc
    float* const a = c + array;   // its normalised values, then da, then dx
    float* const dQ = a + array;
    Softmax* const softmax = reinterpret_cast<Softmax*>(dQ + array);
    const int rows = group.rows;
    weights.load(z, group, x, nullptr);
    __syncthreads();
    project(weights, x, rows, q, array);
    __syncthreads();
    Attend::forward(q, k, v, rows, group.n, c, softmax);
    __syncthreads();
#pragma unroll 1
    for (int row = 0; row < rows; row += TILE_ROWS) {
      const int at = row * ROW;
      feed_forward(
          x + at, c + at, a + at, min(TILE_ROWS, rows - row), dY + (group.place + row) * D,
          softmax + row, rows);
    }
    Attend::query_gradient(q, k, v, c, softmax, rows, group.n, dQ);
    __syncthreads();
    Attend::key_gradient(q, k, v, c, softmax, rows, group.n);
    __syncthreads();
#pragma unroll 1
    for (int which = 0; which < 3; ++which) {
      const float* const gradient = which == 0 ? dQ : which == 1 ? k : v;
      Project::add_gradient<ROW, ROW>(x, gradient, rows, sums + which * Project::VALUES);
      Project::multiply_back<ROW>(
          weights.project(which), gradient, rows,
          [&](int row, int column, float value) { a[row * ROW + column] += value; });
    }
    __syncthreads();
    finish(group, a);
  }

  // From x and c of a tile through a, s and f, and back to da and dc, which takes c's place.
  __device__ __forceinline__ void feed_forward(
      float* x, float* c, float* a, int rows, const float* dF, Softmax* softmax, int group_rows) {
    add_output(weights, c, x, rows, a);
    __syncthreads();
    LayerNorm::each_row(rows, [&](int row, bool exists) {
      auto of = LayerNorm::load(a + row * ROW, exists);
      const float scale = LayerNorm::normalise(of);
      if (exists && LayerNorm::lane() == 0) {
        scales[row] = scale;
      }
      LayerNorm::store(of, a + row * ROW, exists);
      LayerNorm::store(first.result(of), s + row * ROW, exists);
    });
    __syncthreads();
    Up::multiply<ROW>(weights.up(), s, rows, [&](int row, int quad, float4 sum) {
      reinterpret_cast<float4*>(h + row * HIDDEN_ROW)[quad] = sum;
    });
    __syncthreads();
    each_hidden(h, rows, [&](int at, float x) {
      const float phi = normcdff(x);
      g[at] = x * phi;
      h[at] = fmaf(0.39894228f * expf(-0.5f * x * x), x, phi);
    });
    __syncthreads();
    const float* const down = weights.down();
    Down::multiply<HIDDEN_ROW>(down, g, rows, [&](int row, int quad, float4 product) {
      quad_of(u, row, quad) = sum(quad_of(s, row, quad), product);
    });
    __syncthreads();
    LayerNorm::each_row(rows, [&](int row, bool exists) {
      auto normal = LayerNorm::load(u + row * ROW, exists);
      const float scale = LayerNorm::normalise(normal);
      auto gradient = LayerNorm::load(dF + row * D, exists);
      second_sums.add(gradient, normal);
      second.back(gradient, normal, scale);
      LayerNorm::store(gradient, u + row * ROW, exists);
    });
    __syncthreads();
    Down::add_gradient<HIDDEN_ROW, ROW>(g, u, rows, sums + DOWN);
    Down::multiply_back<ROW>(down, u, rows, [&](int row, int column, float value) {
      h[row * HIDDEN_ROW + column] *= value;
    });
    __syncthreads();
    Up::add_gradient<ROW, HIDDEN_ROW>(s, h, rows, sums + UP);
    Up::multiply_back<HIDDEN_ROW>(weights.up(), h, rows, [&](int row, int column, float value) {
      u[row * ROW + column] += value;
    });
    __syncthreads();
    LayerNorm::each_row(rows, [&](int row, bool exists) {
      const auto normal = LayerNorm::load(a + row * ROW, exists);
      auto gradient = LayerNorm::load(u + row * ROW, exists);
      first_sums.add(gradient, normal);
      first.back(gradient, normal, exists ? scales[row] : 0.0f);
      LayerNorm::store(gradient, a + row * ROW, exists);
    });
    __syncthreads();
    Output::add_gradient<ROW, ROW>(c, a, rows, sums + OUTPUT);
    Output::multiply_back<ROW>(weights.output(), a, rows, [&](int row, int column, float value) {
      u[row * ROW + column] = value;
    });
    __syncthreads();
    Attend::each(rows, 1, [&](int head, int row, int column, int) {
      Attend::Vector gradient;
      gradient.load(u + row * ROW + column);
      float* const context = c + row * ROW + column;
      softmax[head * group_rows + row].along = gradient.dot(context);
      gradient.store(context);
    });
    __syncthreads();
  }

  // dP, and dZ = dY + dx.
  __device__ __forceinline__ void finish(const Group& group, float* dX) {
    each_quad(group.n, [&](int t, int quad) {
      float* const to = dP + (group.n - 1 - t) * D;
      float4 total = load_quad<D>(to, quad);
      for (int row = t; row < group.rows; row += group.n) {
        total = sum(total, quad_of(dX, row, quad));
      }
      store_quad<D>(to, quad, total);
    });
    each_quad(group.rows, [&](int row, int quad) {
      const long long at = (group.place + row) * D;
      store_quad<D>(dZ + at, quad, sum(load_quad<D>(dY + at, quad), quad_of(dX, row, quad)));
    });
  }

  // The block's sums.
  __device__ __forceinline__ void give(float* partial, int positions, int longest) {
    first_sums.give(s, sums + FIRST_NORM);
    second_sums.give(s, sums + SECOND_NORM);
    __syncthreads();
    const int thread = static_cast<int>(threadIdx.x);
    for (int i = thread; BACKWARD_SUMMED && i < VALUES; i += THREADS) {
      partial[positions * D + i] = sums[i];
    }
    for (int i = thread; BACKWARD_POSITIONS && i < positions * D; i += THREADS) {
      partial[i] = i < longest * D ? dP[i] : 0.0f;
    }
  }
};
