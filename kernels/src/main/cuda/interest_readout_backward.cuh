// The backward of interest_readout.cu, whose sizes it uses: a block works through a run of histories,
// a tile of them at a time, with everything of a tile in shared memory and its part of dW in
// registers.
#pragma once

constexpr int BACKWARD_BLOCK = 256;
constexpr int LEAST_RUN = 8;  // histories a block, so that dW's partials do not outweigh the rest

// Stride of a history's interests, of which threads read the same quad in neighbouring histories.
__host__ __device__ constexpr int history_stride(int floats) {
  while (floats / 4 % 8 != 4) {
    floats += 4;
  }
  return floats;
}

// Shared memory of a block, in floats.
struct Layout {
  static constexpr int Q = history_stride(HISTORY_FLOATS);  // of a history, all interests
  static constexpr int OWN = history_stride(LEVELS * GROUP_LEVEL_FLOATS);  // of the group's
  static constexpr int SCALES = CAPSULES | 1;               // of a candidate, one a capsule
  static constexpr int WEIGHTS = PROJECT ? GROUP * WIDTH * WIDTH : 0;
  static constexpr int q = WEIGHTS;                         // [history]; then dO
  static constexpr int o = q + HISTORIES * (Q > OWN ? Q : OWN);
  static constexpr int dQ = o + (PROJECT ? HISTORIES * OWN : 0);
  static constexpr int x = dQ + HISTORIES * OWN;            // [history, candidate of the tile]
  // and behind x the scales dY w_j; dY itself lies in each level's first before.
};

// dW of the group in patches of 4 x 4, [interest][in / 4][out / 4]; SPLITS threads have each, for
// levels of their own.
constexpr int PATCHES = GROUP * QUADS * QUADS;

__host__ __device__ constexpr int splits() {
  int splits = 1;
  while (splits * 2 <= LEVELS && splits * 2 * PATCHES <= BACKWARD_BLOCK) {
    splits *= 2;
  }
  return splits;
}

constexpr int SPLITS = splits();
constexpr int EACH = (SPLITS * PATCHES + BACKWARD_BLOCK - 1) / BACKWARD_BLOCK;  // patches a thread

__device__ __forceinline__ float4* own_quad(float* part, int history, int level, int i) {
  return reinterpret_cast<float4*>(
      part + history * Layout::OWN + level * GROUP_LEVEL_FLOATS + i * WIDTH);
}

// dY w_j of one candidate for the interests of one softmax. Where s is large, y is rounded coarsely;
// what that took, sum_j a_j (s_j - y), is added to it again. `scales` has dY in its first cell.
__device__ __forceinline__ void weigh(const float* q, const float4* rows, int row, float* scales) {
  float x[1][WIDTH];
#pragma unroll
  for (int k = 0; k < QUADS; ++k) {
    const float4 four = rows[swizzled<QUADS>(row, k)];
    x[0][k * 4] = four.x;
    x[0][k * 4 + 1] = four.y;
    x[0][k * 4 + 2] = four.z;
    x[0][k * 4 + 3] = four.w;
  }
  const float gradient = *scales;
  Seen seen[1];
  float y[1];
  attend<OVER, WIDTH, 1>(q, x, seen, y, [&](int j, int, float s) { scales[j] = s; });
  float weighted = 0.0f;
#pragma unroll
  for (int j = 0; j < OVER; ++j) {
    weighted = fmaf(expf(scales[j] - seen[0].largest), scales[j] - y[0], weighted);
  }
  const float lost = weighted / seen[0].total;
#pragma unroll
  for (int j = 0; j < OVER; ++j) {
    const float a = expf(scales[j] - seen[0].largest) / seen[0].total;
    scales[j] = a * (1.0f + (scales[j] - y[0] - lost)) * gradient;
  }
}

// dE of the tile's candidates: a thread has a quad of a candidate.
__device__ __forceinline__ void candidate_gradients(
    const float* q, const float* scales, int rows, int n, float* dE, int candidates) {
  for (int item = threadIdx.x; item < rows * QUADS; item += BACKWARD_BLOCK) {
    const int row = item / QUADS;
    const int quad = snake<QUADS>(item);
    float4 sum = {};
#pragma unroll 1
    for (int level = 0; level < LEVELS; ++level) {
      const float* from = q + row / n * Layout::Q + level * LEVEL_FLOATS;
#pragma unroll
      for (int i = 0; i < K; ++i) {
        sum = fma(
            scales[row * Layout::SCALES + level * K + i],
            reinterpret_cast<const float4*>(from + i * WIDTH)[quad], sum);
      }
    }
    store_quad<D>(dE + (row / n * candidates + row % n) * D, quad, sum);
  }
}

// dQ of the group's interests over the tile's candidates, added to what is there unless `begin`;
// after the last tile the mask of ReLU.
__device__ __forceinline__ void interest_gradients(
    const float* q, const float4* x, const float* scales, int histories, int n, int interest,
    bool begin, bool end, float* dQ) {
  for (int item = threadIdx.x; item < histories * LEVELS * GROUP * QUADS;
       item += BACKWARD_BLOCK) {
    const int quad = snake<QUADS>(item);
    const int i = item / QUADS % GROUP;
    const int level = item / QUADS / GROUP % LEVELS;
    const int history = item / QUADS / GROUP / LEVELS;
    float4* to = own_quad(dQ, history, level, i) + quad;
    float4 sum = {};
    if (!begin) {
      sum = *to;
    }
    const float* scale = scales + history * n * Layout::SCALES + level * K + interest + i;
    for (int c = 0; c < n; ++c) {
      sum = fma(scale[c * Layout::SCALES], x[swizzled<QUADS>(history * n + c, quad)], sum);
    }
    if (PROJECT && end) {
      const float4 value = reinterpret_cast<const float4*>(
          q + history * Layout::Q + level * LEVEL_FLOATS + (interest + i) * WIDTH)[quad];
      sum.x = value.x > 0.0f ? sum.x : 0.0f;
      sum.y = value.y > 0.0f ? sum.y : 0.0f;
      sum.z = value.z > 0.0f ? sum.z : 0.0f;
      sum.w = value.w > 0.0f ? sum.w : 0.0f;
      sum = with_bias(sum, quad, 0.0f);
    }
    *to = sum;
  }
}

constexpr int BACKWARD_ROWS = 2;  // fewer than forward: dW has the registers
constexpr int BACKWARD_SETS = (TILE_ROWS + BACKWARD_ROWS - 1) / BACKWARD_ROWS;

// dO = m W^T of the tile: a thread has some rows and, of those, components QUADS apart.
__device__ __forceinline__ void output_gradients(
    const float4* weights, float* m, int rows, float* dO) {
  for (int item = threadIdx.x; item < GROUP * BACKWARD_SETS * QUADS; item += BACKWARD_BLOCK) {
    const int in = snake<QUADS>(item);
    const int set = item / QUADS % BACKWARD_SETS;
    const int i = item / QUADS / BACKWARD_SETS;
    const float4* from[BACKWARD_ROWS];
#pragma unroll
    for (int r = 0; r < BACKWARD_ROWS; ++r) {
      const int row = min(set + r * BACKWARD_SETS, rows - 1);
      from[r] = own_quad(m, row / LEVELS, row % LEVELS, i);
    }
    float sum[BACKWARD_ROWS][4] = {};
#pragma unroll 1
    for (int out = 0; out < QUADS; ++out) {
      float4 w4[4];
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        w4[k] = weights[swizzled<QUADS>(i * WIDTH + in + k * QUADS, out)];
      }
#pragma unroll
      for (int r = 0; r < BACKWARD_ROWS; ++r) {
        const float4 x = from[r][out];
#pragma unroll
        for (int k = 0; k < 4; ++k) {
          sum[r][k] = fmaf(x.x, w4[k].x, sum[r][k]);
          sum[r][k] = fmaf(x.y, w4[k].y, sum[r][k]);
          sum[r][k] = fmaf(x.z, w4[k].z, sum[r][k]);
          sum[r][k] = fmaf(x.w, w4[k].w, sum[r][k]);
        }
      }
    }
#pragma unroll
    for (int r = 0; r < BACKWARD_ROWS; ++r) {
      const int row = set + r * BACKWARD_SETS;
      if (row < rows) {
        float* to = reinterpret_cast<float*>(own_quad(dO, row / LEVELS, row % LEVELS, i));
#pragma unroll
        for (int k = 0; k < 4; ++k) {
          to[in + k * QUADS] = sum[r][k];
        }
      }
    }
  }
}

// The thread's patches of dW, row for row of patches.
struct Patches {
  float4 sum[EACH][4];

  // Adds o^T m of a tile, history by history, each thread its levels in order.
  __device__ __forceinline__ void add_tile(float* o, float* m, int histories) {
    for (int history = 0; history < histories; ++history) {
#pragma unroll
      for (int e = 0; e < EACH; ++e) {
        const int index = static_cast<int>(threadIdx.x) + e * BACKWARD_BLOCK;
        const int patch = index % PATCHES;
        const int i = patch / QUADS / QUADS;
        for (int level = index / PATCHES; level < LEVELS; level += SPLITS) {
          const float4 x = own_quad(o, history, level, i)[patch / QUADS % QUADS];
          const float4 y = own_quad(m, history, level, i)[snake<QUADS>(patch)];
          sum[e][0] = fma(x.x, y, sum[e][0]);
          sum[e][1] = fma(x.y, y, sum[e][1]);
          sum[e][2] = fma(x.z, y, sum[e][2]);
          sum[e][3] = fma(x.w, y, sum[e][3]);
        }
      }
    }
  }

  // Adds up the splits in order and stores [interest][in][out].
  __device__ __forceinline__ void store(float4* room, float* to) const {
    constexpr int STRIDE = PATCHES + 4;  // of a row of all patches
#pragma unroll
    for (int e = 0; e < EACH; ++e) {
      const int index = static_cast<int>(threadIdx.x) + e * BACKWARD_BLOCK;
      if (index < SPLITS * PATCHES) {
#pragma unroll
        for (int r = 0; r < 4; ++r) {
          if constexpr (SPLITS == 1) {
            store_row(to, index, r, sum[e][r]);
          } else {
            room[(index / PATCHES * 4 + r) * STRIDE + index % PATCHES] = sum[e][r];
          }
        }
      }
    }
    if constexpr (SPLITS > 1) {
      __syncthreads();
      for (int item = threadIdx.x; item < PATCHES * 4; item += BACKWARD_BLOCK) {
        const int r = item / QUADS % 4;
        const int patch = item / QUADS / 4 * QUADS + item % QUADS;
        float4 total = room[r * STRIDE + patch];
#pragma unroll
        for (int split = 1; split < SPLITS; ++split) {
          const float4 other = room[(split * 4 + r) * STRIDE + patch];
          total = ::sum(total, other);
        }
        store_row(to, patch, r, total);
      }
    }
  }

  static __device__ __forceinline__ void store_row(float* to, int patch, int r, float4 row) {
    const int in = patch / QUADS % QUADS * 4 + r;
    if (in < D) {
      store_quad<D>(
          to + (patch / QUADS / QUADS * D + in) * D, snake<QUADS>(patch), row);
    }
  }
};
