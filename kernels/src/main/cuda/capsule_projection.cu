// capsule_projection: equation (5), with rows [item][level] and W[interest][in][out]:
//   forward   z[row, i] = h[row] W_i
//   backward  dH[row] = sum_i dZ[row, i] W_i^T;   dW_i = sum_row h[row]^T dZ[row, i]
// h, dH [item][level][D]; z, dZ [history][level][interest][position][D]; W, dW [interest][in][out];
// offsets[histories + 1], live[1] = histories of the batch. All f32 but the last two.
//
// Launch: a block takes a run of tiles of 32 rows, `least` of them at least, so that weights are not
//   read for little.
//   forward    block 256, grid (runs, ceil(K D / COLUMNS)), shared: see FORWARD below
//   backward   block 32 TEAMS GROUP PARTS, a launch for each GROUP interests, which are those from
//              `interest` on; grid: slots, each of which gets partial[slot][K][D][D]; shared: see
//              BACKWARD below. The launches of one call go in the order of their interests.
//   sum        see partials.cuh
// Aliasing: none, but every launch of the backward after the first adds to dH.
// Determinism: a row of z or dH is one chain of fma, whatever else there is; dW depends on the number
//   of slots only. An empty batch gives dW = 0.
// Bytes: forward 4 D (1 + K) a row, backward 4 D (2 + K); a block reads W once, and writes dW once;
//   with more than one launch, h and dH move again in each.
//
// Compile-time, prefix CAPSULE_PROJECTION_: D, K, L = D, K and the number of levels; COLUMNS of
//   [interest][out] whose weights a block of the forward holds, WIDTH of them a lane at once, 5 at
//   most; GROUP; PARTS = warps that share a dW_i; TEAMS = tiles a block of the backward has under way.
#include "access.cuh"
#include "outer_piece.cuh"
#include "partials.cuh"
#include "quads.cuh"
#include "ragged.cuh"
#include "warp.cuh"

#ifndef CAPSULE_PROJECTION_D
#define CAPSULE_PROJECTION_D 16
#endif
#ifndef CAPSULE_PROJECTION_K
#define CAPSULE_PROJECTION_K 4
#endif
#ifndef CAPSULE_PROJECTION_L
#define CAPSULE_PROJECTION_L 4
#endif
#ifndef CAPSULE_PROJECTION_COLUMNS
#define CAPSULE_PROJECTION_COLUMNS (CAPSULE_PROJECTION_D * CAPSULE_PROJECTION_K)
#endif
#ifndef CAPSULE_PROJECTION_WIDTH
#define CAPSULE_PROJECTION_WIDTH 2
#endif
#ifndef CAPSULE_PROJECTION_GROUP
#define CAPSULE_PROJECTION_GROUP CAPSULE_PROJECTION_K
#endif
#ifndef CAPSULE_PROJECTION_PARTS
#define CAPSULE_PROJECTION_PARTS 1
#endif
#ifndef CAPSULE_PROJECTION_TEAMS
#define CAPSULE_PROJECTION_TEAMS 2
#endif

constexpr int D = CAPSULE_PROJECTION_D;
constexpr int K = CAPSULE_PROJECTION_K;
constexpr int LEVELS = CAPSULE_PROJECTION_L;
// ---------------------------------------------------------------------------------------- forward
// A warp computes RUN rows and LANES * WIDTH columns at once: a value of h is the same for all its
// lanes, weights lie side by side, and so do results. FORWARD shared memory, in floats:
// weights[IN][HELD], for each warp rows[ROOM][IN], and a quad for the block's
// first history.

constexpr int WARPS = 8;
constexpr int COLUMNS = CAPSULE_PROJECTION_COLUMNS;
constexpr int WIDTH = CAPSULE_PROJECTION_WIDTH;
constexpr int IN = (D + 3) / 4 * 4;
constexpr int LANES = lanes_for(COLUMNS);   // that columns lie across
constexpr int ROWS_ABREAST = WARP / LANES;  // in groups of lanes
constexpr int TURNS = (COLUMNS + LANES * WIDTH - 1) / (LANES * WIDTH);
constexpr int HELD = TURNS * LANES * WIDTH;
constexpr int ACCESS = WIDTH % 4 == 0 && D % 4 == 0 ? 4 : WIDTH % 2 == 0 && D % 2 == 0 ? 2 : 1;
constexpr int RUN = ROWS_ABREAST > 2 ? TILE / ROWS_ABREAST : WIDTH <= 2 ? 16 : 8;
constexpr int RUN_ROWS = RUN * ROWS_ABREAST;
constexpr int ROOM = ROWS_ABREAST > 1 ? 32 : 16;
static_assert(RUN_ROWS <= ROOM, "rows of a warp fit");

// weights[in][column], zero where there is none.
__device__ __forceinline__ void hold_columns(const float* w, int first, float* weights) {
  for (int at = static_cast<int>(threadIdx.x); at < IN * HELD; at += WARPS * WARP) {
    const int in = at / HELD;
    const int within = at % HELD;
    const int column = first + within;
    const bool has = in < D && within < COLUMNS && column < K * D;
    weights[at] = has ? w[(column / D * D + in) * D + column % D] : 0.0f;
  }
}

// RUN_ROWS rows, zero behind the last.
__device__ __forceinline__ void hold_rows(const float* levels, int first, int rows, float* held) {
  constexpr int QUADS = IN / 4;
  for (int at = static_cast<int>(threadIdx.x) % WARP; at < RUN_ROWS * QUADS; at += WARP) {
    const int row = first + at / QUADS;
    const float4 none = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    reinterpret_cast<float4*>(held)[at] =
        row < rows ? load_quad<D>(levels + static_cast<long long>(row) * D, at % QUADS) : none;
  }
}

// acc = rows weights, for rows r * ROWS_ABREAST + abreast, and WIDTH columns of this lane.
__device__ __forceinline__ void multiply(
    const float* held, const float* weights, int abreast, float (&acc)[RUN][WIDTH]) {
#pragma unroll
  for (int r = 0; r < RUN; ++r) {
#pragma unroll
    for (int c = 0; c < WIDTH; ++c) {
      acc[r][c] = 0.0f;
    }
  }
#pragma unroll 1
  for (int in = 0; in < IN; in += 4) {
    float weight[4][WIDTH];
#pragma unroll
    for (int k = 0; k < 4; ++k) {
#pragma unroll
      for (int c = 0; c < WIDTH; c += ACCESS) {
        const auto some = load_access<ACCESS>(weights + (in + k) * HELD + c * LANES, 0);
#pragma unroll
        for (int i = 0; i < ACCESS; ++i) {
          weight[k][c + i] = some.x[i];
        }
      }
    }
#pragma unroll
    for (int r = 0; r < RUN; ++r) {
      const float4 h =
          *reinterpret_cast<const float4*>(held + (r * ROWS_ABREAST + abreast) * IN + in);
#pragma unroll
      for (int c = 0; c < WIDTH; ++c) {
        const float4 column = make_float4(weight[0][c], weight[1][c], weight[2][c], weight[3][c]);
        acc[r][c] = dot(h, column, acc[r][c]);
      }
    }
  }
}

extern "C" __global__ void __launch_bounds__(256, 2) capsule_projection_forward(
    const float* levels, const float* w, float* z, const int* offsets, const int* live, int least) {
  extern __shared__ float4 shared[];
  const int lane = static_cast<int>(threadIdx.x) % WARP;
  const int warp = static_cast<int>(threadIdx.x) / WARP;  // [0, WARPS)
  float* weights = reinterpret_cast<float*>(shared);
  float* held = weights + IN * HELD + warp * ROOM * IN;
  int& start = *reinterpret_cast<int*>(weights + IN * HELD + WARPS * ROOM * IN);
  const int histories = *live;
  const TileRun<LEVELS> run(offsets[histories], least);
  if (run.begin >= run.end) {
    return;
  }
  if (warp == 0) {
    const int found = find_history(offsets, histories, run.first_item());
    if (lane == 0) {
      start = found;
    }
  }
  const int first_column = static_cast<int>(blockIdx.y) * COLUMNS;
  hold_columns(w, first_column, weights);
  __syncthreads();
  int history = start;
  const int abreast = lane / LANES;
  for (int tile = run.begin + warp; tile < run.end; tile += WARPS) {
    const int tile_row = tile * TILE;
    const CapsuleRow row =
        capsule_row<LEVELS, K>(offsets, histories, tile_row, run.rows, history);
    for (int part = 0; part < TILE && tile_row + part < run.rows; part += RUN_ROWS) {
      hold_rows(levels, tile_row + part, run.rows, held);
      __syncwarp();
      for (int turn = 0; turn < TURNS; ++turn) {
        const int within = turn * LANES * WIDTH + lane % LANES * ACCESS;
        float acc[RUN][WIDTH];
        multiply(held, weights + within, abreast, acc);
#pragma unroll
        for (int r = 0; r < RUN; ++r) {
          const int at = part + r * ROWS_ABREAST + abreast;
          const int place = __shfl_sync(ALL_LANES, row.place, at);
          const int length = __shfl_sync(ALL_LANES, row.length, at);
          if (tile_row + at < run.rows) {
#pragma unroll
            for (int c = 0; c < WIDTH; c += ACCESS) {
              const int column = first_column + within + c * LANES;
              if (within + c * LANES < COLUMNS && column < K * D) {
                const long long vector = place + column / D * length;
                Access<ACCESS> some;
#pragma unroll
                for (int i = 0; i < ACCESS; ++i) {
                  some.x[i] = acc[r][c + i];
                }
                store_access<ACCESS>(z + vector * D + column % D, 0, some);
              }
            }
          }
        }
      }
      __syncwarp();
    }
  }
}

// --------------------------------------------------------------------------------------- backward
// A team of GROUP * PARTS warps works on a tile: a warp has one interest and, of PARTS, one part of
// dW_i, which it sums in registers, and one part of the ins of dH. Then the team adds dH over
// interests. BACKWARD shared memory, in quads: weights[GROUP][MATRIX] laid out as sums of outer
// products are, which take their place in the end; for each team h[TILE][QUADS], dZ[GROUP][TILE][QUADS]; CapsuleRow[TEAMS][TILE].

constexpr int GROUP = CAPSULE_PROJECTION_GROUP;
constexpr int PARTS = CAPSULE_PROJECTION_PARTS;
constexpr int TEAMS = CAPSULE_PROJECTION_TEAMS;
constexpr int TEAM = GROUP * PARTS * WARP;  // threads
constexpr int PADDED = (D + 7) / 8 * 8;
constexpr int QUADS = PADDED / 4;
constexpr int QUADS_A_ROW = (D + 3) / 4;

// Of dW_i a lane has 8 ins by 8 outs, or by 4 where otherwise most lanes had none.
using Piece = OuterPiece<PADDED, PARTS, D <= 16 ? 1 : 2>;

// Ins of dH of a warp; a lane, which has a row, sums a chunk at once. More would spill.
constexpr int INS = (QUADS_A_ROW + PARTS - 1) / PARTS * 4;
constexpr int CHUNKS = D <= 16 ? (INS + 7) / 8 : (INS + 31) / 32;
constexpr int CHUNK = (INS / 4 + CHUNKS - 1) / CHUNKS * 4;

static_assert(TEAMS * TEAM <= 256, "sums take half of 255 registers");
constexpr int RESIDENT = D <= 16 ? 2 : 1;  // blocks on a multiprocessor, as registers allow

// Who this thread is.
struct Role {
  int lane;
  int member;    // thread of the team, [0, TEAM)
  int team;      // [0, TEAMS)
  int interest;  // of the group, [0, GROUP)
  int part;      // [0, PARTS)

  __device__ __forceinline__ Role() {
    lane = static_cast<int>(threadIdx.x) % WARP;
    member = static_cast<int>(threadIdx.x) % TEAM;
    team = static_cast<int>(threadIdx.x) / TEAM;
    interest = member / (PARTS * WARP);
    part = member / WARP % PARTS;
  }
};

// W_i of the group's interests, zero where there is none.
__device__ __forceinline__ void hold_group(const float* w, int interest, float4* weights) {
  float* values = reinterpret_cast<float*>(weights);
  for (int at = static_cast<int>(threadIdx.x); at < GROUP * PADDED * PADDED; at += TEAMS * TEAM) {
    const int i = interest + at / (PADDED * PADDED);
    const int in = at / PADDED % PADDED;
    const int out = at % PADDED;
    const int place = at / (PADDED * PADDED) * Piece::MATRIX + Piece::cell(in, out / 4);
    values[4 * place + out % 4] = i < K && in < D && out < D ? w[(i * D + in) * D + out] : 0.0f;
  }
}

// A team's tile: its rows of h, and of dZ this warp's share.
__device__ __forceinline__ void hold_tile(
    const float* levels, const float* dZ, const CapsuleRow* places, const Role& role, int interest,
    int first, int live, float4* h, float4* gradient) {
  const float4 none = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  for (int at = role.member; at < TILE * QUADS; at += TEAM) {
    const int row = at / QUADS;
    const int quad = at % QUADS;
    h[swizzled<QUADS>(row, quad)] = row < live && quad < QUADS_A_ROW
        ? load_quad<D>(levels + static_cast<long long>(first + row) * D, quad)
        : none;
  }
#pragma unroll 4
  for (int at = role.part * WARP + role.lane; at < TILE * QUADS; at += PARTS * WARP) {
    const int row = at / QUADS;
    const int quad = at % QUADS;
    float4 value = none;
    if (row < live && quad < QUADS_A_ROW && interest < K) {
      const CapsuleRow place = places[row];
      const long long vector = place.place + interest * place.length;
      value = load_quad<D>(dZ + vector * D, quad);
    }
    gradient[swizzled<QUADS>(row, quad)] = value;
  }
}

// dH of a lane's row from one interest: ins from `in` on.
__device__ __forceinline__ void multiply_back(
    const float4* gradient, const float4* weights, int row, int in, float (&sum)[CHUNK]) {
#pragma unroll
  for (int i = 0; i < CHUNK; ++i) {
    sum[i] = 0.0f;
  }
#pragma unroll 1
  for (int quad = 0; quad < QUADS_A_ROW; ++quad) {
    const float4 outs = gradient[swizzled<QUADS>(row, quad)];
#pragma unroll
    for (int i = 0; i < CHUNK; ++i) {
      if (PARTS * CHUNKS * CHUNK <= PADDED || in + i < PADDED) {
        sum[i] = dot(outs, weights[Piece::cell(in, quad) + Piece::cell(i, 0)], sum[i]);
      }
    }
  }
}

extern "C" __global__ void __launch_bounds__(TEAMS* TEAM, RESIDENT) capsule_projection_backward(
    const float* levels, const float* w, const float* dZ, float* dLevels, float* partials,
    const int* offsets, const int* live, int least, int interest) {
  extern __shared__ float4 shared[];
  Role role;
  float4* weights = shared;
  float4* h = weights + GROUP * Piece::MATRIX + role.team * (1 + GROUP) * TILE * QUADS;
  float4* gradients = h + TILE * QUADS;  // of all interests of the group
  float4* gradient = gradients + role.interest * TILE * QUADS;
  CapsuleRow* places = reinterpret_cast<CapsuleRow*>(
      shared + GROUP * Piece::MATRIX + TEAMS * (1 + GROUP) * TILE * QUADS) + role.team * TILE;
  const float4* own_weights = weights + role.interest * Piece::MATRIX;
  const int histories = *live;
  const TileRun<LEVELS> run(offsets[histories], least);
  const bool leads = role.member < WARP;
  int history = 0;
  Piece piece(role.part, role.lane);

  if (run.begin < run.end) {
    hold_group(w, interest, weights);
    if (leads) {
      history = find_history(offsets, histories, run.first_item());
    }
  }
  for (int turn = run.begin; turn < run.end; turn += TEAMS) {
    // Or else every address that depends on the thread alone would stay in a register of its own.
    asm volatile("" : "+r"(role.lane), "+r"(role.member));
    const int first = (turn + role.team) * TILE;
    const int here = turn + role.team < run.end ? min(TILE, run.rows - first) : 0;
    if (leads && here > 0) {
      places[role.lane] = capsule_row<LEVELS, K>(offsets, histories, first, run.rows, history);
    }
    __syncthreads();  // also: everybody is done with the last turn's sums
    hold_tile(
        levels, dZ, places, role, interest + role.interest, first, here, h, gradient);
    __syncthreads();
    piece.add(h, gradient, here);
    float back[CHUNKS][CHUNK];
#pragma unroll
    for (int c = 0; c < CHUNKS; ++c) {
      multiply_back(gradient, own_weights, role.lane, role.part * INS + c * CHUNK, back[c]);
    }
    __syncthreads();
#pragma unroll
    for (int c = 0; c < CHUNKS; ++c) {
#pragma unroll
      for (int i = 0; i < CHUNK; i += 4) {
        const int quad = role.part * (INS / 4) + (c * CHUNK + i) / 4;
        if (c * CHUNK + i < INS && quad < QUADS_A_ROW) {
          gradient[swizzled<QUADS>(role.lane, quad)] =
              make_float4(back[c][i], back[c][i + 1], back[c][i + 2], back[c][i + 3]);
        }
      }
    }
    __syncthreads();
    for (int at = role.member; at < here * QUADS_A_ROW; at += TEAM) {
      const int row = at / QUADS_A_ROW;
      const int quad = at % QUADS_A_ROW;
      float* target = dLevels + static_cast<long long>(first + row) * D;
      float4 total = interest > 0 ? load_quad<D>(target, quad) : gradients[swizzled<QUADS>(row, quad)];
      for (int i = interest > 0 ? 0 : 1; i < GROUP; ++i) {
        total = sum(total, gradients[i * TILE * QUADS + swizzled<QUADS>(row, quad)]);
      }
      store_quad<D>(target, quad, total);
    }
  }

  // dW of the block, over teams and lanes abreast one after another.
  for (int giver = 0; giver < TEAMS * Piece::ABREAST; ++giver) {
    __syncthreads();
    if (giver / Piece::ABREAST == role.team && giver % Piece::ABREAST == piece.abreast) {
      piece.give(weights + role.interest * Piece::MATRIX, giver == 0);
    }
  }
  __syncthreads();
  float* partial = partials + (static_cast<long long>(blockIdx.x) * K + interest) * D * D;
  const int size = min(GROUP, K - interest) * D * D;
  for (int at = static_cast<int>(threadIdx.x); at < size; at += TEAMS * TEAM) {
    const int in = at / D;  // of all interests
    const int out = at % D;
    const int place = in / D * Piece::MATRIX + Piece::cell(in % D, out / 4);
    partial[at] = reinterpret_cast<const float*>(weights)[4 * place + out % 4];
  }
}

extern "C" __global__ void __launch_bounds__(PARTIALS_BLOCK) capsule_projection_sum(
    const float* partials0, float* total0, int slots0, int size0,
    const float* partials1, float* total1, int slots1, int size1,
    const float* partials2, float* total2, int slots2, int size2,
    const float* partials3, float* total3, int slots3, int size3) {
  add_partial_sums({partials0, total0, slots0, size0}, {partials1, total1, slots1, size1},
                   {partials2, total2, slots2, size2}, {partials3, total3, slots3, size3});
}
