// bilstm
#include "bilstm_backward.cuh"
#include "bilstm_forward.cuh"
#include "partials.cuh"

#ifndef BILSTM_D
#define BILSTM_D 16
#endif
#ifndef BILSTM_PROJECTED
#define BILSTM_PROJECTED 0
#endif
#ifndef BILSTM_SEGMENT
#define BILSTM_SEGMENT 8
#endif
#ifndef BILSTM_FORWARD_SPLIT
#define BILSTM_FORWARD_SPLIT 1
#define BILSTM_FORWARD_TOGETHER 1
#define BILSTM_FORWARD_GROUPS 4
#define BILSTM_FORWARD_TURNS 0
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
            BILSTM_KEPT != 0, SEGMENT>;
using BackwardLanes =
    Lanes<D, H, BILSTM_BACKWARD_SPLIT, BILSTM_BACKWARD_TOGETHER, BILSTM_BACKWARD_GROUPS>;
using BackwardPass =
    Backward<BackwardLanes, PROJECTED, BILSTM_BACKWARD_TURNS != 0, BILSTM_BACKWARD_RESIDENT != 0,
             BILSTM_SUMMED != 0, SEGMENT, BILSTM_BACKWARD_TEAMS>;

extern "C" __global__ void __launch_bounds__(ForwardPass::THREADS)
    bilstm_forward(const float* z, const float* w, float* y, float* tape, const int* offsets,
                   const int* live, int capsules, int rows) {
  using Pass = ForwardPass;
  using L = ForwardLanes;
  extern __shared__ float4 shared[];
  __shared__ Tile<L::SEQUENCES> tile;
  float* const windows = reinterpret_cast<float*>(shared);
  const int stage = banked(rows * L::DP, 4);
  float* const staged = windows + Pass::WINDOWS;
  float* const kept = staged + (BILSTM_STAGED != 0 ? L::SEQUENCES * stage : 0);
  const int thread = static_cast<int>(threadIdx.x);
  const int member = thread % L::THREADS;
  const Pass pass{z,     w,    y,    tape, windows,   staged,
                  kept,  stage, banked(rows * Pass::KEPT_ROW, 4),
                  tile,  L(member), member};
  for (int i = thread; i < Pass::WINDOWS; i += Pass::THREADS) {
    windows[i] = 0.0f;  // padding stays so
  }
  GateWeights<L, true> weights;
  float project[L::STATE_PIECES][4];
  const auto load = [&](int direction) {
    weights.load(w + direction * DIRECTION_WEIGHTS, pass.lane);
    if constexpr (PROJECTED) {
      const float* of = w + 2 * DIRECTION_WEIGHTS + direction * H * D + pass.lane.unit;
#pragma unroll
      for (int p = 0; p < L::STATE_PIECES; ++p) {
#pragma unroll
        for (int e = 0; e < 4; ++e) {
          const int j = (pass.lane.part + p * L::SPLIT) * 4 + e;
          project[p][e] = j < H ? of[j * D] : 0.0f;
        }
      }
    }
  };
  if constexpr (Pass::DIRECTIONS == 2) {
    load(thread / L::THREADS);
  }
  const long long total = static_cast<long long>(*live) * capsules;
  for (long long first = static_cast<long long>(blockIdx.x) * L::SEQUENCES; first < total;
       first += static_cast<long long>(gridDim.x) * L::SEQUENCES) {
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
        load(direction);
        pass.run(direction, weights, project);
        __syncthreads();
      }
    }
  }
}

extern "C" __global__ void __launch_bounds__(BackwardPass::THREADS)
    bilstm_backward(const float* z, const float* w, const float* dY, float* tape, float* dZ,
                    float* partials, const int* offsets, const int* live, int capsules, int rows) {
  using Pass = BackwardPass;
  using L = BackwardLanes;
  extern __shared__ float4 shared[];
  __shared__ Tile<L::SEQUENCES> tiles[BILSTM_BACKWARD_TEAMS];
  float* const windows = reinterpret_cast<float*>(shared);
  const int thread = static_cast<int>(threadIdx.x);
  const int team = thread / Pass::TEAM;
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
                  L(member),
                  member,
                  team};
  const long long total = static_cast<long long>(*live) * capsules;
  const long long stride = static_cast<long long>(gridDim.x) * BILSTM_BACKWARD_TEAMS;
  for (int turn = 0; turn < 2 / Pass::DIRECTIONS; ++turn) {
    const int direction = Pass::DIRECTIONS == 2 ? thread / L::THREADS % 2 : turn;
    for (int i = thread; i < BILSTM_BACKWARD_TEAMS * Pass::WINDOWS; i += Pass::THREADS) {
      windows[i] = 0.0f;  // padding stays so
    }
    GateWeights<L, BILSTM_BACKWARD_RESIDENT != 0> gates;
    BackWeights<L, Pass::OUTPUTS, BILSTM_BACKWARD_RESIDENT != 0> back;
    Pass::Project project;
    Pass::Sums sums;
    gates.load(w + direction * DIRECTION_WEIGHTS, pass.lane);
    back.load(w + direction * DIRECTION_WEIGHTS, pass.lane);
    if constexpr (PROJECTED) {
      const float* of = w + 2 * DIRECTION_WEIGHTS + (direction * H + pass.lane.unit) * D;
#pragma unroll
      for (int p = 0; p < Pass::Sums::PROJECT; ++p) {
#pragma unroll
        for (int e = 0; e < 4; ++e) {
          const int k = (pass.lane.part + p * L::SPLIT) * 4 + e;
          project[p][e] = k < D ? of[k] : 0.0f;
        }
      }
    }
    __syncthreads();
    for (long long index = blockIdx.x + static_cast<long long>(team) * gridDim.x;
         index * L::SEQUENCES < total; index += stride) {
      pass.meet_team();
      if (thread % Pass::TEAM < L::SEQUENCES) {
        const int r = thread % Pass::TEAM;
        tiles[team].find(r, index * L::SEQUENCES + r, total, offsets, capsules);
      }
      pass.meet_team();
      pass.run(direction, gates, back, project, sums);
    }
    // The block's sums, team by team and group by group, in shared memory where there is room.
    sums.gather_bias(pass.lane);
    __syncthreads();
    constexpr bool GATHERED = BILSTM_BACKWARD_GATHERED != 0;
    constexpr int OF_DIRECTION = DIRECTION_WEIGHTS + PROJECTION_WEIGHTS;
    static_assert(GATHERED || BILSTM_BACKWARD_TEAMS * L::GROUPS == 1, "only one may give at a time");
    float* const partial = partials + static_cast<long long>(blockIdx.x) * WEIGHTS;
    float* const own = windows + (Pass::DIRECTIONS == 2 ? direction * OF_DIRECTION : 0);
    float* const weights = GATHERED ? own : partial + direction * DIRECTION_WEIGHTS;
    float* const rest = GATHERED ? own + DIRECTION_WEIGHTS
                                 : partial + 2 * DIRECTION_WEIGHTS + direction * PROJECTION_WEIGHTS;
    for (int giver = 0; giver < BILSTM_BACKWARD_TEAMS * L::GROUPS; ++giver) {
      if (pass.lane.live && giver == team * L::GROUPS + pass.lane.group) {
        sums.give(weights, rest, pass.lane, giver > 0);
      }
      __syncthreads();
    }
    if constexpr (GATHERED) {
      for (int i = thread; i < Pass::DIRECTIONS * OF_DIRECTION; i += Pass::THREADS) {
        const int of = Pass::DIRECTIONS == 2 ? i / OF_DIRECTION : direction;
        const int place = i % OF_DIRECTION;
        partial[place < DIRECTION_WEIGHTS ? of * DIRECTION_WEIGHTS + place
                                          : 2 * DIRECTION_WEIGHTS + of * PROJECTION_WEIGHTS +
                                                place - DIRECTION_WEIGHTS] = windows[i];
      }
      __syncthreads();
    }
  }
}

extern "C" __global__ void __launch_bounds__(PARTIALS_BLOCK)
    bilstm_sum(const float* partials, float* dW, int slots, int size) {
  add_partials(partials, dW, slots, size);
}
