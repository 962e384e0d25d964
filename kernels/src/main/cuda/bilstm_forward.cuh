// The forward of bilstm: see bilstm.cu for what it computes and how it is launched.
#pragma once
#include "bilstm_cell.cuh"
#include "bilstm_tile.cuh"

// TURNS: one direction after the other, with its weights loaded anew. STAGED: whole sequences of z
// are held in shared memory, for both directions. KEPT: so is what the direction that comes to a
// position first adds to y, until the second completes the row.
template <class L, bool PROJECTED, bool TURNS, bool STAGED, bool KEPT, int SEGMENT, int WARPS>
struct Forward {
  static_assert(STAGED || !KEPT, "a row is completed from a staged z");
  static_assert(!STAGED || SEGMENT > 1, "a step reads one row of h and writes another");
  static constexpr int D = L::D;
  static constexpr int H = L::H;
  static constexpr int DIRECTIONS = TURNS ? 1 : 2;  // at once
  static constexpr int THREADS = DIRECTIONS * L::THREADS;
  // Blocks to be resident, for WARPS warps; but half rows of pairs of floats, and one direction after
  // the other, cost more registers.
  static constexpr int BLOCKS =
      THREADS < WARPS * WARP && H % 4 == 0 && !TURNS ? WARPS * WARP / THREADS : 1;
  static constexpr bool ROWS = PROJECTED || KEPT;  // whether directions meet at the rows of y
  static constexpr int KEPT_ROW = PROJECTED ? L::DP : L::HP;
  // A sequence's window of a direction: rows of h, a step's in the place of the window before's; or,
  // where z is not staged, rows of z and of h of the step before, one row more than steps. Then h R
  // of every step.
  static constexpr int STATE_AT = STAGED ? 0 : L::DP;
  static constexpr int ROW = STATE_AT + L::HP;
  static constexpr int AFTER_AT = STATE_AT + (STAGED ? 0 : ROW);  // h of the window's first step
  static constexpr int OUT_AT = (SEGMENT + (STAGED ? 0 : 1)) * ROW;
  static constexpr int WINDOW = banked(OUT_AT + (PROJECTED ? SEGMENT * L::DP : 0), L::APART);
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

  __device__ __forceinline__ float* window(unsigned direction, unsigned r) const {
    return windows + ((TURNS ? 0 : direction) * L::GROUPS + r / L::TOGETHER) * GROUP +
           r % L::TOGETHER * WINDOW;
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
    const float* row[L::TOGETHER];  // of z, at the step whose products are added up next
    int length[L::TOGETHER];
#pragma unroll
    for (int q = 0; q < L::TOGETHER; ++q) {
      const int r = lane.group * L::TOGETHER + lane.in_place(q);
      length[q] = tile.length[r];
      row[q] = staged + r * stage + (direction == 0 ? 0 : max(length[q] - 1, 0) * L::DP);
    }
    GateSums<L, true, STAGED, L::LEAN> sums(weights, lane);
    const float4 bias =
        make_float4(weights.bias[0], weights.bias[1], weights.bias[2], weights.bias[3]);
    float* const mine = window(direction, lane.sequence()) + lane.unit;
    // The first step's h of before is 0, and lies where the steps of a full window leave it.
    if (STAGED && lane.owner) {
      mine[AFTER_AT + (SEGMENT - 1) * ROW] = 0.0f;
    }
    if (STAGED) {
      sums.begin(bias);
      sums.first(row);
    }
#pragma unroll 1
    for (int first = 0; first < longest; first += SEGMENT) {
      const int count = min(SEGMENT, longest - first);
      if (!STAGED) {
        WindowLoad<D, D, ROW, SEGMENT, L::THREADS, L::SEQUENCES> input;
        input.load(anew(member), tile, direction, first, z);
        input.store(anew(member), [&](int r) { return window(direction, r); });
      }
      if (lane.owner) {
        if (!STAGED) {
          mine[STATE_AT] = h;
        }
        if (first > 0 && first < tile.length[own]) {
          *Checkpoints::at(tape, tile.place[own], direction, first, lane.unit) = make_float2(c, h);
        }
      }
      meet_direction(direction);
      const float* states_of[L::TOGETHER];
#pragma unroll
      for (int q = 0; q < L::TOGETHER; ++q) {
        const float* const of = window(direction, lane.group * L::TOGETHER + lane.in_place(q));
        states_of[q] = of + STATE_AT;
        row[q] = STAGED ? row[q] : of;
      }
      if (!STAGED) {
        sums.begin(bias);
        sums.first(row);
      }
      float* after = mine + AFTER_AT;
      int before_at = STAGED ? (SEGMENT - 1) * ROW : 0;
#pragma unroll 1
      for (int i = 0; i < count; ++i) {
        const float* before[L::TOGETHER];  // the row of this step
        const float* states[L::TOGETHER];
        float sum[L::TOGETHER][GATES];
#pragma unroll
        for (int q = 0; q < L::TOGETHER; ++q) {
          before[q] = row[q];
          states[q] = states_of[q] + before_at;
          if (STAGED) {  // behind its end, the last row stays
            const int end = L::LEAN ? tile.length[lane.group * L::TOGETHER + q] : length[q];
            row[q] += first + i + 1 < end ? (direction == 0 ? L::DP : -L::DP) : 0;
          } else {
            row[q] += ROW;
          }
#pragma unroll
          for (int gate = 0; gate < GATES; ++gate) {
            sum[q][gate] = sums.next[q][gate];
          }
        }
        sums.begin(bias);
        sums.template load<0>(row);
        sums.complete(before, states, sum);
        lane.exchange(sum, [&] { sums.template quarter<0>(row); });
        Cell cell(sum[0]);
        sums.template quarter<1>(row);
        cell.invert();
        sums.template quarter<2>(row);
        cell.finish();
        c = cell.state(c);
        Tanh bent(c);
        sums.template quarter<3>(row);
        bent.invert();
        h = cell.o * bent.value();
        if (lane.owner) {
          *after = h;
        }
        after += ROW;
        before_at = (STAGED ? i : i + 1) * ROW;
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
            window(direction, lane.group * L::TOGETHER + lane.in_place(q)) + i * ROW + AFTER_AT);
        sum[q][0] = 0.0f;
#pragma unroll
        for (int p = 0; p < L::STATE_PIECES; ++p) {
          const int quad = min(lane.part + p * L::SPLIT, L::STATE_QUADS - 1);
          sum[q][0] = dot(h[quad], project[p], sum[q][0]);
        }
      }
      lane.exchange(sum);
      if (lane.owner) {
        window(direction, lane.sequence())[OUT_AT + i * L::DP + lane.unit] = sum[0][0];
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
    using Share = WindowShare<L::SEQUENCES, SEGMENT, H / V, L::THREADS>;
    const Share share(anew(member));
    const unsigned r = share.r;
    const int steps = min(count, tile.length[r] - first);
    const float* const x = input_row(direction, r, first) + direction * H;
    const float* const h = window(direction, r) + AFTER_AT;
    const RowWalk<Share, D> walk(
        share, (tile.place[r] + tile.position(r, direction, first)) * D + direction * H, direction);
    Access<V> value[Share::COUNT];
#pragma unroll
    for (int k = 0; k < Share::COUNT; ++k) {
      const int row = share.row(k);
      value[k] = zero_access<V>();
      if (row < steps) {
        value[k] = load_access<V>(x + row * input_step(direction), share.piece(k)) +
                   load_access<V>(h + row * ROW, share.piece(k));
      }
    }
#pragma unroll
    for (int k = 0; k < Share::COUNT; ++k) {
      if (share.row(k) < steps) {
        store_access<V>(y + walk.at(share, k), share.piece(k), value[k]);
      }
    }
  }

  // From the input row of one step to that of the next.
  static __device__ __forceinline__ int input_step(int direction) {
    return !STAGED ? ROW : direction == 0 ? L::DP : -L::DP;
  }

  // Rows of the window to which the other direction has not come yet wait in `kept`, or in y
  // itself; the others are completed.
  __device__ __forceinline__ void write_rows(int direction, int first, int count) const {
    constexpr int V = widest(D, PROJECTED ? D : H);
    using Share = WindowShare<L::SEQUENCES, SEGMENT, D / V, L::THREADS>;
    const Share share(anew(member));
    const unsigned r = share.r;
    const int length = tile.length[r];
    const int steps = min(count, length - first);
    const float* const input = input_row(direction, r, first);
    const float* const own = window(direction, r);
    float* const kept_rows = kept + r * keep;
    float* const out_rows = y + tile.place[r] * D;
    constexpr int BATCH = L::LEAN || V < 4 ? 1 : Share::COUNT;
#pragma unroll 1
    for (int done = 0; done < Share::COUNT; done += BATCH) {
      Access<V> value[BATCH];
      float* to[BATCH];
#pragma unroll
      for (int k = 0; k < BATCH; ++k) {
        const int row = share.row(done + k);
        const int column = share.piece(done + k) * V;
        const int t = tile.position(r, direction, first + row);
        const bool second = comes_second(direction, t, first, length);
        const bool mine = PROJECTED || column / H == direction;
        const int unit = PROJECTED ? column : column % H;
        float* const out = out_rows + t * D + column;
        float* const waiting = KEPT ? kept_rows + t * KEPT_ROW + unit : out;
        to[k] = row < steps && (second || mine) ? second ? out : waiting : nullptr;
        value[k] = zero_access<V>();
        if (row < steps) {
          const Access<V> x = load_access<V>(input + row * input_step(direction) + column, 0);
          const float* const add = PROJECTED ? own + OUT_AT + row * L::DP + column
                                   : mine || !second ? own + row * ROW + AFTER_AT + unit
                                                     : waiting;
          value[k] = load_access<V>(add, 0);
          if (PROJECTED && second) {
            value[k] = value[k] + load_access<V>(waiting, 0);
          } else if (PROJECTED || second) {
            value[k] = value[k] + x;
          }
        }
      }
#pragma unroll
      for (int k = 0; k < BATCH; ++k) {
        if (to[k] != nullptr) {
          store_access<V>(to[k], 0, value[k]);
        }
      }
    }
  }

  // Whether the other direction has been at position t: forward writes a segment before backward.
  static __device__ __forceinline__ bool comes_second(
      int direction, int t, int first, int length) {
    return TURNS ? direction == 1 : direction == 0 ? t >= length - first : t < first + SEGMENT;
  }
};
