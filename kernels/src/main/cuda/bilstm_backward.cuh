// The backward of bilstm: see bilstm.cu for what it computes and how it is launched.
#pragma once
#include "bilstm_cell.cuh"
#include "bilstm_tile.cuh"

// The weights by which the derivatives by all gates reach those by h_{t-1}, and by z_t, of a lane's
// unit: output 0 is h's, the others are z's columns unit, unit + H, ...
template <class L, int OUTPUTS, bool RESIDENT>
struct BackWeights {
  struct Piece {
    float w[OUTPUTS][GATES];
  };
  Piece w[RESIDENT ? L::UNIT_PIECES : 1];
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
  }

  __device__ __forceinline__ Piece fetch(int p, const L& lane) const {
    Piece piece;
    const int from = lane.part + p * L::SPLIT;  // the unit whose gates they are
#pragma unroll
    for (int out = 0; out < OUTPUTS; ++out) {
      const int k = out == 0 ? L::D + lane.unit : (out - 1) * L::H + lane.unit;
#pragma unroll
      for (int gate = 0; gate < GATES; ++gate) {
        piece.w[out][gate] =
            from < L::H ? load_weight<RESIDENT>(of + k * stride + gate * L::H + from) : 0.0f;
      }
    }
    return piece;
  }

  __device__ __forceinline__ Piece piece(int p, const L& lane) const {
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
  float w[L::PIECES][4][GATES];
  float bias[GATES];  // of the lane's own sequences
  float project[PROJECT][4];

  __device__ __forceinline__ WeightSums() : w{}, bias{}, project{} {}

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

  // Makes bias its sum over parts. All lanes of the warp must come.
  __device__ __forceinline__ void gather_bias(const L& lane) {
#pragma unroll
    for (int gate = 0; gate < GATES; ++gate) {
      bias[gate] = lane.over_parts(lane.owner ? bias[gate] : 0.0f);
    }
  }

  // Puts or adds them to Wx, Wh and b of the direction, in rows `row` floats apart, and to its rows of
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
    for (int gate = 0; gate < GATES; ++gate) {
      if (lane.part == 0) {
        put(weights + (L::D + L::H) * row + gate * L::H + lane.unit, bias[gate], add);
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

  static __device__ __forceinline__ void put(float* at, float value, bool add) {
    *at = add ? *at + value : value;
  }
};

// TURNS: one direction after the other over all tiles. RESIDENT: weights are kept in registers.
// SUMMED: what the direction that comes to a position first adds to dZ waits in shared memory, not in
// dZ, until the second completes the row. TEAMS: of a block, each with tiles of its own.
template <class L, bool PROJECTED, bool TURNS, bool RESIDENT, bool SUMMED, int SEGMENT, int TEAMS>
struct Backward {
  static constexpr int D = L::D;
  static constexpr int H = L::H;
  static constexpr int OUTPUTS = 1 + D / H;
  static constexpr int DIRECTIONS = TURNS ? 1 : 2;           // at once
  static constexpr int TEAM = DIRECTIONS * L::THREADS;       // threads
  static constexpr int THREADS = TEAMS * TEAM;
  // A sequence's window of a direction: rows of z, which dz replaces, and of h of the step before, one
  // row more than steps; as many of c; the gates, which their derivatives replace; the derivatives by
  // h that come through y; and dY.
  static constexpr int ROW = L::DP + L::HP;
  static constexpr int CELL_AT = (SEGMENT + 1) * ROW;
  static constexpr int GATES_AT = CELL_AT + (SEGMENT + 1) * L::HP;
  static constexpr int OUT_AT = GATES_AT + SEGMENT * H * GATES;
  static constexpr int Y_AT = OUT_AT + SEGMENT * L::HP;
  static constexpr int WINDOW = banked(Y_AT + (PROJECTED ? SEGMENT * L::DP : 0), WARP / L::SPLIT);
  static constexpr int GROUP = banked(L::TOGETHER * WINDOW, H);
  static constexpr int WINDOWS = DIRECTIONS * L::GROUPS * GROUP;  // of a team
  using Checkpoints = Tape<H, SEGMENT>;
  using Sums = WeightSums<L, PROJECTED>;
  using Shared = SharedWeights<L, PROJECTED>;
  using Project = float[Sums::PROJECT][4];

  const float* z;
  const float* dY;
  float* dZ;
  float* tape;
  float* windows;  // shared, the team's
  float* sums;     // shared, the team's, sequence by sequence
  int sum;         // floats of a sequence there
  const Tile<L::SEQUENCES>& tile;
  const L lane;
  int member;  // of the direction's threads
  int team;

  __device__ __forceinline__ float* window(int direction, int r) const {
    return windows + ((TURNS ? 0 : direction) * L::GROUPS + r / L::TOGETHER) * GROUP +
           r % L::TOGETHER * WINDOW;
  }
  __device__ __forceinline__ void meet_direction(int direction) const {
    meet<L::THREADS>(1 + TEAMS + team * 2 + direction);
  }
  __device__ __forceinline__ void meet_team() const { meet<TEAM>(1 + team); }

  __device__ __forceinline__ void run(
      int direction, const GateWeights<L, RESIDENT>& gates,
      const BackWeights<L, OUTPUTS, RESIDENT>& back, const Project& project, Sums& total) const {
    const int longest = tile.longest();
    const int r = lane.sequence();
    float* const group = window(direction, lane.group * L::TOGETHER);
    float* const mine = window(direction, r);
    float dh = 0.0f;  // from the following step
    float dc = 0.0f;
#pragma unroll 1
    for (int first = (longest - 1) / SEGMENT * SEGMENT; first >= 0; first -= SEGMENT) {
      const int count = min(SEGMENT, longest - first);
      load_window<D, D, ROW, SEGMENT, L::THREADS>(
          member, tile, direction, first, z,
          [&](int other) { return window(direction, other); });
      if constexpr (PROJECTED) {
        load_window<D, D, L::DP, SEGMENT, L::THREADS>(
            member, tile, direction, first, dY,
            [&](int other) { return window(direction, other) + Y_AT; });
      } else {
        load_window<D, H, L::HP, SEGMENT, L::THREADS>(
            member, tile, direction, first, dY + direction * H,
            [&](int other) { return window(direction, other) + OUT_AT; });
      }
      if (lane.owner) {
        const bool resumed = first > 0 && first < tile.length[r];
        const float2 state =
            resumed ? *Checkpoints::at(tape, tile.place[r], direction, first, lane.unit)
                    : make_float2(0.0f, 0.0f);
        mine[CELL_AT + lane.unit] = state.x;
        mine[L::DP + lane.unit] = state.y;
      }
      meet_direction(direction);
      recompute(direction, count, group, mine, gates);
      if constexpr (PROJECTED) {
        through_projection(direction, count, group, mine, project, total);
        meet_direction(direction);
      }
      through_cells(direction, count, group, mine, back, total, dh, dc);
      if constexpr (TURNS) {
        write_rows(direction, first, count);
      } else {
        meet_team();
        if (direction == 0) {
          write_rows(0, first, count);
        }
        meet_team();
        if (direction == 1) {
          write_rows(1, first, count);
        }
      }
      meet_direction(direction);  // before windows get other contents
    }
  }

  // The forward again, from the states before the window on.
  __device__ __forceinline__ void recompute(
      int direction, int count, const float* group, float* mine,
      const GateWeights<L, RESIDENT>& gates) const {
    float c = lane.owner ? mine[CELL_AT + lane.unit] : 0.0f;
#pragma unroll 1
    for (int i = 0; i < count; ++i) {
      float part[L::TOGETHER][GATES];
#pragma unroll
      for (int q = 0; q < L::TOGETHER; ++q) {
#pragma unroll
        for (int gate = 0; gate < GATES; ++gate) {
          part[q][gate] = gates.bias[gate];
        }
      }
#pragma unroll(RESIDENT ? L::PIECES : 1)
      for (int p = 0; p < L::PIECES; ++p) {
        const auto piece = gates.piece(p, lane);
#pragma unroll
        for (int q = 0; q < L::TOGETHER; ++q) {
          add_inputs<L>(p, piece, lane.piece(p, group + q * WINDOW + i * ROW), part[q]);
        }
      }
      lane.exchange(part);
      if (lane.owner) {
        const Cell cell(part[0]);
        c = cell.state(c);
        mine[(i + 1) * ROW + L::DP + lane.unit] = cell.hidden(c);
        mine[CELL_AT + (i + 1) * L::HP + lane.unit] = c;
        reinterpret_cast<float4*>(mine + GATES_AT)[i * H + lane.unit] =
            make_float4(cell.i, cell.f, cell.g, cell.o);
      }
      meet_direction(direction);
    }
  }

  // dY R^T, of which lane.unit is a column and the parts share dY's, and the gradient of R.
  __device__ __forceinline__ void through_projection(
      int direction, int count, const float* group, float* mine, const Project& project,
      Sums& total) const {
#pragma unroll 1
    for (int i = 0; i < count; ++i) {
      float part[L::TOGETHER][1];
#pragma unroll
      for (int q = 0; q < L::TOGETHER; ++q) {
        const float* of = group + q * WINDOW;
        const float h = of[(i + 1) * ROW + L::DP + lane.unit];
        part[q][0] = 0.0f;
#pragma unroll
        for (int p = 0; p < Sums::PROJECT; ++p) {
          const int quad = min(lane.part + p * L::SPLIT, L::INPUT_QUADS - 1);
          const float4 dy = reinterpret_cast<const float4*>(of + Y_AT + i * L::DP)[quad];
          part[q][0] = dot(dy, project[p], part[q][0]);
          total.project[p][0] = fmaf(h, dy.x, total.project[p][0]);
          total.project[p][1] = fmaf(h, dy.y, total.project[p][1]);
          total.project[p][2] = fmaf(h, dy.z, total.project[p][2]);
          total.project[p][3] = fmaf(h, dy.w, total.project[p][3]);
        }
      }
      lane.exchange(part);
      if (lane.owner) {
        mine[OUT_AT + i * L::HP + lane.unit] = part[0][0];
      }
    }
  }

  // Back through the window's steps: to the derivatives by the gates, then to those by h, z and the
  // weights. dz of a step replaces its z when all lanes have met again.
  __device__ __forceinline__ void through_cells(
      int direction, int count, const float* group, float* mine,
      const BackWeights<L, OUTPUTS, RESIDENT>& back, Sums& total, float& dh, float& dc) const {
    float dz[OUTPUTS - 1];
#pragma unroll 1
    for (int i = count - 1; i >= 0; --i) {
      if (lane.owner) {
        float4* const at = reinterpret_cast<float4*>(mine + GATES_AT) + i * H + lane.unit;
        const float4 gate = *at;  // i, f, g, o
        const float before = mine[CELL_AT + i * L::HP + lane.unit];
        const float bent = tanhf(mine[CELL_AT + (i + 1) * L::HP + lane.unit]);
        const float down = dh + mine[OUT_AT + i * L::HP + lane.unit];
        dc = fmaf(down * gate.w, fmaf(-bent, bent, 1.0f), dc);
        const float4 slope = make_float4(
            dc * gate.z * (gate.x * (1.0f - gate.x)), dc * before * (gate.y * (1.0f - gate.y)),
            dc * gate.x * fmaf(-gate.z, gate.z, 1.0f), down * bent * (gate.w * (1.0f - gate.w)));
        dc *= gate.y;
        *at = slope;
        total.bias[0] += slope.x;
        total.bias[1] += slope.y;
        total.bias[2] += slope.z;
        total.bias[3] += slope.w;
      }
      meet_direction(direction);
      if (lane.owner && i + 1 < count) {
        put_row(mine, i + 1, dz);
      }
      float part[L::TOGETHER][OUTPUTS];
#pragma unroll
      for (int q = 0; q < L::TOGETHER; ++q) {
#pragma unroll
        for (int out = 0; out < OUTPUTS; ++out) {
          part[q][out] = 0.0f;
        }
      }
#pragma unroll(RESIDENT ? L::UNIT_PIECES : 1)
      for (int p = 0; p < L::UNIT_PIECES; ++p) {
        const int unit = min(lane.part + p * L::SPLIT, H - 1);
        const auto piece = back.piece(p, lane);
#pragma unroll
        for (int q = 0; q < L::TOGETHER; ++q) {
          const float4 slope =
              reinterpret_cast<const float4*>(group + q * WINDOW + GATES_AT)[i * H + unit];
#pragma unroll
          for (int out = 0; out < OUTPUTS; ++out) {
            part[q][out] = dot(slope, piece.w[out], part[q][out]);
          }
        }
      }
      lane.exchange(part);
      dh = part[0][0];
#pragma unroll
      for (int out = 1; out < OUTPUTS; ++out) {
        dz[out - 1] = part[0][out];
      }
#pragma unroll
      for (int q = 0; q < L::TOGETHER; ++q) {
        const float* of = group + q * WINDOW;
        const float4 slope = reinterpret_cast<const float4*>(of + GATES_AT)[i * H + lane.unit];
#pragma unroll
        for (int p = 0; p < L::PIECES; ++p) {
          total.add(p, lane.piece(p, of + i * ROW), slope);
        }
      }
    }
    meet_direction(direction);
    if (lane.owner && count > 0) {
      put_row(mine, 0, dz);
    }
    meet_direction(direction);
  }

  __device__ __forceinline__ void put_row(
      float* mine, int row, const float (&dz)[OUTPUTS - 1]) const {
#pragma unroll
    for (int out = 0; out < OUTPUTS - 1; ++out) {
      mine[row * ROW + out * H + lane.unit] = dz[out];
    }
  }

  // What this direction adds to the rows of its window: dz, and dY in its own half of a row, or, with a
  // projection, in a row to which it comes first.
  __device__ __forceinline__ void write_rows(int direction, int first, int count) const {
    constexpr int V = widest(D, PROJECTED ? D : H);
    each_piece<L::SEQUENCES, SEGMENT, D / V, L::THREADS>(member, [&](int r, int s, int piece) {
      const int column = piece * V;
      const int length = tile.length[r];
      if (s >= count || first + s >= length) {
        return;
      }
      const int t = tile.position(r, direction, first + s);
      // The other direction has been at its steps from here on; forward writes a segment first.
      const bool second = TURNS ? direction == 1
                                : direction == 0 ? t < length - first - SEGMENT : t >= first;
      const float* const from = window(direction, r);
      Access<V> value = load_access<V>(from + s * ROW, piece);
      if (PROJECTED ? !second : column / H == direction) {
        const float* const down =
            PROJECTED ? from + Y_AT + s * L::DP + column : from + OUT_AT + s * L::HP + column % H;
        value = value + load_access<V>(down, 0);
      }
      float* const out = dZ + (tile.place[r] + t) * D + column;
      float* const waiting = SUMMED ? sums + r * sum + t * L::DP + column : out;
      if (second) {
        store_access<V>(out, 0, value + load_access<V>(waiting, 0));
      } else {
        store_access<V>(waiting, 0, value);
      }
    });
  }
};
