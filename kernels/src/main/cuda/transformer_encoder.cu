// transformer_encoder: sequences z[history][capsule][t][D] -> y of the same layout, row-major f32: one
// post-norm block, of which TransformerEncoder has all equations and the order of the weights w.
//   x_t = z_t + p[n - 1 - t];  a = x + attention(x) Wo + bo;  s = norm(a)
//   f = norm(s + gelu(s W1 + b1) W2 + b2);  y = z + f
// `live` holds the number of histories, offsets[live + 1] where each begins, in positions of a capsule;
// a history has `capsules` sequences, all of its length, `longest` at most. p has `positions` rows.
//
// A block takes groups of sequences of one history, up to GROUP_ROWS rows in all, or one that is longer:
//   transformer_encoder_forward   nothing but y leaves the block; scores are nowhere: a thread goes
//     through the keys of its query (transformer_attention.cuh).
//   transformer_encoder_backward  computes the forward again, from z, as far as the contexts c; then by
//     TILE_ROWS rows forward and back through all that follows them; then back through the attention.
//     The block adds up gradients of weights, and leaves partial[block][weights].
//   transformer_encoder_sum       adds the partials (partials.cuh).
// Rows of a group of more than `room` rows are in the block's part of `scratch` instead of in shared
// memory (STREAMED: there are such). Without HELD a block holds the weights of one layer at a time;
// without POSITIONS p and its gradient, without SUMMED the other gradients, are in global memory. All
// of that leaves every bit as it is.
//
// Launch: block THREADS, any grid, dynamic shared memory as TransformerPlan counts it; the sum as
//   partials.cuh says. live = 0 is allowed. z, y, dY, dZ and scratch begin on multiples of 16 bytes.
// Aliasing: none.
// Determinism: the backward's grid decides the order of the sums of weight gradients; nothing else
//   does. A sequence's y and dZ do not depend on its group.
// Bytes, for Z = 4 D a position: forward 2 Z, backward 4 Z (dY twice); weights once a block, without
//   HELD at each use; partials once a block, without SUMMED read and written once a tile of rows.
#include "partials.cuh"
#include "transformer_attention.cuh"
#include "transformer_norm.cuh"

#ifndef TRANSFORMER_ENCODER_D
#define TRANSFORMER_ENCODER_D 16
#endif
#ifndef TRANSFORMER_ENCODER_FORWARD_HELD
#define TRANSFORMER_ENCODER_FORWARD_HELD 1
#define TRANSFORMER_ENCODER_FORWARD_POSITIONS 1
#define TRANSFORMER_ENCODER_FORWARD_STREAMED 0
#endif
#ifndef TRANSFORMER_ENCODER_BACKWARD_HELD
#define TRANSFORMER_ENCODER_BACKWARD_HELD 1
#define TRANSFORMER_ENCODER_BACKWARD_POSITIONS 1
#define TRANSFORMER_ENCODER_BACKWARD_SUMMED 1
#define TRANSFORMER_ENCODER_BACKWARD_STREAMED 0
#endif

constexpr int D = TRANSFORMER_ENCODER_D;
constexpr bool FORWARD_HELD = TRANSFORMER_ENCODER_FORWARD_HELD != 0;
constexpr bool FORWARD_POSITIONS = TRANSFORMER_ENCODER_FORWARD_POSITIONS != 0;
constexpr bool FORWARD_STREAMED = TRANSFORMER_ENCODER_FORWARD_STREAMED != 0;
constexpr bool BACKWARD_HELD = TRANSFORMER_ENCODER_BACKWARD_HELD != 0;
constexpr bool BACKWARD_POSITIONS = TRANSFORMER_ENCODER_BACKWARD_POSITIONS != 0;
constexpr bool BACKWARD_SUMMED = TRANSFORMER_ENCODER_BACKWARD_SUMMED != 0;
constexpr bool BACKWARD_STREAMED = TRANSFORMER_ENCODER_BACKWARD_STREAMED != 0;
static_assert(D >= 2 && D % HEADS == 0, "heads divide d");

constexpr int GROUP_ROWS = D <= 32 ? 64 : 32;
constexpr int TILE_ROWS = D <= 32 ? 32 : 16;

// On a multiprocessor at once, as far as a head's vectors and their sums leave registers.
// From 10.0 on the assembler wants more of them, and would spill a few.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000
constexpr int FEWER = 1;
#else
constexpr int FEWER = FORWARD_STREAMED && D > 32 && D <= 40 ? 1 : 0;
#endif
constexpr int FORWARD_BLOCKS = (D <= 16 ? 6 : D <= 40 ? 4 : 3) - FEWER;
constexpr int BACKWARD_BLOCKS = D <= 16 ? 3 : 2;

using Plain = Columns<D, false>;
using Heads = Columns<D, true>;
using Hidden = Columns<2 * D, false>;
using Project = Layer<Plain, Heads>;  // q, k and v
using Output = Layer<Heads, Plain>;
using Up = Layer<Plain, Hidden>;
using Down = Layer<Hidden, Plain>;
using LayerNorm = Norm<D>;

constexpr int ROW = odd_quads(Heads::WIDTH);
constexpr int HIDDEN_ROW = odd_quads(Hidden::WIDTH);
static_assert(Plain::WIDTH <= ROW && HIDDEN_ROW <= 2 * ROW, "vectors fit");
using Attend = Attention<Heads, ROW>;

// Where weights begin, in values behind those of p.
constexpr int OUTPUT = 3 * Project::VALUES;
constexpr int FIRST_NORM = OUTPUT + Output::VALUES;
constexpr int UP = FIRST_NORM + 2 * D;
constexpr int DOWN = UP + Up::VALUES;
constexpr int SECOND_NORM = DOWN + Down::VALUES;
constexpr int VALUES = SECOND_NORM + 2 * D;

// And in shared memory.
constexpr int HELD_OUTPUT = 3 * Project::FLOATS;
constexpr int HELD_UP = HELD_OUTPUT + Output::FLOATS;
constexpr int HELD_DOWN = HELD_UP + Up::FLOATS;
constexpr int ALL_LAYERS = HELD_DOWN + Down::FLOATS;
constexpr int LARGER = Up::FLOATS > Down::FLOATS ? Up::FLOATS : Down::FLOATS;
constexpr int ONE_LAYER = Project::FLOATS > LARGER ? Project::FLOATS : LARGER;

__device__ __forceinline__ float4& quad_of(float* rows, int row, int quad) {
  return reinterpret_cast<float4*>(rows + row * ROW)[quad];
}

// visit(row, quad) for all quads of rows of D.
template <class Visit>
__device__ __forceinline__ void each_quad(int rows, Visit visit) {
  const int items = Plain::Rows::turns(rows) * Plain::QUADS;
  for (int i = static_cast<int>(threadIdx.x); i < items; i += THREADS) {
    const int row = Plain::Rows::row(i / Plain::QUADS);
    if (row < rows) {
      visit(row, i % Plain::QUADS);
    }
  }
}

// change(place, h) for all hidden values: x Phi(x) has too much code to be unrolled.
template <class Change>
__device__ __forceinline__ void each_hidden(float* hidden, int rows, Change change) {
#pragma unroll 1
  for (int i = static_cast<int>(threadIdx.x); i < rows * Hidden::WIDTH; i += THREADS) {
    const int at = i / Hidden::WIDTH * HIDDEN_ROW + i % Hidden::WIDTH;
    change(at, hidden[at]);
  }
}

// The groups of a block, one after another. They are numbered through the histories, then again
// through those that have more.
struct Group {
  int n;            // rows of a sequence
  int rows;         // of all
  long long place;  // the first, in rows of z
  int number;

  // The first at `from`, from + gridDim.x, ...; false where there is none.
  __device__ __forceinline__ bool find(int from, int live, const int* offsets, int capsules) {
    for (number = from; number < live * capsules; number += static_cast<int>(gridDim.x)) {
      const int begin = offsets[number % live];
      n = offsets[number % live + 1] - begin;
      const int sequences = max(1, GROUP_ROWS / n);
      const int first = number / live * sequences;
      if (first < capsules) {
        rows = min(sequences, capsules - first) * n;
        place = static_cast<long long>(begin) * capsules + static_cast<long long>(first) * n;
        return true;
      }
    }
    return false;
  }
};

// What both kernels have in shared memory: layers, gains and biases of the norms, p; then the rest.
template <bool HELD, bool POSITIONS>
struct Weights {
  const float* all;  // p, then layers and norms
  const float* w;    // layers and norms
  float* layers;
  float* norms;
  float* p;  // POSITIONS
  float* rest;

  __device__ __forceinline__ Weights(
      float* shared, const float* weights, int positions, int longest) {
    all = weights;
    w = weights + positions * D;
    layers = shared;
    norms = layers + (HELD ? ALL_LAYERS : ONE_LAYER);
    p = norms + 4 * D;
    rest = p + (POSITIONS ? multiple_of(4, longest * D) : 0);
  }

  __device__ __forceinline__ void hold(int longest) const {
    if constexpr (HELD) {
      for (int i = 0; i < 3; ++i) {
        Project::hold(w + i * Project::VALUES, layers + i * Project::FLOATS);
      }
      Output::hold(w + OUTPUT, layers + HELD_OUTPUT);
      Up::hold(w + UP, layers + HELD_UP);
      Down::hold(w + DOWN, layers + HELD_DOWN);
    }
    for (int i = static_cast<int>(threadIdx.x); i < 4 * D; i += THREADS) {
      norms[i] = w[i < 2 * D ? FIRST_NORM + i : SECOND_NORM + i - 2 * D];
    }
    for (int i = static_cast<int>(threadIdx.x); POSITIONS && i < longest * D; i += THREADS) {
      p[i] = all[i];
    }
  }

  // A layer's weights. Without HELD they are valid until the next call, which is a barrier.
  template <class L>
  __device__ __forceinline__ const float* layer(int value, int place) const {
    if constexpr (HELD) {
      return layers + place;
    } else {
      __syncthreads();
      L::hold(w + value, layers);
      __syncthreads();
      return layers;
    }
  }
  __device__ __forceinline__ const float* project(int which) const {
    return layer<Project>(which * Project::VALUES, which * Project::FLOATS);
  }
  __device__ __forceinline__ const float* output() const {
    return layer<Output>(OUTPUT, HELD_OUTPUT);
  }
  __device__ __forceinline__ const float* up() const { return layer<Up>(UP, HELD_UP); }
  __device__ __forceinline__ const float* down() const { return layer<Down>(DOWN, HELD_DOWN); }

  __device__ __forceinline__ float4 position(int at, int quad) const {
    if constexpr (POSITIONS) {
      return load_quad<D>(p + at * D, quad);
    } else {  // may begin anywhere
      const float* from = all + at * D + 4 * quad;
      const auto value = [&](int i) { return 4 * quad + i < D ? from[i] : 0.0f; };
      return make_float4(value(0), value(1), value(2), value(3));
    }
  }

  // Rows of x and, unless null, of z.
  __device__ __forceinline__ void load(
      const float* from, const Group& group, float* x, float* z) const {
    each_quad(group.rows, [&](int row, int quad) {
      const float4 value = load_quad<D>(from + (group.place + row) * D, quad);
      if (z != nullptr) {
        quad_of(z, row, quad) = value;
      }
      quad_of(x, row, quad) = sum(value, position(group.n - 1 - row % group.n, quad));
    });
  }
};

// q, k and v, which lie one behind the other.
template <class W>
__device__ __forceinline__ void project(
    const W& weights, const float* x, int rows, float* q, int array) {
#pragma unroll 1
  for (int which = 0; which < 3; ++which) {
    Project::multiply<ROW>(
        weights.project(which), x, rows,
        [&](int row, int quad, float4 sum) { quad_of(q + which * array, row, quad) = sum; });
  }
}

// x + c Wo + bo
template <class W>
__device__ __forceinline__ void add_output(
    const W& weights, const float* c, float* x, int rows, float* a) {
  Output::multiply<ROW>(weights.output(), c, rows, [&](int row, int quad, float4 product) {
    quad_of(a, row, quad) = sum(quad_of(x, row, quad), product);
  });
}

extern "C" __global__ void __launch_bounds__(THREADS, FORWARD_BLOCKS) transformer_encoder_forward(
    const float* z, const float* w, float* y, float* scratch, const int* offsets, const int* live,
    int capsules, int positions, int room, int longest) {
  extern __shared__ float4 shared[];
  const Weights<FORWARD_HELD, FORWARD_POSITIONS> weights(
      reinterpret_cast<float*>(shared), w, positions, longest);
  const LayerNorm first{weights.norms};
  const LayerNorm second{weights.norms + 2 * D};
  constexpr int ARRAYS = 5;
  const int most = max(GROUP_ROWS, longest);
  const int histories = *live;
  Group group;
  bool more = group.find(blockIdx.x, histories, offsets, capsules);
  if (more) {
    weights.hold(longest);
  }
  for (; more; more = group.find(group.number + gridDim.x, histories, offsets, capsules)) {
    const int rows = group.rows;
    const bool streams = FORWARD_STREAMED && rows > room;
    const int array = (streams ? most : room) * ROW;
    float* const kept =
        streams ? scratch + static_cast<long long>(blockIdx.x) * ARRAYS * array : weights.rest;
    float* const x = kept + array;
    float* const q = kept + 2 * array;  // then the context
    float* const k = kept + 3 * array;
    float* const v = kept + 4 * array;
    float* const s = x;
    float* const hidden = k;  // and v
    __syncthreads();          // the group before is done with
    weights.load(z, group, x, kept);
    __syncthreads();
    project(weights, x, rows, q, array);
    __syncthreads();
    Attend::forward(q, k, v, rows, group.n, q, nullptr);
    __syncthreads();
    add_output(weights, q, x, rows, s);
    __syncthreads();
    LayerNorm::each_row(rows, [&](int row, bool exists) {
      auto of = LayerNorm::load(s + row * ROW, exists);
      LayerNorm::normalise(of);
      LayerNorm::store(first.result(of), s + row * ROW, exists);
    });
    __syncthreads();
    Up::multiply<ROW>(weights.up(), s, rows, [&](int row, int quad, float4 h) {
      reinterpret_cast<float4*>(hidden + row * HIDDEN_ROW)[quad] = h;
    });
    __syncthreads();
    each_hidden(hidden, rows, [&](int at, float h) { hidden[at] = h * normcdff(h); });
    __syncthreads();
    Down::multiply<HIDDEN_ROW>(
        weights.down(), hidden, rows, [&](int row, int quad, float4 product) {
          quad_of(s, row, quad) = sum(quad_of(s, row, quad), product);
        });
    __syncthreads();
    LayerNorm::each_row(rows, [&](int row, bool exists) {
      auto of = LayerNorm::load(s + row * ROW, exists);
      LayerNorm::normalise(of);
      of = second.result(of);
      const auto input = LayerNorm::load(kept + row * ROW, exists);
      LayerNorm::each_column([&](int, int i) { of.x[i] += input.x[i]; });
      LayerNorm::store(of, y + (group.place + row) * D, exists);
    });
  }
}

#include "transformer_backward.cuh"

extern "C" __global__ void __launch_bounds__(THREADS, BACKWARD_BLOCKS) transformer_encoder_backward(
    const float* z, const float* w, const float* dY, float* dZ, float* partials, float* scratch,
    const int* offsets, const int* live, int capsules, int positions, int room, int longest) {
  extern __shared__ float4 shared[];
  const Backward::AllWeights weights(
      reinterpret_cast<float*>(shared), w, positions, longest);
  float* const partial =
      partials + static_cast<long long>(blockIdx.x) * (positions * D + VALUES);
  Backward pass(weights, partial, positions, longest, dY, dZ);
  const int most = max(GROUP_ROWS, longest);
  const int histories = *live;
  Group group;
  bool more = group.find(blockIdx.x, histories, offsets, capsules);
  if (more) {
    weights.hold(longest);
  }
  for (; more; more = group.find(group.number + gridDim.x, histories, offsets, capsules)) {
    const bool streams = BACKWARD_STREAMED && group.rows > room;
    const int capacity = streams ? most : room;
    float* const block = scratch + static_cast<long long>(blockIdx.x) * Backward::ROW_FLOATS * most;
    __syncthreads();  // the group before is done with
    pass.run(z, group, streams ? block : pass.rest, capacity);
  }
  pass.give(partial, positions, longest);
}

extern "C" __global__ void __launch_bounds__(PARTIALS_BLOCK) transformer_encoder_sum(
    const float* partials0, float* total0, int slots0, int size0,
    const float* partials1, float* total1, int slots1, int size1,
    const float* partials2, float* total2, int slots2, int size2,
    const float* partials3, float* total3, int slots3, int size3) {
  add_partial_sums({partials0, total0, slots0, size0}, {partials1, total1, slots1, size1},
                   {partials2, total2, slots2, size2}, {partials3, total3, slots3, size3});
}
