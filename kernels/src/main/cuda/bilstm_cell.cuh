// The LSTM cell of bilstm, forward: weights of a lane, gates, states and their checkpoints.
#pragma once
#include "bilstm_lanes.cuh"

// Where a direction's rows Wx, Wh and b lie, of 4 H floats each: `row` floats apart, and `fourth`
// more behind every fourth.
template <class Float>
struct WeightRows {
  Float* first;
  int row;
  int fourth;

  __device__ __forceinline__ Float* at(int k) const {
    return first + k * row + (k >> 2) * fourth;
  }
};

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
  float bias[GATES];  // of part 0, which begins the sums; 0 in the others
  WeightRows<const float> rows;

  __device__ __forceinline__ void load(const WeightRows<const float>& of, const L& lane) {
    rows = of;
#pragma unroll
    for (int p = 0; p < L::PIECES && RESIDENT; ++p) {
      w[p] = fetch(p, lane);
    }
#pragma unroll
    for (int gate = 0; gate < GATES; ++gate) {
      bias[gate] = lane.part == 0 ? rows.at(L::D + L::H)[gate * L::H + lane.unit] : 0.0f;
    }
  }

  __device__ __forceinline__ Piece fetch(int p, const L& lane) const {
    Piece piece;
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      const int k = lane.input(p, e);
#pragma unroll
      for (int gate = 0; gate < GATES; ++gate) {
        piece.w[e][gate] =
            k < 0 ? 0.0f : load_weight<RESIDENT>(rows.at(k) + gate * L::H + lane.unit);
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

// The sums of a step's gates, by the places of a lane's sequences. What z adds to them does not
// wait for the step before: it is added up in quarters while that step waits for its own results.
// APART: z and the states do not lie in one row. LEAN: there are no registers for that, and all is
// added up at once, sequence by sequence.
template <class L, bool RESIDENT, bool APART, bool LEAN>
struct GateSums {
  static constexpr int T = L::TOGETHER;
  static constexpr int EARLY = RESIDENT && !LEAN ? L::EARLY : 0;
  static constexpr int QUARTER = EARLY;  // inputs, of 4 a piece
  using Weights = GateWeights<L, RESIDENT>;
  using Rows = const float* const (&)[T];

  const Weights& weights;
  const L& lane;
  float next[T][GATES];  // of the step to come
  float4 z[EARLY > 0 ? EARLY : 1][T];

  __device__ __forceinline__ GateSums(const Weights& weights, const L& lane)
      : weights(weights), lane(lane) {}

  __device__ __forceinline__ void begin(float4 bias) {
#pragma unroll
    for (int q = 0; q < T; ++q) {
      next[q][0] = bias.x;
      next[q][1] = bias.y;
      next[q][2] = bias.z;
      next[q][3] = bias.w;
    }
  }

  // All that the z of the first step adds.
  __device__ __forceinline__ void first(Rows rows) {
    load<0>(rows);
    quarter<0>(rows);
    quarter<1>(rows);
    quarter<2>(rows);
    quarter<3>(rows);
  }

  // Loads what quarter N begins with.
  template <int N>
  __device__ __forceinline__ void load(Rows rows) {
#pragma unroll
    for (int p = 0; p < EARLY; ++p) {
      if (p * 4 >= N * QUARTER && p * 4 < (N + 1) * QUARTER) {
#pragma unroll
        for (int q = 0; q < T; ++q) {
          z[p][q] = reinterpret_cast<const float4*>(rows[q])[lane.part + p * L::SPLIT];
        }
      }
    }
  }

  // Adds quarter N of the products of z, and loads for the one that follows.
  template <int N>
  __device__ __forceinline__ void quarter(Rows rows) {
    load<N + 1>(rows);
#pragma unroll
    for (int input = N * QUARTER; input < (N + 1) * QUARTER; ++input) {
      const int p = input / 4;
      const int e = input % 4;
#pragma unroll
      for (int q = 0; q < T && !L::padding(p, e); ++q) {
        const float4& x = z[p][q];
        const float value = e == 0 ? x.x : e == 1 ? x.y : e == 2 ? x.z : x.w;
#pragma unroll
        for (int gate = 0; gate < GATES; ++gate) {
          next[q][gate] = fmaf(value, weights.w[p].w[e][gate], next[q][gate]);
        }
      }
    }
#pragma unroll
    for (int q = 0; q < T && QUARTER > 0; ++q) {
#pragma unroll
      for (int gate = 0; gate < GATES; ++gate) {
        keep(next[q][gate]);
      }
    }
  }

  // Completes the sums by what the states add, and what z adds together with them.
  __device__ __forceinline__ void complete(Rows z_rows, Rows states, float (&sum)[T][GATES]) const {
    if constexpr (RESIDENT && LEAN) {  // sequence by sequence
#pragma unroll
      for (int q = 0; q < T; ++q) {
#pragma unroll
        for (int p = EARLY; p < L::PIECES; ++p) {
          add(p, weights.w[p], piece(p, z_rows[q], states[q]), sum[q]);
        }
      }
      return;
    }
    float4 x[2][T];
    if (RESIDENT) {
      fetch(EARLY, z_rows, states, x[EARLY % 2]);
    }
#pragma unroll(RESIDENT ? L::PIECES : 1)
    for (int p = EARLY; p < L::PIECES; ++p) {
      if (RESIDENT && p + 1 < L::PIECES) {
        fetch(p + 1, z_rows, states, x[(p + 1) % 2]);
      }
      const auto piece = weights.piece(p, lane);
      if (!RESIDENT) {
        fetch(p, z_rows, states, x[0]);
      }
#pragma unroll
      for (int q = 0; q < T; ++q) {
        add(p, piece, x[RESIDENT ? p % 2 : 0][q], sum[q]);
      }
    }
  }

  static __device__ __forceinline__ void add(
      int p, const typename Weights::Piece& piece, const float4& x, float (&sum)[GATES]) {
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

  __device__ __forceinline__ void fetch(
      int p, Rows z_rows, Rows states, float4 (&x)[T]) const {
#pragma unroll
    for (int q = 0; q < T; ++q) {
      x[q] = piece(p, z_rows[q], states[q]);
    }
  }

  __device__ __forceinline__ float4 piece(int p, const float* z_row, const float* states) const {
    return APART ? lane.piece(p, z_row, states) : lane.piece(p, z_row);
  }
};

// A direction's weights, or their gradients, in shared memory: Wx, Wh and b, then its rows of R.
// Rows are as far apart as the lanes of a warp need it to meet in no bank: those that read a quad's
// rows of several quads, and those that read some of several units' rows.
template <class L, bool PROJECTED>
struct SharedWeights {
  static constexpr int GATE_WIDTH = GATES * L::H;
  static constexpr int GATE_ROWS = L::D + L::H + 1;
  static constexpr bool QUADS = L::SPLIT == 8 && L::D % 4 == 0 && L::H % 4 == 0;
  static constexpr int FOURTH = QUADS ? 4 : 0;  // more behind every fourth row
  static constexpr int GATE_ROW =
      GATE_WIDTH + (QUADS ? 8 : L::SPLIT < 8 ? 8 / L::SPLIT : 1);
  static constexpr int REST_AT = GATE_ROWS * GATE_ROW + GATE_ROWS / 4 * FOURTH;
  static constexpr int REST_ROW = L::D + 1;
  static constexpr int REST_ROWS = PROJECTED ? L::H : 0;
  static constexpr int FLOATS = REST_AT + REST_ROWS * REST_ROW;

  // By all threads of the block, from or to all weights; BATCH loads are under way at once.
  template <bool IN, class Pointer>
  static __device__ __forceinline__ void copy(
      float* shared, Pointer all, int direction, int thread, int threads) {
    rows<IN, GATE_ROWS * GATE_WIDTH, GATE_WIDTH, GATE_ROW, FOURTH>(
        shared, all + direction * GATE_ROWS * GATE_WIDTH, thread, threads);
    rows<IN, REST_ROWS * L::D, L::D, REST_ROW, 0>(
        shared + REST_AT, all + 2 * GATE_ROWS * GATE_WIDTH + direction * REST_ROWS * L::D, thread,
        threads);
  }

  template <class Float>
  static __device__ __forceinline__ WeightRows<Float> gates(Float* shared) {
    return {shared, GATE_ROW, FOURTH};
  }

  template <bool IN, int SIZE, int WIDTH, int ROW, int FOURTH_MORE, class Pointer>
  static __device__ __forceinline__ void rows(
      float* shared, Pointer global, int thread, int threads) {
    constexpr int BATCH = 8;
    const auto at = [](int i) { return i / WIDTH * ROW + i / WIDTH / 4 * FOURTH_MORE + i % WIDTH; };
    for (int first = thread; first < SIZE; first += threads * BATCH) {
      float value[BATCH];
#pragma unroll
      for (int b = 0; b < BATCH; ++b) {
        const int i = first + b * threads;
        if (i < SIZE) {
          value[b] = IN ? global[i] : shared[at(i)];
        }
      }
#pragma unroll
      for (int b = 0; b < BATCH; ++b) {
        const int i = first + b * threads;
        if (i < SIZE) {
          if constexpr (IN) {
            shared[at(i)] = value[b];
          } else {
            global[i] = value[b];
          }
        }
      }
    }
  }
};

// tanh in stages, each of which waits for the one before, so that other work can go between: from
// 0.6 on by e^2|x|, below by a polynomial that is the best for the relative error.
struct Tanh {
  float x;
  float power;
  float near;  // tanh below 0.6
  float one;   // with the sign of x

  // A value of another stage, for later.
  __device__ __forceinline__ Tanh() {}
  __device__ __forceinline__ explicit Tanh(float x) : x(x), power(gate_power(exponent(x))) {}

  static __device__ __forceinline__ float exponent(float x) { return fabsf(x) * 2.88539008f; }

  __device__ __forceinline__ void invert() {
    power += 1.0f;
    keep(power);
    power = gate_reciprocal(power);
    approach();
  }

  // What does not wait for `power`.
  __device__ __forceinline__ void approach() {
    const float square = x * x;
    float part[4] = {fmaf(1.331311613e-1f, square, -3.333259821e-1f),
                     fmaf(1.561262645e-2f, square, -5.221180245e-2f), square * square, square * x};
    keep(part);
    asm("copysign.f32 %0, %1, %2;" : "=f"(one) : "f"(x), "f"(1.0f));
    near = fmaf(part[3], fmaf(part[1], part[2], part[0]), x);
    keep(near);
  }

  __device__ __forceinline__ float value() const {
    float far = fmaf(-2.0f * one, power, one);
    keep(far);  // no branch
    return fabsf(x) < 0.6f ? near : far;
  }
};

// i, f, g, o of their sums, in stages as Tanh.
struct Cell {
  Tanh input;
  float i, f, o;  // from `invert` on
  float g;        // from `finish` on
  float power[GATES];

  __device__ __forceinline__ explicit Cell(const float (&sum)[GATES])
      : power{sum[0] * -1.44269504f, sum[1] * -1.44269504f, Tanh::exponent(sum[2]),
              sum[3] * -1.44269504f} {
    input.x = sum[2];
    keep(power);
#pragma unroll
    for (int gate = 0; gate < GATES; ++gate) {
      power[gate] = gate_power(power[gate]);
    }
  }

  __device__ __forceinline__ void invert() {
#pragma unroll
    for (int gate = 0; gate < GATES; ++gate) {
      power[gate] += 1.0f;
    }
    keep(power);
    i = gate_reciprocal(power[0]);
    f = gate_reciprocal(power[1]);
    input.power = gate_reciprocal(power[2]);
    o = gate_reciprocal(power[3]);
    input.approach();
  }

  __device__ __forceinline__ void finish() { g = input.value(); }
  __device__ __forceinline__ float state(float c) const { return fmaf(f, c, i * g); }
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

