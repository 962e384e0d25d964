// What a warp does with one capsule's vectors z_0 ... z_{n-1} of D floats: weighted sums, products with
// one vector, sums of outer products. Vectors lie one after another in global memory; those that are
// needed again are held in shared memory, all of them where there is room, else a piece at a time.
// Either way each sum runs in the same order.
#pragma once
#include "quads.cuh"
#include "squash.cuh"
#include "warp.cuh"

template <int D>
struct Passes {
  static constexpr int QUADS = (D + 3) / 4;
  static constexpr int PADDED = 4 * QUADS;                              // floats of a vector, shared
  static constexpr int QUADS_A_LANE = (QUADS + WARP - 1) / WARP;
  static constexpr int LANES = (QUADS + QUADS_A_LANE - 1) / QUADS_A_LANE;  // that have one vector
  static constexpr int ABREAST = WARP / LANES;                          // vectors at once
  static constexpr int VALUES = (PADDED + WARP - 1) / WARP;             // of a sum, a lane
  static constexpr int SCRATCH = ABREAST * PADDED;                      // floats for one sum

  const float* vectors;  // in global memory
  float4* held;          // swizzled
  int n;
  int room;  // vectors that `held` has room for

  __device__ __forceinline__ bool fits() const { return n <= room; }

  static __device__ __forceinline__ int lane() { return static_cast<int>(threadIdx.x) % WARP; }

  // The lane's vector among ABREAST from `begin`; n or more where it has none. Loops count turns of the
  // warp, so that all lanes make the same number.
  __device__ __forceinline__ int mine(int begin) const {
    return lane() / LANES < ABREAST ? begin + lane() / LANES : n;
  }

  __device__ __forceinline__ float4 fetch(int j, int quad) const {
    return load_quad<D>(vectors + static_cast<long long>(j) * D, quad);
  }

  // sums[i] = sum_j weights[i][j] z_j, component lane + 32 c in values[i][c]; zero behind the last.
  // `scratch` is for SUMS * SCRATCH floats. With `keep`, vectors stay where they fit; with `kept` they
  // are there.
  template <int SUMS>
  __device__ __forceinline__ void weighted(
      const float* const (&weights)[SUMS], bool keep, bool kept, float* scratch,
      float (&values)[SUMS][VALUES]) const {
    float4 sums[SUMS][QUADS_A_LANE];
#pragma unroll
    for (int i = 0; i < SUMS; ++i) {
#pragma unroll
      for (int c = 0; c < QUADS_A_LANE; ++c) {
        sums[i][c] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
      }
    }
    const bool shared = kept && fits();
    const bool store = keep && fits();
#pragma unroll 2
    for (int begin = 0; begin < n; begin += ABREAST) {
      const int j = mine(begin);
#pragma unroll
      for (int c = 0; c < QUADS_A_LANE; ++c) {
        const int quad = lane() % LANES + c * LANES;
        if (j < n && quad < QUADS) {
          const float4 z = shared ? held[swizzled<QUADS>(j, quad)] : fetch(j, quad);
          if (store) {
            held[swizzled<QUADS>(j, quad)] = z;
          }
#pragma unroll
          for (int i = 0; i < SUMS; ++i) {
            sums[i][c] = fma(weights[i][j], z, sums[i][c]);
          }
        }
      }
    }
    __syncwarp();  // nobody reads scratch of an earlier sum any more
    float4* quads = reinterpret_cast<float4*>(scratch);
#pragma unroll
    for (int i = 0; i < SUMS; ++i) {
#pragma unroll
      for (int c = 0; c < QUADS_A_LANE; ++c) {
        const int quad = lane() % LANES + c * LANES;
        if (lane() / LANES < ABREAST && quad < QUADS) {
          quads[(i * ABREAST + lane() / LANES) * QUADS + quad] = sums[i][c];
        }
      }
    }
    __syncwarp();
#pragma unroll
    for (int i = 0; i < SUMS; ++i) {
#pragma unroll
      for (int c = 0; c < VALUES; ++c) {
        const int k = lane() + c * WARP;
        float total = 0.0f;
        if (k < PADDED) {
          total = scratch[i * SCRATCH + k];
#pragma unroll
          for (int other = 1; other < ABREAST; ++other) {
            total += scratch[i * SCRATCH + other * PADDED + k];
          }
        }
        values[i][c] = total;
      }
    }
  }

  // take(j, vector . z_j) for every j, each by one lane. `vector` is PADDED floats in shared memory,
  // written before by the warp. With `kept`, vectors that fit are there; else they are when it ends.
  template <class Take>
  __device__ __forceinline__ void dots(const float* vector, bool kept, Take take) const {
    __syncwarp();  // everybody has written the vector and what is held
    if (kept && fits()) {
      held_dots(vector, 0, n, take);
      return;
    }
    for (int begin = 0; begin < n; begin += room) {
      const int count = min(room, n - begin);
#pragma unroll 1
      for (int at = lane(); at < count * QUADS; at += WARP) {
        held[swizzled<QUADS>(at / QUADS, at % QUADS)] = fetch(begin + at / QUADS, at % QUADS);
      }
      __syncwarp();
      held_dots(vector, begin, count, take);
      __syncwarp();
    }
  }

  template <class Take>
  __device__ __forceinline__ void held_dots(
      const float* vector, int begin, int count, Take take) const {
    const float4* factors = reinterpret_cast<const float4*>(vector);
    for (int j = lane(); j < count; j += WARP) {
      float sum = 0.0f;
#pragma unroll 1
      for (int quad = 0; quad < QUADS; ++quad) {
        sum = dot(factors[quad], held[swizzled<QUADS>(j, quad)], sum);
      }
      take(begin + j, sum);
    }
  }

  // to_j = start(j, quad) + sum over terms e but LEFT_OUT of weights_e[j] vector_e: weights are
  // `stride` floats apart, vectors PADDED.
  template <int TERMS, int LEFT_OUT = TERMS, class Start>
  __device__ __forceinline__ void outer(
      const float* weights, int stride, const float* terms, float* to, Start start) const {
    constexpr int IN_REGISTERS = TERMS < 5 ? TERMS : 5;  // more would be spilled
    const float4* quads = reinterpret_cast<const float4*>(terms);
    float4 first[QUADS_A_LANE][IN_REGISTERS + 1];
#pragma unroll
    for (int c = 0; c < QUADS_A_LANE; ++c) {
#pragma unroll
      for (int e = 0; e < IN_REGISTERS; ++e) {
        first[c][e] = quads[e * QUADS + min(lane() % LANES + c * LANES, QUADS - 1)];
      }
    }
#pragma unroll 2
    for (int begin = 0; begin < n; begin += ABREAST) {
      const int j = mine(begin);
#pragma unroll
      for (int c = 0; c < QUADS_A_LANE; ++c) {
        const int quad = lane() % LANES + c * LANES;
        if (j < n && quad < QUADS) {
          float4 sum = start(j, quad);
#pragma unroll
          for (int e = 0; e < TERMS; ++e) {
            if (e != LEFT_OUT) {
              const float4 term = e < IN_REGISTERS ? first[c][e] : quads[e * QUADS + quad];
              sum = fma(weights[e * stride + j], term, sum);
            }
          }
          store_quad<D>(to + static_cast<long long>(j) * D, quad, sum);
        }
      }
    }
  }

  // Components of a vector, as `weighted` gives them, to and from PADDED floats in shared memory.
  static __device__ __forceinline__ void put(const float (&values)[VALUES], float* vector) {
#pragma unroll
    for (int c = 0; c < VALUES; ++c) {
      if (lane() + c * WARP < PADDED) {
        vector[lane() + c * WARP] = values[c];
      }
    }
  }

  // From `width` floats, zero behind them.
  static __device__ __forceinline__ void get(
      const float* vector, int width, float (&values)[VALUES]) {
#pragma unroll
    for (int c = 0; c < VALUES; ++c) {
      values[c] = lane() + c * WARP < width ? vector[lane() + c * WARP] : 0.0f;
    }
  }
};
