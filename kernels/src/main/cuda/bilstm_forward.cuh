// The forward of bilstm: see bilstm.cu for what it computes and how it is launched.
#pragma once
#include "bilstm_cell.cuh"
#include "bilstm_tile.cuh"

// TURNS: one direction after the other, with its weights loaded anew. STAGED: whole sequences of z
// are held in shared memory, for both directions. KEPT: so is what the direction that comes to a
// position first adds to y, until the second completes the row.
template <class L, bool PROJECTED, bool TURNS, bool STAGED, bool KEPT, int SEGMENT>
struct Forward {
  static_assert(STAGED || !KEPT, "a row is completed from a staged z");
  static constexpr int D = L::D;
  static constexpr int H = L::H;
  static constexpr int DIRECTIONS = TURNS ? 1 : 2;  // at once
  static constexpr int THREADS = DIRECTIONS * L::THREADS;
  // Blocks to be resident, for 12 warps; but half rows of pairs of floats cost more registers.
  static constexpr int BLOCKS = THREADS < 384 && H % 4 == 0 ? 384 / THREADS : 1;
  static constexpr bool ROWS = PROJECTED || KEPT;  // whether directions meet at the rows of y
  static constexpr int KEPT_ROW = PROJECTED ? L::DP : L::HP;
  // A sequence's window of a direction: rows of z, where that is not staged, and of h of the step
  // before, one row more than steps; then h R of every step.
  static constexpr int STATE_AT = STAGED ? 0 : L::DP;
  static constexpr int ROW = STATE_AT + L::HP;
  static constexpr int OUT_AT = (SEGMENT + 1) * ROW;
  static constexpr int WINDOW = banked(OUT_AT + (PROJECTED ? SEGMENT * L::DP : 0), WARP / L::SPLIT);
  static constexpr int GROUP = banked(L::TOGETHER * WINDOW, H);
  static constexpr int WINDOWS = DIRECTIONS * L::GROUPS * GROUP;
  using Checkpoints = Tape<H, SEGMENT>;
  using Shared = SharedWeights<L, PROJECTED>;

  const float* z;
  const float* w;
  float* y;
  float* tape;
  float* windows;  // shared
  float* staged;   // shared, sequence by sequence
  float* kept;
  int stage;  // floats of a staged sequence
  int keep;
  const Tile<L::SEQUENCES>& tile;
  const L lane;
  int member;  // of the direction's threads

  __device__ __forceinline__ float* window(int direction, int group, int q) const {
    return windows + ((TURNS ? 0 : direction) * L::GROUPS + group) * GROUP + q * WINDOW;
  }
  __device__ __forceinline__ float* window(int direction, int r) const {
    return window(direction, r / L::TOGETHER, r % L::TOGETHER);
  }

  __device__ __forceinline__ void meet_direction(int direction) const {
    meet<L::THREADS>(1 + direction);
  }

  // The whole tile's z, by all threads. Sequences that are not there get one row of zeros.
  __device__ __forceinline__ void stage_tile() const {
    constexpr int V = widest(D, D);
    constexpr int PIECES = L::DP / V;
    for (int r = 0; r < L::SEQUENCES; ++r) {
      const float* source = z + tile.place[r] * D;
      const int length = tile.length[r];
#pragma unroll 4
      for (int i = threadIdx.x; i < max(length, 1) * PIECES; i += THREADS) {
        const int column = i % PIECES * V;
        Access<V> value = zero_access<V>();
        if (length > 0 && column < D) {
          value = load_access<V>(source + i / PIECES * D + column, 0);
        }
        store_access<V>(staged + r * stage, i, value);
      }
    }
  }

  __device__ __forceinline__ void run(
      int direction, const GateWeights<L, true>& weights,
      const float (&project)[L::STATE_PIECES][4]) const {
    const int longest = tile.longest();
    const int own = lane.sequence();
    float c = 0.0f;
    float h = 0.0f;
    const float* row[L::TOGETHER];  // of z, at the next step
    const float* states[L::TOGETHER];
    int length[L::TOGETHER];
#pragma unroll
    for (int q = 0; q < L::TOGETHER; ++q) {
      const int r = lane.group * L::TOGETHER + q;
      length[q] = tile.length[r];
      states[q] = window(direction, lane.group, q);
      row[q] = STAGED ? staged + r * stage + (direction == 0 ? 0 : max(length[q] - 1, 0) * L::DP)
                      : states[q];
    }
    float* const mine = window(direction, lane.group, lane.own) + STATE_AT + lane.unit;
#pragma unroll 1
    for (int first = 0; first < longest; first += SEGMENT) {
      const int count = min(SEGMENT, longest - first);
      if (!STAGED) {
        load_window<D, D, ROW, SEGMENT, L::THREADS, 2>(
            member, tile, direction, first, z,
            [&](int r) { return window(direction, r); });
      }
      if (lane.owner) {
        mine[0] = h;
        if (first > 0 && first < tile.length[own]) {
          *Checkpoints::at(tape, tile.place[own], direction, first, lane.unit) = make_float2(c, h);
        }
      }
      meet_direction(direction);
#pragma unroll 1
      for (int i = 0; i < count; ++i) {
        float sum[L::TOGETHER][GATES];
#pragma unroll
        for (int q = 0; q < L::TOGETHER; ++q) {
#pragma unroll
          for (int gate = 0; gate < GATES; ++gate) {
            sum[q][gate] = weights.bias[gate];
          }
        }
#pragma unroll
        for (int p = 0; p < L::PIECES; ++p) {
          const auto piece = weights.piece(p, lane);
#pragma unroll
          for (int q = 0; q < L::TOGETHER; ++q) {
            const float* of = states[q] + i * ROW;
            const float4 x = STAGED ? lane.piece(p, row[q], of) : lane.piece(p, of);
            add_inputs<L>(p, piece, x, sum[q]);
          }
        }
        lane.exchange(sum);
        const Cell cell(sum[0]);
        c = cell.state(c);
        h = cell.hidden(c);
        if (lane.owner) {
          mine[(i + 1) * ROW] = h;
        }
        if (STAGED) {
#pragma unroll
          for (int q = 0; q < L::TOGETHER; ++q) {  // behind its end, the last row stays
            row[q] += first + i + 1 < length[q] ? (direction == 0 ? L::DP : -L::DP) : 0;
          }
        }
        meet_direction(direction);
      }
      if constexpr (PROJECTED) {
        project_window(direction, count, project);
        meet_direction(direction);
      }
      if constexpr (!ROWS) {
        write_halves(direction, first, count);
      } else if constexpr (TURNS) {
        write_rows(direction, first, count);
      } else {
        __syncthreads();
        if (direction == 0) {
          write_rows(0, first, count);
        }
        __syncthreads();
        if (direction == 1) {
          write_rows(1, first, count);
        }
      }
      if (!STAGED || ROWS) {
        meet_direction(direction);  // before windows get other contents
      }
    }
  }

  // h R of every step of the window: lane.unit is a column of R here, the parts share its rows.
  __device__ __forceinline__ void project_window(
      int direction, int count, const float (&project)[L::STATE_PIECES][4]) const {
#pragma unroll 1
    for (int i = 0; i < count; ++i) {
      float sum[L::TOGETHER][1];
#pragma unroll
      for (int q = 0; q < L::TOGETHER; ++q) {
        const float4* h = reinterpret_cast<const float4*>(
            window(direction, lane.group, q) + (i + 1) * ROW + STATE_AT);
        sum[q][0] = 0.0f;
#pragma unroll
        for (int p = 0; p < L::STATE_PIECES; ++p) {
          const int quad = min(lane.part + p * L::SPLIT, L::STATE_QUADS - 1);
          sum[q][0] = dot(h[quad], project[p], sum[q][0]);
        }
      }
      lane.exchange(sum);
      if (lane.owner) {
        window(direction, lane.group, lane.own)[OUT_AT + i * L::DP + lane.unit] = sum[0][0];
      }
    }
  }

  __device__ __forceinline__ const float* input_row(int direction, int r, int step) const {
    return STAGED ? staged + r * stage + tile.position(r, direction, step) * L::DP
                  : window(direction, r) + step % SEGMENT * ROW;
  }

  // y = z + h in the direction's half of each row of the window.
  __device__ __forceinline__ void write_halves(int direction, int first, int count) const {
    constexpr int V = widest(D, H);
    each_piece<L::SEQUENCES, SEGMENT, H / V, L::THREADS, 2>(
        member, [&](int r, int s, int piece) {
      if (s < count && first + s < tile.length[r]) {
        const long long t = tile.place[r] + tile.position(r, direction, first + s);
        const float* const x = input_row(direction, r, first + s) + direction * H;
        const float* const h = window(direction, r) + (s + 1) * ROW + STATE_AT;
        store_access<V>(y + t * D + direction * H, piece,
                        load_access<V>(x, piece) + load_access<V>(h, piece));
      }
    });
  }

  // Rows of the window to which the other direction has not come yet wait in `kept`, or in y
  // itself; the others are completed.
  __device__ __forceinline__ void write_rows(int direction, int first, int count) const {
    constexpr int V = widest(D, PROJECTED ? D : H);
    each_piece<L::SEQUENCES, SEGMENT, D / V, L::THREADS, 2>(
        member, [&](int r, int s, int piece) {
      const int column = piece * V;
      const int length = tile.length[r];
      if (s >= count || first + s >= length) {
        return;
      }
      const int t = tile.position(r, direction, first + s);
      // Forward writes a segment before backward does.
      const bool second = TURNS ? direction == 1
                                : direction == 0 ? t >= length - first : t < first + SEGMENT;
      float* const out = y + (tile.place[r] + t) * D + column;
      const Access<V> x = load_access<V>(input_row(direction, r, first + s), piece);
      float* const kept_row = kept + r * keep + t * KEPT_ROW;
      if constexpr (PROJECTED) {
        const Access<V> add =
            load_access<V>(window(direction, r) + OUT_AT + s * L::DP, piece);
        float* const waiting = KEPT ? kept_row + column : out;
        if (second) {
          store_access<V>(out, 0, add + load_access<V>(waiting, 0));
        } else {
          store_access<V>(waiting, 0, add + x);
        }
      } else {
        const bool mine = column / H == direction;
        const int unit = column % H;
        const float* const state = window(direction, r) + (s + 1) * ROW + STATE_AT + unit;
        if (second) {
          store_access<V>(out, 0, x + load_access<V>(mine ? state : kept_row + unit, 0));
        } else if (mine) {
          store_access<V>(kept_row + unit, 0, load_access<V>(state, 0));
        }
      }
    });
  }
};
