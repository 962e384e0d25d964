// The backward of bilstm: see bilstm.cu for what it computes and how it is launched.
#pragma once
#include "bilstm_cell.cuh"
#include "bilstm_gradients.cuh"
#include "bilstm_slopes.cuh"
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
  static constexpr int WINDOW = banked(Y_AT + (PROJECTED ? SEGMENT * L::DP : 0), L::APART);
  static constexpr int GROUP = banked(L::TOGETHER * WINDOW, H);
  static constexpr int WINDOWS = DIRECTIONS * L::GROUPS * GROUP;  // of a team
  static constexpr bool LEAN = L::LEAN || THREADS > 256;  // whether registers are short
  // Whether there are registers for what the next window begins with.
  static constexpr bool AHEAD =
      RESIDENT && !PROJECTED && !LEAN && H % 4 == 0 && L::PIECES * L::SPLIT <= 6;
  using Checkpoints = Tape<H, SEGMENT>;
  using Slopes = CellSlopes<LEAN>;
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

  __device__ __forceinline__ float* window(unsigned direction, unsigned r) const {
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

  // A window's contents on their way into it: z and the states before it while the lanes write the
  // rows of the window before, dY while they are at the forward.
  using InputLoad = WindowLoad<D, D, ROW, SEGMENT, L::THREADS, L::SEQUENCES>;
  using OutputLoad = WindowLoad<D, PROJECTED ? D : H, PROJECTED ? L::DP : L::HP, SEGMENT,
                                L::THREADS, L::SEQUENCES>;

  __device__ __forceinline__ float2 load_inputs(
      int at, InputLoad& inputs, int direction, int first) const {
    inputs.load(at, tile, direction, first, z);
    const int r = lane.sequence();
    const bool resumed = lane.owner && first > 0 && first < tile.length[r];
    return resumed ? *Checkpoints::at(tape, tile.place[r], direction, first, lane.unit)
                   : make_float2(0.0f, 0.0f);
  }

  __device__ __forceinline__ void load_outputs(
      int at, OutputLoad& outputs, int direction, int first) const {
    outputs.load(at, tile, direction, first, PROJECTED ? dY : dY + anew(direction) * H);
  }

  __device__ __forceinline__ void store_outputs(
      int at, const OutputLoad& outputs, int direction) const {
    outputs.store(at, [&](int r) {
      return window(direction, r) + (PROJECTED ? Y_AT : OUT_AT);
    });
  }

  __device__ __forceinline__ void run(
      int direction, const GateWeights<L, RESIDENT>& gates,
      const BackWeights<L, OUTPUTS, RESIDENT>& back, const Project& project, Sums& total) const {
    const int longest = tile.longest();
    const int shortest = tile.shortest();
    float dh = 0.0f;  // from the following step
    float dc = 0.0f;
    const int last = (longest - 1) / SEGMENT * SEGMENT;
    InputLoad inputs;
    float2 state;
    if (AHEAD && longest > 0) {
      state = load_inputs(anew(member), inputs, direction, last);
    }
#pragma unroll 1
    for (int first = last; longest > 0 && first >= 0; first -= SEGMENT) {
      const int count = min(SEGMENT, longest - first);
      float* const mine = window(LEAN ? anew(direction) : direction, lane.sequence());
      OutputLoad outputs;
      const int at = anew(member);
      if (AHEAD) {
        load_outputs(at, outputs, direction, first);
      } else {
        state = load_inputs(at, inputs, direction, first);
      }
      inputs.store(at, [&](int r) { return window(direction, r); });
      if (!AHEAD) {
        load_outputs(at, outputs, direction, first);
        store_outputs(at, outputs, direction);
      }
      if (lane.owner) {
        mine[CELL_AT + lane.unit] = state.x;
        mine[L::DP + lane.unit] = state.y;
      }
      meet_direction(direction);
      recompute(direction, count, mine, gates);
      const int left = count - 1;
      Slopes step = slopes_of(
          reinterpret_cast<float4*>(mine + gates_at(lane.group)) + left * H + lane.unit,
          mine + CELL_AT + left * L::HP + lane.unit);
      step.begin();
      if (AHEAD) {
        store_outputs(anew(member), outputs, direction);
      }
      step.invert();
      meet_direction(direction);
      if constexpr (PROJECTED) {
        through_projection(direction, count, mine, project, total);
        meet_direction(direction);
      }
      through_cells(direction, count, mine, back, total, step, dh, dc);
      if (AHEAD && first > 0) {
        state = load_inputs(anew(member), inputs, direction, first - SEGMENT);
      }
      if constexpr (TURNS) {
        write_rows(direction, first, count);
      } else {
        meet_team();
        // Windows with rows in common: the second direction waits for the first.
        const bool same = longest > 2 * first && shortest < 2 * (first + SEGMENT);
        if (direction == 0 || !same) {
          write_rows(direction, first, count);
        }
        if (same) {
          meet_team();
          if (direction == 1) {
            write_rows(1, first, count);
          }
        }
      }
      meet_direction(direction);  // before windows get other contents
    }
  }

  // The group's windows by the places that a lane has them in.
  __device__ __forceinline__ void places(int direction, const float* (&of)[L::TOGETHER]) const {
#pragma unroll
    for (int q = 0; q < L::TOGETHER; ++q) {
      of[q] = window(
          LEAN ? anew(direction) : direction, lane.group * L::TOGETHER + lane.in_place(q));
    }
  }

  // The forward again, from the states before the window on.
  __device__ __forceinline__ void recompute(
      int direction, int count, float* mine, const GateWeights<L, RESIDENT>& gates) const {
    float c = lane.owner ? mine[CELL_AT + lane.unit] : 0.0f;
    const float* row[L::TOGETHER];  // of z, at the step whose products are added up next
    places(direction, row);
    float* cell_at = mine + CELL_AT + lane.unit;
    float* state_at = mine + L::DP + lane.unit;
    float4* gates_of = reinterpret_cast<float4*>(mine + gates_at(lane.group)) + lane.unit;
    const float4* const b = bias + (anew(lane.part) == 0 ? lane.unit : H);
    GateSums<L, RESIDENT, false, LEAN> sums(gates, lane);
    sums.begin(*b);
    sums.first(row);
#pragma unroll 1
    for (int i = 0; i < count; ++i) {
      const float* before[L::TOGETHER];  // the row of this step
      const float* states[L::TOGETHER];
      float sum[L::TOGETHER][GATES];
#pragma unroll
      for (int q = 0; q < L::TOGETHER; ++q) {
        before[q] = row[q];
        states[q] = row[q] + L::DP;
        row[q] += ROW;
#pragma unroll
        for (int gate = 0; gate < GATES; ++gate) {
          sum[q][gate] = sums.next[q][gate];
        }
      }
      sums.begin(*b);
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
      cell_at += L::HP;
      state_at += ROW;
      if (lane.owner) {
        *state_at = cell.o * bent.value();
        *cell_at = c;
        *gates_of = make_float4(cell.i, cell.f, cell.g, cell.o);
      }
      gates_of += H;
      meet_direction(direction);
    }
  }

  // dY R^T, of which lane.unit is a column and the parts share dY's, and the gradient of R.
  __device__ __forceinline__ void through_projection(
      int direction, int count, float* mine, const Project& project, Sums& total) const {
    const float* windows_of[L::TOGETHER];
    places(direction, windows_of);
#pragma unroll 1
    for (int i = 0; i < count; ++i) {
      float part[L::TOGETHER][1];
#pragma unroll
      for (int q = 0; q < L::TOGETHER; ++q) {
        const float* of = windows_of[q];
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

  // What only the owner may look at, which replaces it.
  __device__ __forceinline__ Slopes slopes_of(const float4* gate, const float* cell) const {
    return lane.owner ? Slopes(*gate, cell[0], cell[L::HP])
                      : Slopes(make_float4(0.0f, 0.0f, 0.0f, 0.0f), 0.0f, 0.0f);
  }

  // Back through the window's steps: to the derivatives by the gates, then to those by h, z and the
  // weights. What a step leaves for dZ takes the place of what its owner alone has read: column
  // `unit` that of the derivative by h, column H + `unit` that of c. What a step's derivatives take
  // of the forward is made ready while the step behind it waits.
  __device__ __forceinline__ void through_cells(
      int direction, int count, float* mine, const BackWeights<L, OUTPUTS, RESIDENT>& back,
      Sums& total, Slopes& step, float& dh, float& dc) const {
    const float* of[L::TOGETHER];
    places(direction, of);
    int row_at = (count - 1) * ROW;
    int slopes_at = gates_at(lane.group) + (count - 1) * GATES * H;
    float4* gate = reinterpret_cast<float4*>(mine + slopes_at) + lane.unit;
    float* cell = mine + CELL_AT + (count - 1) * L::HP + lane.unit;  // of the state before
    constexpr int ABOVE = OUT_AT - CELL_AT;
    float dy = lane.owner ? cell[ABOVE] : 0.0f;  // what it adds to the derivative by h
    const BackSums<L, OUTPUTS, RESIDENT, LEAN> sums(back, lane);
    step.finish();
#pragma unroll 1
    for (int i = count - 1; i >= 0; --i) {
      const float4 slope = step.of(dh + dy, dc);
      const float through = dy;
      float* const left = cell;
      if (lane.owner) {
        *gate = slope;
        total.add_bias(slope);
      }
      gate -= i > 0 ? H : 0;
      cell -= i > 0 ? L::HP : 0;
      meet_direction(direction);
      float part[L::TOGETHER][OUTPUTS];
      const float* row[L::TOGETHER];  // of [z | h]
      const float* slopes[L::TOGETHER];
#pragma unroll
      for (int q = 0; q < L::TOGETHER; ++q) {
        row[q] = of[q] + row_at;
        slopes[q] = of[q] + slopes_at;
      }
      sums.add_up(slopes, part, [&](int stage) {
        if (stage == 0) {
          dy = lane.owner ? cell[ABOVE] : 0.0f;
          keep(dy);
          step = slopes_of(gate, cell);
        } else if (stage == 1) {
          step.begin();
        } else {
          step.invert();
        }
      });
      if (LEAN) {
        lane.exchange(part);
      } else {
        step.finish();
        lane.exchange(part, [&] { total.add_products(row, slopes, lane); });
      }
      dh = part[0][0];
      if (lane.owner) {
        if constexpr (PROJECTED) {
          left[ABOVE] = part[0][1];
        } else {  // dY comes through to the direction's own half
          left[ABOVE] = direction == 0 ? part[0][1] + through : part[0][1];
          left[L::HP] = direction == 0 ? part[0][2] : part[0][2] + through;
        }
      }
      if (LEAN) {
        total.add_products(row, slopes, lane);
        dy = lane.owner ? cell[ABOVE] : 0.0f;
        step = slopes_of(gate, cell);
        step.begin();
        step.invert();
        step.finish();
      }
      row_at -= ROW;
      slopes_at -= GATES * H;
    }
    meet_direction(direction);
  }

  // Adds what the window's steps left to their rows of dZ; with a projection, dY too in a row to
  // which this direction comes first.
  __device__ __forceinline__ void write_rows(int direction, int first, int count) const {
    constexpr int V = widest(D, PROJECTED ? D : H);
    using Share = WindowShare<L::SEQUENCES, SEGMENT, D / V, L::THREADS>;
    const Share share(anew(member));
    const unsigned r = share.r;
    const int length = tile.length[r];
    const int steps = min(count, length - first);
    const float* const from = window(direction, r);
    float* const out_rows = dZ + tile.place[r] * D;
    float* const waiting_rows = SUMMED ? sums + r * sum : out_rows;
    constexpr int WAITING_ROW = SUMMED ? L::DP : D;
    constexpr int BATCH = LEAN || V < 4 || AHEAD ? 1 : Share::COUNT;
#pragma unroll 1
    for (int done = 0; done < Share::COUNT; done += BATCH) {
      Access<V> value[BATCH];
      Access<V> waiting[BATCH];
      float* to[BATCH];
#pragma unroll
      for (int k = 0; k < BATCH; ++k) {
        const int row = share.row(done + k);
        const int column = share.piece(done + k) * V;
        const int t = tile.position(r, direction, first + row);
        float* const at = waiting_rows + t * WAITING_ROW + column;
        const bool second = comes_second(direction, t, first, length);
        to[k] = second ? out_rows + t * D + column : at;
        value[k] = zero_access<V>();
        waiting[k] = zero_access<V>();
        if ((BATCH > 1 && Share::within(k)) || row < SEGMENT) {
          value[k] = load_access<V>(
              column < H ? from + OUT_AT + row * L::HP + column
                         : from + CELL_AT + (row + 1) * L::HP + column - H, 0);
        }
        if (row < steps && second) {
          waiting[k] = load_access<V>(at, 0);
        } else if (PROJECTED && row < steps) {
          waiting[k] = load_access<V>(from + Y_AT + row * L::DP, share.piece(done + k));
        }
      }
#pragma unroll
      for (int k = 0; k < BATCH; ++k) {
        if (share.row(done + k) < steps) {
          store_access<V>(to[k], 0, value[k] + waiting[k]);
        }
      }
    }
  }

  // Whether the other direction has been at position t: at its steps from `first` + SEGMENT on, and
  // forward at those of this window too, which it writes first where both have rows in common.
  static __device__ __forceinline__ bool comes_second(int direction, int t, int first, int length) {
    return TURNS ? direction == 1 : direction == 0 ? t < length - first - SEGMENT : t >= first;
  }
};
