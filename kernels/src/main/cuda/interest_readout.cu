// interest_readout: interests of a history and their scores of candidates, equations (11) to (15).
//   interests  o, W[K,D,D] -> q = ReLU(o[l,i] W[i]), and with PROJECT = 2 q[D - 1] = 1  PROJECT > 0
//   copy       o -> q                                                               PROJECT = 0
//   scores     q, e -> y: see interest_attention.cuh; one softmax a level, or one in all if JOINT
//   readout    y -> score: the largest y, or their sum
//   backward   w_j = a_j (1 + s_j - y);  dE = sum_j dY w_j q_j;  dQ_j = sum_x dY w_j x
//              m = dQ where q > 0, else 0, and 0 where q is set to 1;  dO = m W^T;  dW = sum o^T m.
//              PROJECT = 0: dO = dQ
// o, q, dO: [live][LEVELS][K][D]; e, dE: [live * candidates][D]; y, dY: [live * candidates][SCORES];
// score: [live * candidates]; all row-major f32. live: one int in device memory. A NaN stays one.
//
// Launch: interests: block 128, grid (any, K / GROUP), shared: W of the group and a tile. copy, readout: block
//   128, grid-stride, no dynamic shared memory. scores: block any multiple of 32, grid-stride over
//   pieces of `segment` candidates of one history, shared WARP_FLOATS a warp.
//   backward: block 256, grid (slots, K / GROUP), shared: see Layout; each block of x takes a run of
//   histories, each of y GROUP interests, in which W and its gradient fit. sum: see partials.cuh.
// Aliasing: none.
// Determinism: run-to-run, and the same on every device: dW adds up history by history
//   in slots that depend on the counts only. A history's results depend on nothing else in the batch.
// Bytes: each input and output once, W once a block; dW's partials once; q, e and dY once a GROUP.
//
// Compile-time: INTEREST_READOUT_D, K, LEVELS; JOINT, PROJECT as above; HISTORIES in a block's tile;
//   GROUP divides K; PER = candidates a lane scores at a time. Everything but W and dW begins on a
//   multiple of 16 bytes.
#include "access.cuh"
#include "interest_attention.cuh"
#include "partials.cuh"
#include "quad_rows.cuh"
#include "quads.cuh"
#include "warp.cuh"

#ifndef INTEREST_READOUT_D
#define INTEREST_READOUT_D 16
#endif
#ifndef INTEREST_READOUT_K
#define INTEREST_READOUT_K 4
#endif
#ifndef INTEREST_READOUT_LEVELS
#define INTEREST_READOUT_LEVELS 4
#endif
#ifndef INTEREST_READOUT_JOINT
#define INTEREST_READOUT_JOINT 0
#endif
#ifndef INTEREST_READOUT_PROJECT
#define INTEREST_READOUT_PROJECT 1
#endif
#ifndef INTEREST_READOUT_HISTORIES
#define INTEREST_READOUT_HISTORIES 8
#endif
#ifndef INTEREST_READOUT_GROUP
#define INTEREST_READOUT_GROUP INTEREST_READOUT_K
#endif
#ifndef INTEREST_READOUT_PER
#define INTEREST_READOUT_PER 1
#endif

constexpr int D = INTEREST_READOUT_D;
constexpr int K = INTEREST_READOUT_K;
constexpr int LEVELS = INTEREST_READOUT_LEVELS;
constexpr bool JOINT = INTEREST_READOUT_JOINT != 0;
constexpr bool PROJECT = INTEREST_READOUT_PROJECT != 0;
constexpr bool BIAS = INTEREST_READOUT_PROJECT == 2;
constexpr int HISTORIES = INTEREST_READOUT_HISTORIES;
constexpr int GROUP = INTEREST_READOUT_GROUP;
constexpr int PER = INTEREST_READOUT_PER;
static_assert(D >= 1 && K >= 1 && LEVELS >= 1 && HISTORIES >= 1, "there is something to do");
static_assert(K % GROUP == 0, "groups of interests are equal");

constexpr int WIDTH = multiple_of(4, D);
constexpr int QUADS = WIDTH / 4;
constexpr int CAPSULES = LEVELS * K;
constexpr int SCORES = JOINT ? 1 : LEVELS;
constexpr int OVER = JOINT ? CAPSULES : K;

// Floats of a level's interests in shared memory; without gaps where one softmax runs over all.
constexpr int LEVEL_FLOATS = JOINT ? K * WIDTH : odd_quads(K * WIDTH);
constexpr int HISTORY_FLOATS = LEVELS * LEVEL_FLOATS;

// Candidates of a warp's tile, and the stride of their y by level, which the warp turns into rows.
constexpr int TILE = WARP * PER;
constexpr int STAGE = TILE + (SCORES < WARP ? WARP / SCORES : 1);
constexpr int ROW_FLOATS = TILE * WIDTH > SCORES * STAGE ? TILE * WIDTH : multiple_of(4, SCORES * STAGE);

constexpr int WARP_FLOATS = HISTORY_FLOATS + ROW_FLOATS;

extern __shared__ float4 shared_memory[];

#include "interest_projection.cuh"

// Levels of a tile of histories are the rows of the products with W, so many a thread at a time.
constexpr int ROWS = 4;
constexpr int TILE_ROWS = HISTORIES * LEVELS;
constexpr int ROW_SETS = (TILE_ROWS + ROWS - 1) / ROWS;

constexpr int GROUP_LEVEL_FLOATS = odd_quads(GROUP * WIDTH);

extern "C" __global__ void __launch_bounds__(128, 4)
    interest_readout_interests(const float* o, const float* w, float* q, const int* live) {
  float4* weights = shared_memory;
  float* tile = reinterpret_cast<float*>(shared_memory + GROUP * WIDTH * QUADS);
  const int interest = static_cast<int>(blockIdx.y) * GROUP;  // the block's first
  const int histories = *live;
  load_weights(w, interest, weights);
  for (int first = blockIdx.x * HISTORIES; first < histories; first += gridDim.x * HISTORIES) {
    const long long base = static_cast<long long>(first) * CAPSULES * D;
    const int rows = min(HISTORIES, histories - first) * LEVELS;
    __syncthreads();  // the tile before is done with
    load_quads<D>(
        o + base, rows * GROUP, threadIdx.x, blockDim.x,
        [&](int row) { return row / GROUP * K + interest + row % GROUP; },
        [&](int row, int quad) {
          float* to = tile + row / GROUP * GROUP_LEVEL_FLOATS + row % GROUP * WIDTH;
          return reinterpret_cast<float4*>(to) + quad;
        });
    __syncthreads();
    for (int item = threadIdx.x; item < GROUP * ROW_SETS * QUADS; item += blockDim.x) {
      const int quad = snake<QUADS>(item);
      const int set = item / QUADS % ROW_SETS;
      const int i = item / QUADS / ROW_SETS;  // interest within the group
      float4 sum[ROWS] = {};
      const float4* from[ROWS];
#pragma unroll
      for (int r = 0; r < ROWS; ++r) {
        const int row = min(set + r * ROW_SETS, rows - 1);
        from[r] = reinterpret_cast<const float4*>(tile + row * GROUP_LEVEL_FLOATS + i * WIDTH);
      }
#pragma unroll 4
      for (int in = 0; in < QUADS; ++in) {
        float4 w4[4];
#pragma unroll
        for (int k = 0; k < 4; ++k) {
          w4[k] = weights[swizzled<QUADS>(i * WIDTH + in * 4 + k, quad)];
        }
#pragma unroll
        for (int r = 0; r < ROWS; ++r) {
          const float4 x = from[r][in];
          sum[r] = fma(x.x, w4[0], sum[r]);
          sum[r] = fma(x.y, w4[1], sum[r]);
          sum[r] = fma(x.z, w4[2], sum[r]);
          sum[r] = fma(x.w, w4[3], sum[r]);
        }
      }
#pragma unroll
      for (int r = 0; r < ROWS; ++r) {
        const int row = set + r * ROW_SETS;
        if (row < rows) {
          store_quad<D>(q + base + (row * K + interest + i) * D, quad, interest_of(sum[r], quad));
        }
      }
    }
  }
}

extern "C" __global__ void __launch_bounds__(128)
    interest_readout_copy(const float* o, float* q, const int* live) {
  constexpr int VECTOR = D % 4 == 0 ? 4 : 1;
  const long long count = static_cast<long long>(*live) * (CAPSULES * D / VECTOR);
  const long long stride = static_cast<long long>(gridDim.x) * blockDim.x;
  for (long long i = blockIdx.x * static_cast<long long>(blockDim.x) + threadIdx.x; i < count;
       i += stride) {
    store_access<VECTOR>(q, i, load_access<VECTOR>(o, i));
  }
}

// Registers of a lane that scores grow with its values; where they are few, more warps hide latency.
constexpr int SCORING_BLOCKS = PER * (WIDTH + (OVER < 16 ? OVER : 16)) <= 24 ? 4 : 1;

// A warp takes a piece: its history's interests to shared memory, then tile by tile of candidates,
// which become rows of registers. With few candidates, lanes share them out by level.
extern "C" __global__ void __launch_bounds__(128, SCORING_BLOCKS) interest_readout_scores(
    const float* q, const float* e, float* y, const int* live, int candidates, int segment) {
  const int lane = static_cast<int>(threadIdx.x) % WARP;
  const int warp = static_cast<int>(threadIdx.x) / WARP;
  const int warps = static_cast<int>(blockDim.x) / WARP;
  float* interests = reinterpret_cast<float*>(shared_memory) + warp * WARP_FLOATS;
  float4* rows = reinterpret_cast<float4*>(interests + HISTORY_FLOATS);
  float* stage = interests + HISTORY_FLOATS;
  int lanes = WARP;  // that a tile's candidates take
  while (PER == 1 && lanes / 2 >= candidates) {
    lanes /= 2;
  }
  const int member = lane % lanes;
  const int segments = (candidates + segment - 1) / segment;
  const long long pieces = static_cast<long long>(*live) * segments;
  for (long long at = static_cast<long long>(blockIdx.x) * warps + warp; at < pieces;
       at += static_cast<long long>(gridDim.x) * warps) {
    const long long history = at / segments;
    const int first = static_cast<int>(at % segments) * segment;
    const int end = min(candidates, first + segment);
    load_quads<D>(
        q + history * CAPSULES * D, CAPSULES, lane, WARP, InOrder(), [&](int row, int quad) {
          float* to = interests + row / K * LEVEL_FLOATS + row % K * WIDTH;
          return reinterpret_cast<float4*>(to) + quad;
        });
    for (int c = first; c < end; c += lanes * PER) {
      const int count = min(lanes * PER, end - c);
      const long long row = history * candidates + c;
      load_quads<D>(
          e + row * D, count, lane, WARP, InOrder(),
          [&](int r, int quad) { return rows + swizzled<QUADS>(r, quad); });
      __syncwarp();
      float x[PER][WIDTH];
#pragma unroll
      for (int p = 0; p < PER; ++p) {
#pragma unroll
        for (int k = 0; k < QUADS; ++k) {
          const float4 four = rows[swizzled<QUADS>(min(member + p * WARP, count - 1), k)];
          x[p][k * 4] = four.x;
          x[p][k * 4 + 1] = four.y;
          x[p][k * 4 + 2] = four.z;
          x[p][k * 4 + 3] = four.w;
        }
      }
      __syncwarp();
#pragma unroll 1
      for (int level = lane / lanes; level < SCORES; level += WARP / lanes) {
        Seen seen[PER];
        float score[PER];
        attend<OVER, WIDTH, PER>(
            interests + level * LEVEL_FLOATS, x, seen, score, [](int, int, float) {});
#pragma unroll
        for (int p = 0; p < PER; ++p) {
          stage[level * STAGE + member + p * WARP] = score[p];
        }
      }
      __syncwarp();
      for (int i = lane; i < count * SCORES; i += WARP) {
        y[row * SCORES + i] = stage[i % SCORES * STAGE + i / SCORES];
      }
      __syncwarp();
    }
  }
}

// A warp takes 32 candidates; their y come as one piece of memory and are turned in shared memory.
extern "C" __global__ void __launch_bounds__(128)
    interest_readout_readout(
        const float* y, float* score, const int* live, int candidates, int sum) {
  constexpr int STRIDE = WARP + (SCORES < WARP ? WARP / SCORES : 1);
  __shared__ float stages[4][SCORES * STRIDE];
  const int lane = static_cast<int>(threadIdx.x) % WARP;
  float* stage = stages[threadIdx.x / WARP];
  const long long rows = static_cast<long long>(*live) * candidates;
  const long long stride = static_cast<long long>(gridDim.x) * blockDim.x;
  for (long long first = blockIdx.x * static_cast<long long>(blockDim.x) + threadIdx.x - lane;
       first < rows; first += stride) {
    const int count = static_cast<int>(min(static_cast<long long>(WARP), rows - first));
    for (int i = lane; i < count * SCORES; i += WARP) {
      stage[i % SCORES * STRIDE + i / SCORES] = y[first * SCORES + i];
    }
    __syncwarp();
    if (lane < count) {
      float best = stage[lane];
#pragma unroll
      for (int level = 1; level < SCORES; ++level) {
        const float next = stage[level * STRIDE + lane];
        best = sum != 0 ? read_out<true>(best, next) : read_out<false>(best, next);
      }
      score[first + lane] = best;
    }
    __syncwarp();
  }
}

#include "interest_readout_backward.cuh"

// Two blocks an SM leave 128 registers a thread, which more interests or wider rows would spill.
constexpr int BACKWARD_RESIDENT = WIDTH * K <= 80 && !JOINT ? 2 : 1;

// `tile` candidates of each history at a time. partials: [slot][K][D][D].
extern "C" __global__ void
    __launch_bounds__(BACKWARD_BLOCK, BACKWARD_RESIDENT) interest_readout_backward(
    const float* o, const float* w, const float* q, const float* e, const float* dY, float* dO,
    float* partials, float* dE, const int* live, int candidates, int tile) {
  float* shared = reinterpret_cast<float*>(shared_memory);
  float4* x = reinterpret_cast<float4*>(shared + Layout::x);
  float* scales = shared + Layout::x + HISTORIES * tile * WIDTH;
  float* outputs = PROJECT ? shared + Layout::q : shared + Layout::dQ;  // dO of the tile
  const int interest = static_cast<int>(blockIdx.y) * GROUP;
  const int all = *live;
  const int slots = static_cast<int>(gridDim.x);
  const int run = max(LEAST_RUN, (all + slots - 1) / slots);
  const int begin = min(all, static_cast<int>(blockIdx.x) * run);
  const int end = min(all, begin + run);
  Patches dW = {};
  if (PROJECT && begin < end) {
    load_weights(w, interest, shared_memory);
  }
  for (int first = begin; first < end; first += HISTORIES) {
    const int histories = min(HISTORIES, end - first);
    const int rows = histories * LEVELS;
    const long long capsule = static_cast<long long>(first) * CAPSULES;
    __syncthreads();  // the tile before is done with
    load_quads<D>(
        q + capsule * D, histories * CAPSULES, threadIdx.x, BACKWARD_BLOCK, InOrder(),
        [&](int row, int quad) {
          float* to = shared + Layout::q + row / CAPSULES * Layout::Q +
                      row / K % LEVELS * LEVEL_FLOATS + row % K * WIDTH;
          return reinterpret_cast<float4*>(to) + quad;
        });
    if constexpr (PROJECT) {
      load_quads<D>(
          o + capsule * D, rows * GROUP, threadIdx.x, BACKWARD_BLOCK,
          [&](int row) { return row / GROUP * K + interest + row % GROUP; },
          [&](int row, int quad) {
            const int level = row / GROUP;
            return own_quad(shared + Layout::o, level / LEVELS, level % LEVELS, row % GROUP) +
                   quad;
          });
    }
    int c = 0;
    do {
      const int n = min(tile, candidates - c);
      const long long row0 = static_cast<long long>(first) * candidates + c;
      if (c > 0) {
        __syncthreads();
      }
      load_quads<D>(
          e + row0 * D, histories * n, threadIdx.x, BACKWARD_BLOCK,
          [&](int row) { return row / n * candidates + row % n; },
          [&](int row, int quad) { return x + swizzled<QUADS>(row, quad); });
      for (int i = threadIdx.x; i < histories * n * SCORES; i += BACKWARD_BLOCK) {
        const int row = i / SCORES;
        scales[row * Layout::SCALES + i % SCORES * OVER] =
            dY[(row0 + row / n * candidates + row % n) * SCORES + i % SCORES];
      }
      __syncthreads();
      for (int i = threadIdx.x; i < histories * n * SCORES; i += BACKWARD_BLOCK) {
        const int row = i % (histories * n);
        const int level = i / (histories * n);
        weigh(
            shared + Layout::q + row / n * Layout::Q + level * LEVEL_FLOATS, x, row,
            scales + row * Layout::SCALES + level * OVER);
      }
      __syncthreads();
      if (interest == 0) {
        candidate_gradients(
            shared + Layout::q, scales, histories * n, n, dE + row0 * D, candidates);
      }
      interest_gradients(
          shared + Layout::q, x, scales, histories, n, interest, c == 0,
          c + tile >= candidates, shared + Layout::dQ);
      c += tile;
    } while (c < candidates);
    __syncthreads();
    if constexpr (PROJECT) {
      output_gradients(shared_memory, shared + Layout::dQ, rows, outputs);
      dW.add_tile(shared + Layout::o, shared + Layout::dQ, histories);
      __syncthreads();
    }
    for (int i = threadIdx.x; i < rows * GROUP * QUADS; i += BACKWARD_BLOCK) {
      const int level = i / QUADS / GROUP;
      const int own = i / QUADS % GROUP;
      store_quad<D>(
          dO + (capsule + level * K + interest + own) * D, i % QUADS,
          own_quad(outputs, level / LEVELS, level % LEVELS, own)[i % QUADS]);
    }
  }
  if constexpr (PROJECT) {
    __syncthreads();
    dW.store(
        shared_memory,
        partials + (static_cast<long long>(blockIdx.x) * K + interest) * D * D);
  }
}

extern "C" __global__ void __launch_bounds__(PARTIALS_BLOCK) interest_readout_sum(
    const float* partials0, float* total0, int slots0, int size0,
    const float* partials1, float* total1, int slots1, int size1,
    const float* partials2, float* total2, int slots2, int size2,
    const float* partials3, float* total3, int slots3, int size3) {
  add_partial_sums({partials0, total0, slots0, size0}, {partials1, total1, slots1, size1},
                   {partials2, total2, slots2, size2}, {partials3, total3, slots3, size3});
}
