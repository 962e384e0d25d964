// bilstm: sequences z[history][capsule][t][D] -> y of the same layout, f32. Equation (10).
//   (i, f, g, o) = z_t Wx + h_{t-1} Wh + b;   c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g)
//   h_t = sigmoid(o) tanh(c_t);   y_t = z_t + [h->, h<-], or z_t + [h->, h<-] R with PROJECTED
// w: for each direction Wx[D][4H], Wh[H][4H], b[4H]; then R[2H][D]. H = D / 2, or D with R. `live`
// holds the number of histories, offsets[live + 1] where each begins, in positions of a capsule; a
// history has `capsules` sequences, all of its length, which is `rows` at most.
//
// No launch per time step. Each lane holds weights in registers for the whole launch, as
// bilstm_lanes.cuh says; a block takes tile after tile of neighbouring sequences.
//   bilstm_forward   reads a tile's z once into shared memory; both directions run through it and
//     write y by windows of SEGMENT steps: each its half of the row, or whole rows that wait in
//     shared memory (KEPT). Before every SEGMENT-th step c and h go to the tape.
//   bilstm_backward  takes the windows from the last to the first: the forward again from the
//     checkpoint, then the derivatives, step by step; neither y nor any gate is read. dZ is dY and
//     what both directions add: the one that comes to a row first leaves its part in shared memory
//     (SUMMED), the second completes it. Each block leaves partial[block][weights] of the gradients
//     of weights.
//   bilstm_sum       adds the partials (partials.cuh).
// Around cuDNN's LSTM, the contract's other implementation (CudnnBiLstm), whose packed rows go
// position by position, and in each through the sequences that are as long, the longest history's
// first: the row of (h, capsule, t) is (starts[t] + rank[h]) capsules + capsule.
//   bilstm_pack      packed[row] = z
//   bilstm_unpack    out = base + packed[row]; out may be base
//   bilstm_spread    space[places[i]] = w[i], and bilstm_collect dW[i] = space[places[i]]
// What does not fit moves through global memory with the same bits: z by windows for each direction
// without STAGED; waiting rows in y and dZ themselves. Where registers do not hold both directions,
// they take TURNS; weights that do not fit beside their gradients are loaded at each use
// (RESIDENT = 0). Weights and partials pass through shared memory where there is room (GATHERED).
//
// Launch: block ForwardPass::THREADS and BackwardPass::THREADS, any grid, dynamic shared memory as
//   BiLstmPlan counts it; bilstm_sum as partials.cuh says; the others any. live = 0
//   is allowed.
// Aliasing: none but the above. The tape's layout is Tape's, in bilstm_cell.cuh.
// Determinism: the backward's grid and TEAMS decide the order of the sums of weight gradients; a
//   sequence's y and dZ depend on nothing else, not even on its place in a tile.
// Bytes, with Z = 4 D for a position: forward 2 Z and checkpoints of 4 H / SEGMENT floats, backward
//   4 Z (z twice, dY, dZ) and the checkpoints, with TURNS 6 Z; weights and partials once a block;
//   pack 2 Z, unpack 3 Z.
//
// Compile-time: D, PROJECTED, SEGMENT; for each kernel SPLIT, TOGETHER, GROUPS (bilstm_lanes.cuh),
//   TURNS, GATHERED; the forward's STAGED, KEPT and WARPS; the backward's TEAMS, RESIDENT and SUMMED.
//   CUDNN = 1 leaves out all but what cuDNN needs.
#ifndef BILSTM_CUDNN
#define BILSTM_CUDNN 0
#endif
#if !BILSTM_CUDNN
#include "bilstm_backward.cuh"
#include "bilstm_forward.cuh"
#include "partials.cuh"
#endif

#ifndef BILSTM_D
#define BILSTM_D 16
#endif
#ifndef BILSTM_PROJECTED
#define BILSTM_PROJECTED 0
#endif
#ifndef BILSTM_SEGMENT
#define BILSTM_SEGMENT 6
#endif
#ifndef BILSTM_FORWARD_SPLIT
#define BILSTM_FORWARD_SPLIT 2
#define BILSTM_FORWARD_TOGETHER 2
#define BILSTM_FORWARD_GROUPS 2
#define BILSTM_FORWARD_TURNS 0
#define BILSTM_FORWARD_WARPS 16
#define BILSTM_FORWARD_GATHERED 1
#endif
#ifndef BILSTM_STAGED
#define BILSTM_STAGED 1
#define BILSTM_KEPT 0
#endif
#ifndef BILSTM_BACKWARD_SPLIT
#define BILSTM_BACKWARD_SPLIT 2
#define BILSTM_BACKWARD_TOGETHER 2
#define BILSTM_BACKWARD_GROUPS 2
#define BILSTM_BACKWARD_TURNS 0
#define BILSTM_BACKWARD_TEAMS 4
#define BILSTM_BACKWARD_RESIDENT 1
#define BILSTM_BACKWARD_GATHERED 1
#endif
#ifndef BILSTM_SUMMED
#define BILSTM_SUMMED 1
#endif

constexpr int D = BILSTM_D;

// Where a sequence of n rows lies, for a block that takes one sequence after the other.
struct Whole {
  long long first;  // of its values
  int values;
  int history;
  int capsule;

  __device__ __forceinline__ Whole(int sequence, const int* offsets, int capsules)
      : history(sequence / capsules), capsule(sequence % capsules) {
    const int begin = offsets[history];
    values = (offsets[history + 1] - begin) * D;
    first = static_cast<long long>(begin) * capsules * D + static_cast<long long>(capsule) * values;
  }

  // The packed place of value i.
  __device__ __forceinline__ long long packed(
      int i, const int* rank, const int* starts, int capsules) const {
    const long long row =
        static_cast<long long>(starts[i / D] + rank[history]) * capsules + capsule;
    return row * D + i % D;
  }
};

extern "C" __global__ void bilstm_pack(
    const float* z, float* packed, const int* offsets, const int* live, int capsules,
    const int* rank, const int* starts) {
  const int total = *live * capsules;
  for (int s = static_cast<int>(blockIdx.x); s < total; s += static_cast<int>(gridDim.x)) {
    const Whole whole(s, offsets, capsules);
    for (int i = static_cast<int>(threadIdx.x); i < whole.values; i += static_cast<int>(blockDim.x)) {
      packed[whole.packed(i, rank, starts, capsules)] = z[whole.first + i];
    }
  }
}

extern "C" __global__ void bilstm_unpack(
    const float* base, const float* packed, float* out, const int* offsets, const int* live,
    int capsules, const int* rank, const int* starts) {
  const int total = *live * capsules;
  for (int s = static_cast<int>(blockIdx.x); s < total; s += static_cast<int>(gridDim.x)) {
    const Whole whole(s, offsets, capsules);
    for (int i = static_cast<int>(threadIdx.x); i < whole.values; i += static_cast<int>(blockDim.x)) {
      out[whole.first + i] =
          base[whole.first + i] + packed[whole.packed(i, rank, starts, capsules)];
    }
  }
}

extern "C" __global__ void bilstm_spread(const float* w, float* space, const int* places, int size) {
  const int step = static_cast<int>(gridDim.x * blockDim.x);
  for (int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); i < size; i += step) {
    space[places[i]] = w[i];
  }
}

extern "C" __global__ void bilstm_collect(
    const float* space, float* dW, const int* places, int size) {
  const int step = static_cast<int>(gridDim.x * blockDim.x);
  for (int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); i < size; i += step) {
    dW[i] = space[places[i]];
  }
}

#if !BILSTM_CUDNN
constexpr bool PROJECTED = BILSTM_PROJECTED != 0;
constexpr int H = PROJECTED ? D : D / 2;
constexpr int SEGMENT = BILSTM_SEGMENT;
constexpr int DIRECTION_WEIGHTS = (D + H + 1) * GATES * H;
constexpr int PROJECTION_WEIGHTS = PROJECTED ? H * D : 0;  // of a direction
constexpr int WEIGHTS = 2 * (DIRECTION_WEIGHTS + PROJECTION_WEIGHTS);
static_assert(D >= 1 && (PROJECTED || D % 2 == 0), "without a projection, d is two halves");

using ForwardLanes =
    Lanes<D, H, BILSTM_FORWARD_SPLIT, BILSTM_FORWARD_TOGETHER, BILSTM_FORWARD_GROUPS>;
using ForwardPass =
    Forward<ForwardLanes, PROJECTED, BILSTM_FORWARD_TURNS != 0, BILSTM_STAGED != 0,
            BILSTM_KEPT != 0, SEGMENT, BILSTM_FORWARD_WARPS>;
using BackwardLanes =
    Lanes<D, H, BILSTM_BACKWARD_SPLIT, BILSTM_BACKWARD_TOGETHER, BILSTM_BACKWARD_GROUPS>;
using BackwardPass =
    Backward<BackwardLanes, PROJECTED, BILSTM_BACKWARD_TURNS != 0, BILSTM_BACKWARD_RESIDENT != 0,
             BILSTM_SUMMED != 0, SEGMENT, BILSTM_BACKWARD_TEAMS>;

extern "C" __global__ void __launch_bounds__(ForwardPass::THREADS, ForwardPass::BLOCKS)
    bilstm_forward(const float* z, const float* w, float* y, float* tape, const int* offsets,
                   const int* live, int capsules, int rows) {
  using Pass = ForwardPass;
  using L = ForwardLanes;
  extern __shared__ float4 shared[];
  __shared__ Tile<L::SEQUENCES> tile;
  float* const windows = reinterpret_cast<float*>(shared);
  const int stage = banked(rows * L::DP, L::TOGETHER > 1 ? 8 : 4);
  float* const staged = windows + Pass::WINDOWS;
  float* const kept = staged + (BILSTM_STAGED != 0 ? L::SEQUENCES * stage : 0);
  const int thread = static_cast<int>(threadIdx.x);
  const int member = thread % L::THREADS;
  const Pass pass{z,     w,    y,    tape, windows,   staged,
                  kept,  stage, banked(rows * Pass::KEPT_ROW, 4),
                  tile,  L(member), member};
  GateWeights<L, true> weights;
  float project[L::STATE_PIECES][4];
  // Weights of a direction, and its rows of R, of which lane.unit is a column.
  const auto load = [&](const WeightRows<const float>& gates, const float* rest, int rest_row) {
    weights.load(gates, pass.lane);
#pragma unroll
    for (int p = 0; p < L::STATE_PIECES && PROJECTED; ++p) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const int j = (pass.lane.part + p * L::SPLIT) * 4 + e;
        project[p][e] = j < H ? rest[j * rest_row + pass.lane.unit] : 0.0f;
      }
    }
  };
  const auto load_global = [&](int direction) {
    load({w + direction * DIRECTION_WEIGHTS, GATES * H, 0},
         w + 2 * DIRECTION_WEIGHTS + direction * PROJECTION_WEIGHTS, D);
  };
  if constexpr (BILSTM_FORWARD_GATHERED != 0) {  // each weight comes once a block
    using Shared = Pass::Shared;
    for (int direction = 0; direction < 2; ++direction) {
      Shared::copy<true>(windows + direction * Shared::FLOATS, w, direction, thread, Pass::THREADS);
    }
    __syncthreads();
    const float* own = windows + thread / L::THREADS * Shared::FLOATS;
    load(Shared::gates(own), own + Shared::REST_AT, Shared::REST_ROW);
    __syncthreads();
  } else if constexpr (Pass::DIRECTIONS == 2) {
    load_global(thread / L::THREADS);
  }
  for (int i = thread; i < Pass::WINDOWS; i += Pass::THREADS) {
    windows[i] = 0.0f;  // padding stays so
  }
  const int total = *live * capsules;
  for (int first = blockIdx.x * L::SEQUENCES; first < total; first += gridDim.x * L::SEQUENCES) {
    __syncthreads();
    if (thread < L::SEQUENCES) {
      tile.find(thread, first + thread, total, offsets, capsules);
    }
    __syncthreads();
    if constexpr (BILSTM_STAGED != 0) {
      pass.stage_tile();
      __syncthreads();
    }
    if constexpr (Pass::DIRECTIONS == 2) {
      pass.run(thread / L::THREADS, weights, project);
    } else {
      for (int direction = 0; direction < 2; ++direction) {
        load_global(direction);
        pass.run(direction, weights, project);
        __syncthreads();
      }
    }
  }
}

extern "C" __global__ void __launch_bounds__(BackwardPass::THREADS, 1)
    bilstm_backward(const float* z, const float* w, const float* dY, float* tape, float* dZ,
                    float* partials, const int* offsets, const int* live, int capsules, int rows) {
  using Pass = BackwardPass;
  using L = BackwardLanes;
  extern __shared__ float4 shared[];
  __shared__ Tile<L::SEQUENCES> tiles[BILSTM_BACKWARD_TEAMS];
  // A direction's b unit by unit, and behind it the zeros with which all parts but the first begin.
  __shared__ float4 biases[Pass::DIRECTIONS][H + 1];
  float* const windows = reinterpret_cast<float*>(shared);
  const int thread = static_cast<int>(threadIdx.x);
  const int team = BILSTM_BACKWARD_TEAMS == 1 ? 0 : thread / Pass::TEAM;
  const int member = thread % L::THREADS;
  const int sum = banked(rows * L::DP, 4);
  const Pass pass{z,
                  dY,
                  dZ,
                  tape,
                  windows + team * Pass::WINDOWS,
                  windows + BILSTM_BACKWARD_TEAMS * Pass::WINDOWS + team * L::SEQUENCES * sum,
                  sum,
                  tiles[team],
                  biases[Pass::DIRECTIONS == 2 ? thread / L::THREADS % 2 : 0],
                  L(member),
                  member,
                  team};
  const int total = *live * capsules;
  using Shared = Pass::Shared;
  constexpr bool GATHERED = BILSTM_BACKWARD_GATHERED != 0;
  static_assert(GATHERED || BILSTM_BACKWARD_TEAMS * L::GROUPS == 1, "only one may give at a time");
  for (int turn = 0; turn < 2 / Pass::DIRECTIONS; ++turn) {
    const int direction = Pass::DIRECTIONS == 2 ? thread / L::THREADS % 2 : turn;
    float* const own = windows + (Pass::DIRECTIONS == 2 ? direction * Shared::FLOATS : 0);
    GateWeights<L, BILSTM_BACKWARD_RESIDENT != 0> gates;
    BackWeights<L, Pass::OUTPUTS, BILSTM_BACKWARD_RESIDENT != 0> back;
    Pass::Project project;
    Pass::Sums sums;
    WeightRows<const float> of{w + direction * DIRECTION_WEIGHTS, GATES * H, 0};
    const float* rest = w + 2 * DIRECTION_WEIGHTS + direction * PROJECTION_WEIGHTS;
    int rest_row = D;
    if constexpr (GATHERED && BILSTM_BACKWARD_RESIDENT != 0) {  // each weight comes once a block
      for (int i = 0; i < Pass::DIRECTIONS; ++i) {
        Shared::copy<true>(windows + i * Shared::FLOATS, w, turn + i, thread, Pass::THREADS);
      }
      __syncthreads();
      of = Shared::gates<const float>(own);
      rest = own + Shared::REST_AT;
      rest_row = Shared::REST_ROW;
    }
    for (int i = member; team == 0 && i <= H; i += L::THREADS) {
      const float* b = of.at(D + H) + i;
      biases[Pass::DIRECTIONS == 2 ? direction : 0][i] =
          i < H ? make_float4(b[0], b[H], b[2 * H], b[3 * H]) : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    }
    gates.load(of, pass.lane);
    back.load(of, pass.lane);
#pragma unroll
    for (int p = 0; p < Pass::Sums::PROJECT && PROJECTED; ++p) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const int k = (pass.lane.part + p * L::SPLIT) * 4 + e;
        project[p][e] = k < D ? rest[pass.lane.unit * rest_row + k] : 0.0f;
      }
    }
    __syncthreads();
    for (int i = thread; i < BILSTM_BACKWARD_TEAMS * Pass::WINDOWS; i += Pass::THREADS) {
      windows[i] = 0.0f;  // padding stays so
    }
    __syncthreads();
    for (int first = (blockIdx.x + team * gridDim.x) * L::SEQUENCES; first < total;
         first += gridDim.x * BILSTM_BACKWARD_TEAMS * L::SEQUENCES) {
      pass.meet_team();
      if (thread % Pass::TEAM < L::SEQUENCES) {
        const int r = thread % Pass::TEAM;
        tiles[team].find(r, first + r, total, offsets, capsules);
      }
      pass.meet_team();
      pass.run(direction, gates, back, project, sums);
    }
    // The block's sums, team by team and group by group, in shared memory where there is room.
    const L lane(anew(member));
    sums.complete_bias(lane);
    __syncthreads();
    float* const partial = partials + static_cast<long long>(blockIdx.x) * WEIGHTS;
    const WeightRows<float> given =
        GATHERED ? Shared::gates(own)
                 : WeightRows<float>{partial + direction * DIRECTION_WEIGHTS, GATES * H, 0};
    float* const given_rest = GATHERED ? own + Shared::REST_AT
                                       : partial + 2 * DIRECTION_WEIGHTS +
                                             direction * PROJECTION_WEIGHTS;
    for (int giver = 0; giver < BILSTM_BACKWARD_TEAMS * L::GROUPS; ++giver) {
      if (lane.live && giver == team * L::GROUPS + lane.group) {
        sums.give(given, given_rest, GATHERED ? Shared::REST_ROW : D, lane, giver > 0);
      }
      __syncthreads();
    }
    if constexpr (GATHERED) {
      for (int i = 0; i < Pass::DIRECTIONS; ++i) {
        Shared::copy<false>(windows + i * Shared::FLOATS, partial, turn + i, thread, Pass::THREADS);
      }
      __syncthreads();
    }
  }
}

extern "C" __global__ void __launch_bounds__(PARTIALS_BLOCK) bilstm_sum(
    const float* partials0, float* total0, int slots0, int size0,
    const float* partials1, float* total1, int slots1, int size1,
    const float* partials2, float* total2, int slots2, int size2,
    const float* partials3, float* total3, int slots3, int size3) {
  add_partial_sums({partials0, total0, slots0, size0}, {partials1, total1, slots1, size1},
                   {partials2, total2, slots2, size2}, {partials3, total3, slots3, size3});
}
#endif
