// A unit of capsule_routing.cu, whose sizes it uses: what of a history one warp works on, or several
// that meet in softmax alone.
#pragma once

// Shared memory of a unit, in floats: for each capsule, HELD times room vectors, NUMBERS times stride
// floats, VECTORS vectors; then for each warp scratch for SUMS sums.
template <int HELD, int NUMBERS, int VECTORS, int SUMS>
struct Unit {
  int capsule;    // of the history, the unit's first
  int history;    // beyond the last where there is nothing to do
  int n;          // positions
  int warp;       // of the unit, [0, UNIT_WARPS)
  int lane;       // [0, 32)
  int room;
  int stride;
  long long first;  // vector of the unit's first capsule, from the start of a tensor
  float* shared;

  __device__ __forceinline__ Unit(float* block, int rooms, int strides) {
    lane = static_cast<int>(threadIdx.x) % WARP;
    warp = static_cast<int>(threadIdx.x) / WARP % UNIT_WARPS;
    room = rooms;
    stride = strides;
    shared = block + static_cast<int>(threadIdx.x) / UNIT_THREADS
        * (SEQUENCES * of_capsule() + UNIT_WARPS * SUMS * Vectors::SCRATCH);
  }

  __device__ __forceinline__ int of_capsule() const {
    return HELD * room * Vectors::PADDED + NUMBERS * stride + VECTORS * Vectors::PADDED;
  }

  // Takes up a unit of the batch.
  __device__ __forceinline__ void take(const int* offsets, int unit) {
    sync();  // everybody is done with the last one
    history = unit / UNITS_A_HISTORY;
    capsule = unit % UNITS_A_HISTORY * SEQUENCES;
    const int bound = lane < 2 ? offsets[history + lane] : 0;
    const int begin = __shfl_sync(ALL_LANES, bound, 0);
    n = __shfl_sync(ALL_LANES, bound, 1) - begin;
    first = static_cast<long long>(begin) * (LEVELS * K) + static_cast<long long>(capsule) * n;
  }

  // Orders what the unit's threads do in shared memory.
  static __device__ __forceinline__ void sync() {
    if constexpr (UNIT_WARPS > 1) {
      __syncthreads();
    } else {
      __syncwarp();
    }
  }

  // s in [0, SEQUENCES) from here on: a capsule of the unit.
  __device__ __forceinline__ float* numbers(int s, int which) const {
    return shared + s * of_capsule() + HELD * room * Vectors::PADDED + which * stride;
  }

  __device__ __forceinline__ float* vector(int s, int which) const {
    return numbers(s, NUMBERS) + which * Vectors::PADDED;
  }

  __device__ __forceinline__ float* scratch() const {
    return shared + SEQUENCES * of_capsule() + warp * SUMS * Vectors::SCRATCH;
  }

  __device__ __forceinline__ long long place(int s) const {
    return first + static_cast<long long>(s) * n;
  }

  __device__ __forceinline__ long long output(int s) const {
    return (static_cast<long long>(history) * (LEVELS * K) + capsule + s) * D;
  }

  // The capsule's vectors of a tensor; `which` of the HELD places is theirs.
  __device__ __forceinline__ Vectors vectors(const float* tensor, int s, int which) const {
    float* held = shared + s * of_capsule() + which * room * Vectors::PADDED;
    return {tensor + place(s) * D, reinterpret_cast<float4*>(held), n, HELD > which ? room : 0};
  }

  // Numbers of this warp's capsules from a tensor.
  __device__ __forceinline__ void load(const float* from, int which) const {
    for (int s = warp; s < SEQUENCES; s += UNIT_WARPS) {
      float* to = numbers(s, which);
      for (int j = lane; j < n; j += WARP) {
        to[j] = from[place(s) + j];
      }
    }
  }

  // (6): numbers `to` from numbers `from`, which may be the same.
  __device__ __forceinline__ void softmax(int from, int to) const {
    sync();
    if constexpr (INTERESTS) {
      for (int j = warp * WARP + lane; j < n; j += UNIT_THREADS) {
        float largest = numbers(0, from)[j];
#pragma unroll 2
        for (int s = 1; s < SEQUENCES; ++s) {
          largest = fmaxf(largest, numbers(s, from)[j]);
        }
        float sum = 0.0f;
#pragma unroll 2
        for (int s = 0; s < SEQUENCES; ++s) {
          const float e = expf(numbers(s, from)[j] - largest);
          numbers(s, to)[j] = e;
          sum += e;
        }
        const float inverse = 1.0f / sum;
#pragma unroll 2
        for (int s = 0; s < SEQUENCES; ++s) {
          numbers(s, to)[j] *= inverse;
        }
      }
    } else {
      const float* g = numbers(0, from);
      float* c = numbers(0, to);
      float largest = __int_as_float(0xff800000);  // -inf
      for (int j = lane; j < n; j += WARP) {
        largest = fmaxf(largest, g[j]);
      }
      largest = group_max(largest);
      float sum = 0.0f;
      for (int j = lane; j < n; j += WARP) {
        const float e = expf(g[j] - largest);
        c[j] = e;
        sum += e;
      }
      const float inverse = 1.0f / group_sum(sum);
      for (int j = lane; j < n; j += WARP) {
        c[j] *= inverse;
      }
    }
    sync();
  }

  // gamma' = gamma + c (dC - sum c dC): take(s, j, gamma'_j). With `fresh`, gamma is 0.
  template <class Take>
  __device__ __forceinline__ void softmax_backward(
      int c, int dC, int gamma, bool fresh, Take take) const {
    sync();
    if constexpr (INTERESTS) {
      for (int j = warp * WARP + lane; j < n; j += UNIT_THREADS) {
        float sum = 0.0f;
#pragma unroll 2
        for (int s = 0; s < SEQUENCES; ++s) {
          sum = fmaf(numbers(s, c)[j], numbers(s, dC)[j], sum);
        }
#pragma unroll 2
        for (int s = 0; s < SEQUENCES; ++s) {
          const float before = fresh ? 0.0f : numbers(s, gamma)[j];
          take(s, j, fmaf(numbers(s, c)[j], numbers(s, dC)[j] - sum, before));
        }
      }
    } else {
      float sum = 0.0f;
      for (int j = lane; j < n; j += WARP) {
        sum = fmaf(numbers(0, c)[j], numbers(0, dC)[j], sum);
      }
      sum = group_sum(sum);
      for (int j = lane; j < n; j += WARP) {
        const float before = fresh ? 0.0f : numbers(0, gamma)[j];
        take(0, j, fmaf(numbers(0, c)[j], numbers(0, dC)[j] - sum, before));
      }
    }
    sync();
  }
};

// Units of the batch that fall to this thread's unit: visit(unit) for each.
template <class Visit>
__device__ __forceinline__ void each_unit(const int* live, Visit visit) {
  const int units = *live * UNITS_A_HISTORY;
  const int at_once = static_cast<int>(blockDim.x) / UNIT_THREADS;
  const int mine = static_cast<int>(threadIdx.x) / UNIT_THREADS;
  const int step = static_cast<int>(gridDim.x) * at_once;
  for (int unit = static_cast<int>(blockIdx.x) * at_once + mine; unit < units; unit += step) {
    visit(unit);
  }
}

extern __shared__ float4 block_shared[];
