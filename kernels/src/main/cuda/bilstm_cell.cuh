// The LSTM cell of bilstm, forward: weights of a lane, gates, states and their checkpoints.
#pragma once
#include "bilstm_lanes.cuh"

// A weight. One that is not kept in a register must not be moved out of the loop that needs it.
template <bool RESIDENT>
__device__ __forceinline__ float load_weight(const float* from) {
  if constexpr (RESIDENT) {
    return *from;
  } else {
    float value;
    asm volatile("ld.global.f32 %0, [%1];" : "=f"(value) : "l"(from));
    return value;
  }
}

// The weights by which a lane's inputs reach the gates of its unit. Where they are too many to be
// RESIDENT in registers, each use loads them.
template <class L, bool RESIDENT>
struct GateWeights {
  struct Piece {
    float w[4][GATES];
  };
  Piece w[RESIDENT ? L::PIECES : 1];
  float bias[GATES];   // of part 0, which begins the sums; 0 in the others
  const float* first;  // of the unit's column
  int stride;

  // of: Wx, Wh and b of a direction, D + H + 1 rows of 4 H, `row` floats apart.
  __device__ __forceinline__ void load(const float* of, int row, const L& lane) {
    first = of + lane.unit;
    stride = row;
#pragma unroll
    for (int p = 0; p < L::PIECES && RESIDENT; ++p) {
      w[p] = fetch(p, lane);
    }
#pragma unroll
    for (int gate = 0; gate < GATES; ++gate) {
      bias[gate] = lane.part == 0 ? first[(L::D + L::H) * stride + gate * L::H] : 0.0f;
    }
  }

  __device__ __forceinline__ Piece fetch(int p, const L& lane) const {
    Piece piece;
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      const int k = lane.input(p, e);
#pragma unroll
      for (int gate = 0; gate < GATES; ++gate) {
        piece.w[e][gate] = k < 0 ? 0.0f : load_weight<RESIDENT>(first + k * stride + gate * L::H);
      }
    }
    return piece;
  }

  // What meets the quad of inputs of piece p.
  __device__ __forceinline__ Piece piece(int p, const L& lane) const {
    if constexpr (RESIDENT) {
      return w[p];
    } else {
      return fetch(p, lane);
    }
  }
};

// Adds a quad of inputs to the parts of the sums.
template <class L, class Piece>
__device__ __forceinline__ void add_inputs(
    int p, const Piece& piece, const float4& x, float (&sum)[GATES]) {
  const float value[4] = {x.x, x.y, x.z, x.w};
#pragma unroll
  for (int e = 0; e < 4; ++e) {
    if (!L::padding(p, e)) {
#pragma unroll
      for (int gate = 0; gate < GATES; ++gate) {
        sum[gate] = fmaf(value[e], piece.w[e][gate], sum[gate]);
      }
    }
  }
}

// A direction's weights, or their gradients, in shared memory: Wx, Wh and b, then its rows of R.
// Rows are as far apart as the lanes of a warp need it to meet in no bank.
template <class L, bool PROJECTED>
struct SharedWeights {
  static constexpr int GATE_WIDTH = GATES * L::H;
  static constexpr int GATE_ROWS = L::D + L::H + 1;
  static constexpr int GATE_ROW = GATE_WIDTH + (L::SPLIT < 8 ? 8 / L::SPLIT : 1);
  static constexpr int REST_AT = GATE_ROWS * GATE_ROW;
  static constexpr int REST_ROW = L::D + 1;
  static constexpr int REST_ROWS = PROJECTED ? L::H : 0;
  static constexpr int FLOATS = REST_AT + REST_ROWS * REST_ROW;

  // By all threads of the block, from or to all weights; a thread's accesses are under way BATCH at
  // once.
  template <bool IN, int BATCH, class Pointer>
  static __device__ __forceinline__ void copy(
      float* shared, Pointer all, int direction, int thread, int threads) {
    rows<IN, BATCH, GATE_ROWS * GATE_WIDTH, GATE_WIDTH, GATE_ROW>(
        shared, all + direction * GATE_ROWS * GATE_WIDTH, thread, threads);
    rows<IN, BATCH, REST_ROWS * L::D, L::D, REST_ROW>(
        shared + REST_AT, all + 2 * GATE_ROWS * GATE_WIDTH + direction * REST_ROWS * L::D, thread,
        threads);
  }

  template <bool IN, int BATCH, int SIZE, int WIDTH, int ROW, class Pointer>
  static __device__ __forceinline__ void rows(
      float* shared, Pointer global, int thread, int threads) {
    for (int first = thread; first < SIZE; first += threads * BATCH) {
      float value[BATCH];
#pragma unroll
      for (int b = 0; b < BATCH; ++b) {
        const int i = first + b * threads;
        if (i < SIZE) {
          value[b] = IN ? global[i] : shared[i / WIDTH * ROW + i % WIDTH];
        }
      }
#pragma unroll
      for (int b = 0; b < BATCH; ++b) {
        const int i = first + b * threads;
        if (i < SIZE) {
          if constexpr (IN) {
            shared[i / WIDTH * ROW + i % WIDTH] = value[b];
          } else {
            global[i] = value[b];
          }
        }
      }
    }
  }
};

// i, f, g, o of their sums, and the state that they make of c.
struct Cell {
  float i, f, g, o;

  __device__ __forceinline__ explicit Cell(const float (&sum)[GATES])
      : i(gate_sigmoid(sum[0])),
        f(gate_sigmoid(sum[1])),
        g(tanhf(sum[2])),
        o(gate_sigmoid(sum[3])) {}

  __device__ __forceinline__ float state(float c) const { return fmaf(f, c, i * g); }
  __device__ __forceinline__ float hidden(float c) const { return o * tanhf(c); }
};

// Where a direction leaves its states: a checkpoint (c, h)[H] before every SEGMENT-th step but the
// first, both directions' one after another, from the sequence's place times `WIDTH` floats on.
template <int H, int SEGMENT>
struct Tape {
  static constexpr int CHECKPOINT = whole(2 * H, 8);  // whole sectors
  static constexpr int WIDTH = whole((2 * CHECKPOINT + SEGMENT - 1) / SEGMENT, 8);

  // first: the step before which the states are, a multiple of SEGMENT above 0
  static __device__ __forceinline__ float2* at(
      float* tape, long long place, int direction, int first, int unit) {
    float* checkpoint =
        tape + place * WIDTH + ((first / SEGMENT - 1) * 2 + direction) * CHECKPOINT;
    return reinterpret_cast<float2*>(checkpoint) + unit;
  }
};

