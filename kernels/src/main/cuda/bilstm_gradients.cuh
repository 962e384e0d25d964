// What a lane of bilstm's backward holds: weights as the gates see them, and their gradients.
#pragma once
#include "access.cuh"
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
  WeightRows<const float> rows;

  __device__ __forceinline__ void load(const WeightRows<const float>& of, const L& lane) {
    rows = of;
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
    return rows.at(k) + gate * L::H + from;
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

// What a step's derivatives by the gates add to those by h_{t-1} and z_t of a lane's unit, by the
// places of its sequences. LEAN: sequence by sequence, with little under way at once.
template <class L, int OUTPUTS, bool RESIDENT, bool LEAN>
struct BackSums {
  static constexpr int T = L::TOGETHER;
  using Weights = BackWeights<L, OUTPUTS, RESIDENT>;
  using Rows = const float* const (&)[T];  // the derivatives, unit by unit

  const Weights& weights;
  const L& lane;

  __device__ __forceinline__ BackSums(const Weights& weights, const L& lane)
      : weights(weights), lane(lane) {}

  // `meanwhile` is done in stages 0, 1, 2 while loads are under way; not where lanes are LEAN.
  template <class Meanwhile>
  __device__ __forceinline__ void add_up(
      Rows slopes, float (&part)[T][OUTPUTS], Meanwhile meanwhile) const {
#pragma unroll
    for (int q = 0; q < T; ++q) {
#pragma unroll
      for (int out = 0; out < OUTPUTS; ++out) {
        part[q][out] = 0.0f;
      }
    }
    if constexpr (RESIDENT && LEAN) {
#pragma unroll
      for (int q = 0; q < T; ++q) {
#pragma unroll
        for (int p = 0; p < L::UNIT_PIECES; ++p) {
          add(weights.w[p], quad(p, slopes[q]), part[q]);
        }
      }
    } else {
      float4 x[2][T];
      if (RESIDENT && L::UNIT_PIECES > 0) {
        fetch(0, slopes, x[0]);
      }
      if (!LEAN) {
        meanwhile(0);
      }
#pragma unroll(RESIDENT ? L::UNIT_PIECES : 1)
      for (int p = 0; p < L::UNIT_PIECES; ++p) {
        if (RESIDENT && p + 1 < L::UNIT_PIECES) {
          fetch(p + 1, slopes, x[(p + 1) % 2]);
        }
        const auto piece = weights.piece(p, lane);
        if (!RESIDENT) {
          fetch(p, slopes, x[0]);
        }
#pragma unroll
        for (int q = 0; q < T; ++q) {
          add(piece, x[RESIDENT ? p % 2 : 0][q], part[q]);
        }
        if (p < 2 && !LEAN) {
          meanwhile(1 + p);
        }
      }
#pragma unroll
      for (int p = L::UNIT_PIECES; p < 2 && !LEAN; ++p) {
        meanwhile(1 + p);
      }
    }
    if constexpr (L::GATE_REST > 0) {
#pragma unroll
      for (int q = 0; q < T; ++q) {
        const auto x = load_access<L::GATE_REST>(slopes[q] + Weights::REST_AT, lane.part);
#pragma unroll
        for (int out = 0; out < OUTPUTS; ++out) {
#pragma unroll
          for (int e = 0; e < L::GATE_REST; ++e) {
            part[q][out] = fmaf(x.x[e], weights.rest.w[out][e], part[q][out]);
          }
        }
      }
    }
  }

  // The quads that a lane takes in its piece p.
  __device__ __forceinline__ void fetch(int p, Rows slopes, float4 (&x)[T]) const {
#pragma unroll
    for (int q = 0; q < T; ++q) {
      x[q] = quad(p, slopes[q]);
    }
  }

  __device__ __forceinline__ float4 quad(int p, const float* slopes) const {
    const int place = lane.part + p * L::SPLIT;
    const int unit = (p + 1) * L::SPLIT <= L::H ? place : min(place, L::H - 1);
    return reinterpret_cast<const float4*>(slopes)[unit];
  }

  static __device__ __forceinline__ void add(
      const typename Weights::template Piece<GATES>& piece, const float4& x,
      float (&part)[OUTPUTS]) {
    const float value[GATES] = {x.x, x.y, x.z, x.w};
#pragma unroll
    for (int gate = 0; gate < GATES; ++gate) {
#pragma unroll
      for (int out = 0; out < OUTPUTS; ++out) {
        part[out] = fmaf(value[gate], piece.w[out][gate], part[out]);
      }
    }
  }
};

// The gradients of weights that a lane adds up, over all sequences that its team meets.
template <class L, bool PROJECTED>
struct WeightSums {
  static constexpr int PROJECT = PROJECTED ? L::STATE_PIECES : 1;
  float w[L::PIECES][4][GATES];
  float project[PROJECT][4];
  float bias[GATES];  // of the sequences whose cells this lane computes

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

  // A step's inputs, by places, times its derivatives by the gates of the lane's unit.
  __device__ __forceinline__ void add_products(
      const float* const (&row)[L::TOGETHER], const float* const (&slopes)[L::TOGETHER],
      const L& lane) {
#pragma unroll
    for (int q = 0; q < L::TOGETHER; ++q) {
      const float4 slope = reinterpret_cast<const float4*>(slopes[q])[lane.unit];
      float4 x[L::PIECES];
#pragma unroll
      for (int p = 0; p < L::PIECES; ++p) {
        x[p] = lane.piece(p, row[q]);
      }
#pragma unroll
      for (int p = 0; p < L::PIECES; ++p) {
        add(p, x[p], slope);
      }
    }
  }

  __device__ __forceinline__ void add_bias(const float4& gates) {
    bias[0] += gates.x;
    bias[1] += gates.y;
    bias[2] += gates.z;
    bias[3] += gates.w;
  }

  // Adds up b's over the parts of a unit. By all lanes, before `give`.
  __device__ __forceinline__ void complete_bias(const L& lane) {
#pragma unroll
    for (int gate = 0; gate < GATES; ++gate) {
      bias[gate] = lane.over_parts(lane.owner ? bias[gate] : 0.0f);
    }
  }

  // Puts or adds them to the direction's rows, and to its rows of R, `rest_row` apart.
  __device__ __forceinline__ void give(
      const WeightRows<float>& rows, float* rest, int rest_row, const L& lane, bool add) {
    if (add) {
      WeightSums before;  // all loads come before what waits for one
#pragma unroll
      for (int p = 0; p < L::PIECES; ++p) {
#pragma unroll
        for (int e = 0; e < 4; ++e) {
          const int k = lane.input(p, e);
#pragma unroll
          for (int gate = 0; gate < GATES; ++gate) {
            if (k >= 0) {
              before.w[p][e][gate] = rows.at(k)[gate * L::H + lane.unit];
            }
          }
        }
      }
#pragma unroll
      for (int gate = 0; gate < GATES && lane.part == 0; ++gate) {
        before.bias[gate] = rows.at(L::D + L::H)[gate * L::H + lane.unit];
      }
#pragma unroll
      for (int p = 0; p < PROJECT && PROJECTED; ++p) {
#pragma unroll
        for (int e = 0; e < 4; ++e) {
          const int k = (lane.part + p * L::SPLIT) * 4 + e;
          if (k < L::D) {
            before.project[p][e] = rest[lane.unit * rest_row + k];
          }
        }
      }
      add_all(before);
    }
#pragma unroll
    for (int p = 0; p < L::PIECES; ++p) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const int k = lane.input(p, e);
#pragma unroll
        for (int gate = 0; gate < GATES; ++gate) {
          if (k >= 0) {
            rows.at(k)[gate * L::H + lane.unit] = w[p][e][gate];
          }
        }
      }
    }
#pragma unroll
    for (int gate = 0; gate < GATES && lane.part == 0; ++gate) {
      rows.at(L::D + L::H)[gate * L::H + lane.unit] = bias[gate];
    }
#pragma unroll
    for (int p = 0; p < PROJECT && PROJECTED; ++p) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const int k = (lane.part + p * L::SPLIT) * 4 + e;
        if (k < L::D) {
          rest[lane.unit * rest_row + k] = project[p][e];
        }
      }
    }
  }

  __device__ __forceinline__ void add_all(const WeightSums& other) {
#pragma unroll
    for (int p = 0; p < L::PIECES; ++p) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
#pragma unroll
        for (int gate = 0; gate < GATES; ++gate) {
          w[p][e][gate] += other.w[p][e][gate];
        }
      }
    }
#pragma unroll
    for (int gate = 0; gate < GATES; ++gate) {
      bias[gate] += other.bias[gate];
    }
#pragma unroll
    for (int p = 0; p < PROJECT; ++p) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        project[p][e] += other.project[p][e];
      }
    }
  }
};
