// recent_items: a recency-weighted mean of a history's items joins each of its capsules;
// io.mgnm.ops.RecentItems has the contract. With n the history's length and H(n) = 1 + 1/2 + ... + 1/n:
//   forward   x[T][D], o[live][CAPSULES][D]:   o_s  += weight sum_t x_t / ((n - t) H(n))
//   backward  dO[live][CAPSULES][D], dX[T][D]: dX_t += weight / ((n - t) H(n)) sum_s dO_s
// All row-major f32; offsets, live: int, in device memory. A history has an item at least.
//
// Launch: block 128, a block a history, grid-stride, static shared memory. B == 0 writes nothing.
// Aliasing: none.
// Determinism: a history's sums are added in an order that depends on its length only: by groups of
//   lanes, by the warp, by the block.
// Bytes: what is read once, what is updated once in and once out: 4 D (n + 2 CAPSULES) forward and
//   4 D (2 n + CAPSULES) backward a history, and 8 for its length.
//
// Compile-time: RECENT_ITEMS_D = D >= 1; RECENT_ITEMS_CAPSULES = (L + 1) K; RECENT_ITEMS_VECTOR = floats
//   an access, 4 where D is a multiple of 4 and both tensors lie on multiples of 16 bytes, else 1.
#include "access.cuh"
#include "warp.cuh"

#ifndef RECENT_ITEMS_D
#define RECENT_ITEMS_D 16
#endif
#ifndef RECENT_ITEMS_CAPSULES
#define RECENT_ITEMS_CAPSULES 16
#endif
#ifndef RECENT_ITEMS_VECTOR
#define RECENT_ITEMS_VECTOR 4
#endif

constexpr int D = RECENT_ITEMS_D;
constexpr int CAPSULES = RECENT_ITEMS_CAPSULES;
constexpr int VECTOR = RECENT_ITEMS_VECTOR;
constexpr int BLOCK = 128;
static_assert(D >= 1 && CAPSULES >= 1, "there is something to do");
static_assert(D % VECTOR == 0, "16-byte accesses need D % 4 == 0");

constexpr int WARPS = BLOCK / WARP;
constexpr int ACCESSES = D / VECTOR;
constexpr int GROUP = lanes_for(ACCESSES);             // lanes a row
constexpr int STEPS = (ACCESSES + GROUP - 1) / GROUP;  // accesses a lane
constexpr int ROWS_AT_ONCE = BLOCK / GROUP;

// A lane's values of a row: accesses member, member + GROUP, ...
struct Part {
  Access<VECTOR> step[STEPS];
};

// H(n), the same in all lanes.
__device__ __forceinline__ float harmonic(int n) {
  float sum = 0.0f;
  for (int i = static_cast<int>(threadIdx.x) % WARP + 1; i <= n; i += WARP) {
    sum += 1.0f / static_cast<float>(i);
  }
  return group_sum(sum);
}

// sum_r factor(r) rows[r], by the block: each lane gets its part of it.
template <typename Factor>
__device__ __forceinline__ Part sum_rows(const float* rows, int count, Factor factor) {
  __shared__ alignas(16) float sums[WARPS][D];
  const int thread = static_cast<int>(threadIdx.x);
  const int member = thread % GROUP;
  Part part;
#pragma unroll
  for (int step = 0; step < STEPS; ++step) {
    part.step[step] = zero_access<VECTOR>();
  }
#pragma unroll 2
  for (int row = thread / GROUP; row < count; row += ROWS_AT_ONCE) {
    const float f = factor(row);
#pragma unroll
    for (int step = 0; step < STEPS; ++step) {
      const int access = step * GROUP + member;
      if (access < ACCESSES) {
        const Access<VECTOR> x =
            load_access<VECTOR>(rows + static_cast<long long>(row) * D, access);
#pragma unroll
        for (int k = 0; k < VECTOR; ++k) {
          part.step[step].x[k] = fmaf(f, x.x[k], part.step[step].x[k]);
        }
      }
    }
  }
  __syncthreads();  // the sums before are read
#pragma unroll
  for (int step = 0; step < STEPS; ++step) {
    const int access = step * GROUP + member;
#pragma unroll
    for (int k = 0; k < VECTOR; ++k) {
#pragma unroll
      for (int distance = GROUP; distance < WARP; distance *= 2) {
        part.step[step].x[k] += __shfl_xor_sync(ALL_LANES, part.step[step].x[k], distance);
      }
    }
    if (thread % WARP < GROUP && access < ACCESSES) {
      store_access<VECTOR>(sums[thread / WARP], access, part.step[step]);
    }
  }
  __syncthreads();
#pragma unroll
  for (int step = 0; step < STEPS; ++step) {
    const int access = step * GROUP + member;
    if (access < ACCESSES) {
      part.step[step] = load_access<VECTOR>(sums[0], access);
#pragma unroll
      for (int warp = 1; warp < WARPS; ++warp) {
        part.step[step] = part.step[step] + load_access<VECTOR>(sums[warp], access);
      }
    }
  }
  return part;
}

// rows[r] += factor(r) row, by the block.
template <typename Factor>
__device__ __forceinline__ void add_to_rows(
    const Part& row_part, float* rows, int count, Factor factor) {
  const int thread = static_cast<int>(threadIdx.x);
#pragma unroll 1
  for (int row = thread / GROUP; row < count; row += ROWS_AT_ONCE) {
    float* to = rows + static_cast<long long>(row) * D;
    const float f = factor(row);
#pragma unroll
    for (int step = 0; step < STEPS; ++step) {
      const int access = step * GROUP + thread % GROUP;
      if (access < ACCESSES) {
        Access<VECTOR> x = load_access<VECTOR>(to, access);
#pragma unroll
        for (int k = 0; k < VECTOR; ++k) {
          x.x[k] = fmaf(f, row_part.step[step].x[k], x.x[k]);
        }
        store_access<VECTOR>(to, access, x);
      }
    }
  }
}

// Blocks an SM, which leave 64 registers a thread: asked for none, the compiler for sm_80 rather
// spills than takes a 33rd.
constexpr int RESIDENT = 8;

extern "C" __global__ void __launch_bounds__(BLOCK, RESIDENT) recent_items_forward(
    const int* offsets, const int* live, float weight, const float* x, float* o) {
  const int histories = *live;
  for (int h = static_cast<int>(blockIdx.x); h < histories; h += static_cast<int>(gridDim.x)) {
    const int begin = offsets[h];
    const int n = offsets[h + 1] - begin;
    const float scale = weight / harmonic(n);
    const Part sum = sum_rows(x + static_cast<long long>(begin) * D, n, [&](int t) {
      return 1.0f / static_cast<float>(n - t);
    });
    add_to_rows(
        sum, o + static_cast<long long>(h) * CAPSULES * D, CAPSULES,
        [&](int) { return scale; });
  }
}

extern "C" __global__ void __launch_bounds__(BLOCK, RESIDENT) recent_items_backward(
    const int* offsets, const int* live, float weight, const float* dO, float* dX) {
  const int histories = *live;
  for (int h = static_cast<int>(blockIdx.x); h < histories; h += static_cast<int>(gridDim.x)) {
    const int begin = offsets[h];
    const int n = offsets[h + 1] - begin;
    const float scale = weight / harmonic(n);
    const Part sum = sum_rows(
        dO + static_cast<long long>(h) * CAPSULES * D, CAPSULES, [](int) { return 1.0f; });
    add_to_rows(sum, dX + static_cast<long long>(begin) * D, n, [&](int t) {
      return scale / static_cast<float>(n - t);
    });
  }
}
