// What a lane of bilstm's backward holds: weights as the gates see them, and their gradients.
#pragma once
#include "bilstm_cell.cuh"

// The weights by which the derivatives by all gates reach those by h_{t-1}, and by z_t, of a lane's
// unit: output 0 is h's, the others are z's columns unit, unit + H, ...
template <class L, int OUTPUTS, bool RESIDENT>
struct BackWeights {
  static constexpr int REST_AT = L::UNIT_PIECES * L::SPLIT * GATES;
  template <int N>
  struct Piece {
    float w[OUTPUTS][N];
  };
  Piece<GATES> w[RESIDENT && L::UNIT_PIECES > 0 ? L::UNIT_PIECES : 1];
  Piece<L::GATE_REST + 1> rest;  // and one that is not used, since there may be none
  const float* of;
  int stride;

  // weights: as for GateWeights.
  __device__ __forceinline__ void load(const float* weights, int row, const L& lane) {
    of = weights;
    stride = row;
#pragma unroll
    for (int p = 0; p < L::UNIT_PIECES && RESIDENT; ++p) {
      w[p] = fetch(p, lane);
    }
#pragma unroll
    for (int e = 0; e < L::GATE_REST; ++e) {
      const int flat = REST_AT + lane.part * L::GATE_REST + e;
#pragma unroll
      for (int out = 0; out < OUTPUTS; ++out) {
        rest.w[out][e] = *weight(out, flat % GATES, flat / GATES, lane);
      }
    }
  }

  // The weight by which a gate of unit `from` reaches an output.
  __device__ __forceinline__ const float* weight(int out, int gate, int from, const L& lane) const {
    const int k = out == 0 ? L::D + lane.unit : (out - 1) * L::H + lane.unit;
    return of + k * stride + gate * L::H + from;
  }

  __device__ __forceinline__ Piece<GATES> fetch(int p, const L& lane) const {
    Piece<GATES> piece;
    const int from = lane.part + p * L::SPLIT;
#pragma unroll
    for (int out = 0; out < OUTPUTS; ++out) {
#pragma unroll
      for (int gate = 0; gate < GATES; ++gate) {
        piece.w[out][gate] =
            from < L::H ? load_weight<RESIDENT>(weight(out, gate, from, lane)) : 0.0f;
      }
    }
    return piece;
  }

  __device__ __forceinline__ Piece<GATES> piece(int p, const L& lane) const {
    if constexpr (RESIDENT) {
      return w[p];
    } else {
      return fetch(p, lane);
    }
  }
};

// The gradients of weights that a lane adds up, over all sequences that its team meets.
template <class L, bool PROJECTED>
struct WeightSums {
  static constexpr int PROJECT = PROJECTED ? L::STATE_PIECES : 1;
  static constexpr int BIASES = (GATES * L::H + L::THREADS - 1) / L::THREADS;
  float w[L::PIECES][4][GATES];
  float project[PROJECT][4];
  float bias[BIASES];  // of all the team's sequences: gates member, + THREADS, ... of the 4 H

  __device__ __forceinline__ WeightSums() : w{}, project{}, bias{} {}

  __device__ __forceinline__ void add(int p, const float4& x, const float4& gates) {
    const float value[4] = {x.x, x.y, x.z, x.w};
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      if (!L::padding(p, e)) {
        w[p][e][0] = fmaf(value[e], gates.x, w[p][e][0]);
        w[p][e][1] = fmaf(value[e], gates.y, w[p][e][1]);
        w[p][e][2] = fmaf(value[e], gates.z, w[p][e][2]);
        w[p][e][3] = fmaf(value[e], gates.w, w[p][e][3]);
      }
    }
  }

  // Adds the derivatives by the gates of `count` steps of a window.
  __device__ __forceinline__ void add_bias(int member, const float* gates, int count) {
#pragma unroll
    for (int b = 0; b < BIASES; ++b) {
      const int gate = member + b * L::THREADS;
      for (int i = 0; gate < GATES * L::H && i < count; ++i) {
        bias[b] += gates[i * GATES * L::H + gate];
      }
    }
  }

  // Puts or adds them to Wx and Wh of the direction, in rows `row` floats apart, and to its rows of
  // R, `rest_row` apart.
  __device__ __forceinline__ void give(
      float* weights, int row, float* rest, int rest_row, const L& lane, bool add) const {
#pragma unroll
    for (int p = 0; p < L::PIECES; ++p) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const int k = lane.input(p, e);
#pragma unroll
        for (int gate = 0; gate < GATES; ++gate) {
          if (k >= 0) {
            put(weights + k * row + gate * L::H + lane.unit, w[p][e][gate], add);
          }
        }
      }
    }
#pragma unroll
    for (int p = 0; p < PROJECT && PROJECTED; ++p) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const int k = (lane.part + p * L::SPLIT) * 4 + e;
        if (k < L::D) {
          put(rest + lane.unit * rest_row + k, project[p][e], add);
        }
      }
    }
  }

  // The same for b.
  __device__ __forceinline__ void give_bias(float* b, int member, bool add) const {
#pragma unroll
    for (int i = 0; i < BIASES; ++i) {
      const int gate = member + i * L::THREADS;
      if (gate < GATES * L::H) {
        put(b + gate % GATES * L::H + gate / GATES, bias[i], add);
      }
    }
  }

  static __device__ __forceinline__ void put(float* at, float value, bool add) {
    *at = add ? *at + value : value;
  }
};
