// embedding_gather: x[t] = V[item_t], e[c] = V[candidate_c], u[b] = U[user_b]; rows of D floats, row-major.
// Of a batch's live B histories: T = offsets[B] items, B C candidates, B users. Ids must be rows of
// their tables; they are not checked here.
//
// Launch: a tile of TILE rows a warp, first tiles of items, then of candidates, then of users;
//   grid-stride over tiles, block 256 (any multiple of 32), no shared memory. B == 0 writes nothing.
// Aliasing: none.
// Determinism: copies; all bits are those of the table.
// Bytes: a row's id once, the row once in and once out: 4 + 8 D; two more sectors a tile say what lives.
//
// Compile-time: EMBEDDING_GATHER_D = D >= 1; EMBEDDING_GATHER_VECTOR = floats an access, 4 where D is
//   a multiple of 4 and both tables lie on multiples of 16 bytes, else 1.
#include "access.cuh"
#include "warp.cuh"

#ifndef EMBEDDING_GATHER_D
#define EMBEDDING_GATHER_D 16
#endif
#ifndef EMBEDDING_GATHER_VECTOR
#define EMBEDDING_GATHER_VECTOR 4
#endif

constexpr int D = EMBEDDING_GATHER_D;
constexpr int VECTOR = EMBEDDING_GATHER_VECTOR;
static_assert(D >= 1, "a row has values");
static_assert(D % VECTOR == 0, "16-byte accesses need D % 4 == 0");

constexpr int ACCESSES = D / VECTOR;
constexpr int GROUP = lanes_for(ACCESSES);             // lanes a row
constexpr int STEPS = (ACCESSES + GROUP - 1) / GROUP;  // accesses a lane
constexpr int ROWS_AT_ONCE = WARP / GROUP;
// Turns of a tile, whose loads are under way together; a warp can hold the ids.
constexpr int TURNS = GROUP < 2 ? GROUP : 2;
constexpr int TILE = ROWS_AT_ONCE * TURNS;
static_assert(TILE <= WARP, "a lane reads one id");

// Copies the rows that `ids` names to `to`, as many as there are, TILE at most, by a warp.
__device__ __forceinline__ void copy_tile(const float* table, const int* ids, float* to, int rows) {
  const int lane = static_cast<int>(threadIdx.x) % WARP;
  const int in_turn = lane / GROUP;  // the lane's row of a turn, [0, ROWS_AT_ONCE)
  const int member = lane % GROUP;   // the lane's place in its group, [0, GROUP)
  const int id = lane < TILE && lane < rows ? ids[lane] : 0;
  Access<VECTOR> held[TURNS][STEPS];
#pragma unroll
  for (int turn = 0; turn < TURNS; ++turn) {
    const int row = turn * ROWS_AT_ONCE + in_turn;
    const float* from = table + static_cast<long long>(__shfl_sync(ALL_LANES, id, row)) * D;
#pragma unroll
    for (int step = 0; step < STEPS; ++step) {
      const int access = step * GROUP + member;
      if (row < rows && access < ACCESSES) {
        held[turn][step] = load_access<VECTOR>(from, access);
      }
    }
  }
#pragma unroll
  for (int turn = 0; turn < TURNS; ++turn) {
    const int row = turn * ROWS_AT_ONCE + in_turn;
#pragma unroll
    for (int step = 0; step < STEPS; ++step) {
      const int access = step * GROUP + member;
      if (row < rows && access < ACCESSES) {
        store_access<VECTOR>(to, row * ACCESSES + access, held[turn][step]);
      }
    }
  }
}

__device__ __forceinline__ long long tiles_of(long long rows) {
  return (rows + TILE - 1) / TILE;
}

extern "C" __global__ void __launch_bounds__(256, 4) embedding_gather_forward(
    const float* items,
    const float* users,
    const int* item_ids,
    const int* candidate_ids,
    const int* user_ids,
    const int* offsets,
    const int* live,
    int candidates,
    float* x,
    float* u,
    float* e) {
  const int histories = live[0];
  const int item_rows = offsets[histories];
  const int candidate_rows = histories * candidates;
  const long long behind_items = tiles_of(item_rows);
  const long long behind_candidates = behind_items + tiles_of(candidate_rows);
  const long long tiles = behind_candidates + tiles_of(histories);
  const int warps = static_cast<int>(blockDim.x) / WARP;  // of a block
  const int warp = static_cast<int>(threadIdx.x) / WARP;  // [0, warps)
  const long long stride = static_cast<long long>(gridDim.x) * warps;
  for (long long tile = static_cast<long long>(blockIdx.x) * warps + warp; tile < tiles;
       tile += stride) {
    const float* table = items;
    const int* ids = item_ids;
    float* to = x;
    long long first = tile;
    int rows = item_rows;
    if (tile >= behind_candidates) {
      table = users;
      ids = user_ids;
      to = u;
      first = tile - behind_candidates;
      rows = histories;
    } else if (tile >= behind_items) {
      ids = candidate_ids;
      to = e;
      first = tile - behind_items;
      rows = candidate_rows;
    }
    first *= TILE;
    copy_tile(table, ids + first, to + first * D, static_cast<int>(rows - first));
  }
}
