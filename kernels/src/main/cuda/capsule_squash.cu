// capsule_squash: rows v[rows, D] -> o[rows, D], row-major f32, D fastest. Equation (7).
//   forward   o = phi v,  phi = r / (1 + r^2),  r = |v|;  0 at v = 0
//   backward  dV = phi dO + r phi'(r) (e . dO) e,  phi' = (1 - r^2) / (1 + r^2)^2,  e = v / r;  0 at v = 0
// r is taken from components divided by the largest, so no square overflows or vanishes.
//
// Launch: a group of GROUP lanes a row, grid-stride over rows, block 256 (any multiple of 32), no
//   shared memory. rows == 0 returns before launch.
// Aliasing: o may be v; dV may be dO. A lane reads only the values that it writes, before it does.
// Determinism: run-to-run; rows are independent, sums are a fixed butterfly within a group.
// Bytes: forward 8 D a row, backward 12 D a row; each value moves once.
//
// Compile-time: CAPSULE_SQUASH_D = D >= 1; CAPSULE_SQUASH_VECTOR = floats an access, 4 where D is a
//   multiple of 4 and every pointer is a multiple of 16 bytes, else 1.
#include "squash.cuh"
#include "warp.cuh"

#ifndef CAPSULE_SQUASH_D
#define CAPSULE_SQUASH_D 16
#endif
#ifndef CAPSULE_SQUASH_VECTOR
#define CAPSULE_SQUASH_VECTOR 4
#endif

constexpr int D = CAPSULE_SQUASH_D;
constexpr int VECTOR = CAPSULE_SQUASH_VECTOR;
static_assert(D >= 1, "a row has values");
static_assert(VECTOR == 1 || (VECTOR == 4 && D % 4 == 0), "16-byte accesses need D % 4 == 0");

constexpr int ACCESSES = D / VECTOR;
// Lanes a row, so that a warp's access is one contiguous piece of memory.
constexpr int GROUP = lanes_for(ACCESSES);
constexpr int STEPS = (ACCESSES + GROUP - 1) / GROUP;  // accesses a lane
constexpr int HELD = STEPS * VECTOR;                   // values a lane holds of its row
constexpr int ROWS_A_WARP = WARP / GROUP;

// One row's values that this lane holds; zero where the lane has none.
struct Part {
  float x[HELD];
};

// member in [0, GROUP): the lane's place in its group.
__device__ __forceinline__ Part load(const float* row, int member, bool live) {
  Part part;
#pragma unroll
  for (int step = 0; step < STEPS; ++step) {
    const int access = step * GROUP + member;
    const bool has = live && access < ACCESSES;
    if constexpr (VECTOR == 4) {
      float4 four = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
      if (has) {
        four = reinterpret_cast<const float4*>(row)[access];
      }
      part.x[step * 4] = four.x;
      part.x[step * 4 + 1] = four.y;
      part.x[step * 4 + 2] = four.z;
      part.x[step * 4 + 3] = four.w;
    } else {
      part.x[step] = has ? row[access] : 0.0f;
    }
  }
  return part;
}

__device__ __forceinline__ void store(float* row, int member, bool live, const Part& part) {
#pragma unroll
  for (int step = 0; step < STEPS; ++step) {
    const int access = step * GROUP + member;
    if (live && access < ACCESSES) {
      if constexpr (VECTOR == 4) {
        reinterpret_cast<float4*>(row)[access] = make_float4(
            part.x[step * 4], part.x[step * 4 + 1], part.x[step * 4 + 2], part.x[step * 4 + 3]);
      } else {
        row[access] = part.x[step];
      }
    }
  }
}

// Where this thread works: its first row, and how far to the next. All lanes of a warp take part in
// every turn, because they meet in shuffles: a turn is decided by the warp's first row.
struct Walk {
  long long warp_row;  // the warp's first row of this turn
  long long stride;    // rows of the whole grid
  int in_warp;         // the lane's row within the warp, [0, ROWS_A_WARP)
  int member;          // the lane's place in its group, [0, GROUP)

  __device__ __forceinline__ Walk() {
    const int lane = static_cast<int>(threadIdx.x) % WARP;
    const long long warps_a_block = blockDim.x / WARP;
    const long long warp = blockIdx.x * warps_a_block + threadIdx.x / WARP;
    warp_row = warp * ROWS_A_WARP;
    stride = gridDim.x * warps_a_block * ROWS_A_WARP;
    in_warp = lane / GROUP;
    member = lane % GROUP;
  }
};

extern "C" __global__ void __launch_bounds__(256)
    capsule_squash_forward(const float* v, float* o, int rows) {
  Walk walk;
  for (; walk.warp_row < rows; walk.warp_row += walk.stride) {
    const long long row = walk.warp_row + walk.in_warp;
    const bool live = row < rows;
    Part part = load(v + row * D, walk.member, live);
    group_squash<GROUP>(part.x);
    store(o + row * D, walk.member, live, part);
  }
}

extern "C" __global__ void __launch_bounds__(256)
    capsule_squash_backward(const float* v, const float* dO, float* dV, int rows) {
  Walk walk;
  for (; walk.warp_row < rows; walk.warp_row += walk.stride) {
    const long long row = walk.warp_row + walk.in_warp;
    const bool live = row < rows;
    Part e = load(v + row * D, walk.member, live);
    Part gradient = load(dO + row * D, walk.member, live);
    group_squash_backward<GROUP>(e.x, gradient.x);
    store(dV + row * D, walk.member, live, gradient);
  }
}
