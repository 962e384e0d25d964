// The backward of bilstm: see bilstm.cu for what it computes and how it is launched.
#pragma once
#include "bilstm_cell.cuh"
#include "bilstm_gradients.cuh"
#include "bilstm_tile.cuh"

// TURNS: one direction after the other over all tiles. RESIDENT: weights are kept in registers.
// SUMMED: what the direction that comes to a position first adds to dZ waits in shared memory, not
// in dZ, until the second completes the row. TEAMS: of a block, each with tiles of its own.
template <class L, bool PROJECTED, bool TURNS, bool RESIDENT, bool SUMMED, int SEGMENT, int TEAMS>
struct Backward {
  static constexpr int D = L::D;
  static constexpr int H = L::H;
  static constexpr int OUTPUTS = 1 + D / H;
  static constexpr int DIRECTIONS = TURNS ? 1 : 2;           // at once
  static constexpr int TEAM = DIRECTIONS * L::THREADS;       // threads
  static constexpr int THREADS = TEAMS * TEAM;
  // A sequence's window of a direction: rows of z and of h of the step before, one row more than
  // steps; as many of c; the gates, which their derivatives replace; the derivatives by h that come
  // through y; and, with a projection, dY.
  static constexpr int ROW = L::DP + L::HP;
  static constexpr int CELL_AT = (SEGMENT + 1) * ROW;
  static constexpr int GATES_AT = CELL_AT + (SEGMENT + 1) * L::HP;
  // Where the lanes of a quarter warp are of two groups, their gates begin as far apart in the
  // banks as if they were one group's.
  static constexpr int SKEW = L::GROUPS > 1 && H % 8 != 0 ? (GATES * H - L::HP) % WARP : 0;
  static constexpr int OUT_AT = GATES_AT + SEGMENT * H * GATES + (SKEW > 0 ? WARP : 0);
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
  const float4* bias;  // shared, the direction's, by unit, then zero
  const L lane;
  int member;  // of the direction's threads
  int team;

  __device__ __forceinline__ float* window(int direction, int r) const {
    return windows + ((TURNS ? 0 : direction) * L::GROUPS + r / L::TOGETHER) * GROUP +
           r % L::TOGETHER * WINDOW;
  }
  // Where the gates lie in the windows of a group.
  static __device__ __forceinline__ int gates_at(int group) {
    return GATES_AT + group * SKEW % WARP;
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
      load_window<D, D, ROW, SEGMENT, L::THREADS, 4>(
          member, tile, direction, first, z,
          [&](int other) { return window(direction, other); });
      if constexpr (PROJECTED) {
        load_window<D, D, L::DP, SEGMENT, L::THREADS, 4>(
            member, tile, direction, first, dY,
            [&](int other) { return window(direction, other) + Y_AT; });
      } else {
        load_window<D, H, L::HP, SEGMENT, L::THREADS, 4>(
            member, tile, direction, first, dY + anew(direction) * H,
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
      const float4 b = bias[anew(lane.part) == 0 ? lane.unit : H];
#pragma unroll
      for (int q = 0; q < L::TOGETHER; ++q) {
        part[q][0] = b.x;
        part[q][1] = b.y;
        part[q][2] = b.z;
        part[q][3] = b.w;
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
        reinterpret_cast<float4*>(mine + gates_at(lane.group))[i * H + lane.unit] =
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
  // weights. What a step leaves for dZ takes the place of what its owner alone has read: column
  // `unit` that of the derivative by h, column H + `unit` that of c.
  __device__ __forceinline__ void through_cells(
      int direction, int count, const float* group, float* mine,
      const BackWeights<L, OUTPUTS, RESIDENT>& back, Sums& total, float& dh, float& dc) const {
#pragma unroll 1
    for (int i = count - 1; i >= 0; --i) {
      if (lane.owner) {
        float4* const at =
            reinterpret_cast<float4*>(mine + gates_at(lane.group)) + i * H + lane.unit;
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
      }
      meet_direction(direction);
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
          const float* const slopes = group + q * WINDOW + gates_at(lane.group);
          const float4 slope = reinterpret_cast<const float4*>(slopes)[i * H + unit];
#pragma unroll
          for (int out = 0; out < OUTPUTS; ++out) {
            part[q][out] = dot(slope, piece.w[out], part[q][out]);
          }
        }
      }
      if constexpr (L::GATE_REST > 0) {
#pragma unroll
        for (int q = 0; q < L::TOGETHER; ++q) {
          const float* const slopes = group + q * WINDOW + gates_at(lane.group) + i * GATES * H;
          const auto slope = load_access<L::GATE_REST>(slopes + back.REST_AT, lane.part);
#pragma unroll
          for (int out = 0; out < OUTPUTS; ++out) {
#pragma unroll
            for (int e = 0; e < L::GATE_REST; ++e) {
              part[q][out] = fmaf(slope.x[e], back.rest.w[out][e], part[q][out]);
            }
          }
        }
      }
      lane.exchange(part);
      dh = part[0][0];
      if (lane.owner) {
        float* const above = mine + OUT_AT + i * L::HP + lane.unit;
        if constexpr (PROJECTED) {
          *above = part[0][1];
        } else {  // dY comes through to the direction's own half
          const float dy = *above;
          *above = direction == 0 ? part[0][1] + dy : part[0][1];
          mine[CELL_AT + (i + 1) * L::HP + lane.unit] =
              direction == 0 ? part[0][2] : part[0][2] + dy;
        }
      }
#pragma unroll
      for (int q = 0; q < L::TOGETHER; ++q) {
        const float* of = group + q * WINDOW;
        const float4 slope =
            reinterpret_cast<const float4*>(of + gates_at(lane.group))[i * H + lane.unit];
#pragma unroll
        for (int p = 0; p < L::PIECES; ++p) {
          total.add(p, lane.piece(p, of + i * ROW), slope);
        }
      }
    }
#pragma unroll
    for (int r = 0; r < L::SEQUENCES; ++r) {
      total.add_bias(member, window(direction, r) + gates_at(r / L::TOGETHER), count);
    }
    meet_direction(direction);
  }

  // Adds what the window's steps left to their rows of dZ; with a projection, dY too in a row to
  // which this direction comes first.
  __device__ __forceinline__ void write_rows(int direction, int first, int count) const {
    constexpr int V = widest(D, PROJECTED ? D : H);
    each_piece<L::SEQUENCES, SEGMENT, D / V, L::THREADS, 1>(
        member, [&](int r, int s, int piece) {
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
      const float* const left = column < H ? from + OUT_AT + s * L::HP + column
                                           : from + CELL_AT + (s + 1) * L::HP + column - H;
      Access<V> value = load_access<V>(left, 0);
      if (PROJECTED && !second) {
        value = value + load_access<V>(from + Y_AT + s * L::DP, piece);
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
