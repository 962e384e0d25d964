// adam: Adam with L2 in the gradient, each value by itself; io.mgnm.ops.Adam has the mathematics. Of
// step t: a = rate / (1 - beta1^t), c = 1 / (1 - beta2^t) in double, rounded once, then in float
//   g <- l2 p + g;  m <- m + rest1 (g - m);  v <- v + rest2 (g g - v);  p <- p - a m / (sqrt(c v) + epsilon)
// with rest = 1 - beta: every operation and rounding as on the CPU, so the bits are the same.
//   dense    all values of p; g of p's shape; t is the state's step
//   touched  the rows of p[table rows][D] that `rows` names, with their `sums`; t is the row's own count
//            in `steps`, which it advances
//   table    all rows; g is 0 where `rows` does not name the row; t is the state's step
// rows, sums, count are embedding_gradient's slots, holes among them; count < 0 traps, since sums are
// missing. From a failed step on nothing changes. Before the first step, dense and table trap.
//
// Launch: block BLOCK, grid-stride over accesses (dense), SLOTS slots (touched), TILE rows (table).
// Aliasing: g may be m or v only as a whole; else none.
// Determinism: values are independent; powers are repeated squaring in the order of Adam.power.
// Bytes: dense 28 a value; touched 28 D + 12 a row and 4 a slot; table 24 D a row, 4 D more where it is
//   touched. Steps of single rows move whole sectors of 32 bytes.
//
// Compile-time: ADAM_D = D >= 1, for rows; ADAM_VECTOR = floats an access, 4 where all tensors lie on
//   multiples of 16 bytes (and D is a multiple of 4, for rows), else 1.
#include "access.cuh"
#include "block_prefix.cuh"
#include "step_state.cuh"
#include "warp.cuh"

#ifndef ADAM_D
#define ADAM_D 16
#endif
#ifndef ADAM_VECTOR
#define ADAM_VECTOR 4
#endif

constexpr int D = ADAM_D;
constexpr int VECTOR = ADAM_VECTOR;
constexpr int BLOCK = 256;
constexpr int SLOTS = BLOCK / 2;  // two threads a slot work out a and c

constexpr int ACCESSES = D / VECTOR;                   // of a row
constexpr int GROUP = lanes_for(ACCESSES);             // lanes a row
constexpr int STEPS = (ACCESSES + GROUP - 1) / GROUP;  // accesses a lane
constexpr int GROUPS = BLOCK / GROUP;
constexpr int TILE = ACCESSES < 2 * BLOCK ? 2 * BLOCK / ACCESSES : 1;  // rows; two accesses a thread
static_assert(D >= 1, "a row has values");
static_assert(D % VECTOR == 0, "16-byte accesses need D % 4 == 0");

struct Options {
  double beta1;
  double beta2;
  float l2;
  float rest1;
  float rest2;
  float epsilon;
};

// beta^t as Adam.power does it.
__device__ __forceinline__ double power(double beta, long long t) {
  double result = 1.0;
  double square = beta;
  for (unsigned long long rest = t; rest != 0; rest >>= 1) {
    if ((rest & 1) != 0) {
      result = __dmul_rn(result, square);
    }
    square = __dmul_rn(square, square);
  }
  return result;
}

// a of step t, or c.
__device__ __forceinline__ float
correction(const Options& options, bool second, long long t, double rate) {
  const double numerator = second ? 1.0 : rate;
  const double beta = second ? options.beta2 : options.beta1;
  return static_cast<float>(__ddiv_rn(numerator, __dsub_rn(1.0, power(beta, t))));
}

// a and c of the state's step, to shared memory: two threads do it, a barrier must follow.
__device__ __forceinline__ void
correct_step(const Options& options, const StepState& state, float (&factors)[2]) {
  if (threadIdx.x < 2) {
    if (state.step < 1) {
      __trap();  // no step has begun
    }
    factors[threadIdx.x] =
        correction(options, threadIdx.x == 1, state.step, state.learning_rate);
  }
}

// The values of one access.
template <int WIDTH>
struct Values {
  Access<WIDTH> p;
  Access<WIDTH> m;
  Access<WIDTH> v;
  Access<WIDTH> g;

  __device__ __forceinline__ void
  load(const float* p_from, const float* m_from, const float* v_from, long long index) {
    p = load_access<WIDTH>(p_from, index);
    m = load_access<WIDTH>(m_from, index);
    v = load_access<WIDTH>(v_from, index);
  }

  __device__ __forceinline__ void
  update(float* p_to, float* m_to, float* v_to, long long index, const Options& o, float a, float c) {
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) {
      const float gradient = fmaf(p.x[i], o.l2, g.x[i]);
      m.x[i] = fmaf(__fsub_rn(gradient, m.x[i]), o.rest1, m.x[i]);
      const float excess = __fsub_rn(__fmul_rn(gradient, gradient), v.x[i]);
      v.x[i] = fmaf(excess, o.rest2, v.x[i]);
      const float root = __fadd_rn(__fsqrt_rn(__fmul_rn(v.x[i], c)), o.epsilon);
      p.x[i] = __fsub_rn(p.x[i], __fdiv_rn(__fmul_rn(m.x[i], a), root));
    }
    store_access(p_to, index, p);
    store_access(m_to, index, m);
    store_access(v_to, index, v);
  }
};

extern "C" __global__ void __launch_bounds__(BLOCK) adam_dense(
    float* p,
    const float* g,
    float* m,
    float* v,
    int size,
    const long long* state_words,
    double beta1,
    double beta2,
    float l2,
    float rest1,
    float rest2,
    float epsilon) {
  __shared__ float factors[2];
  const Options options = {beta1, beta2, l2, rest1, rest2, epsilon};
  const StepState& state = *step_state(state_words);
  if (state.failed_step >= 0) {
    return;
  }
  const unsigned accesses = size / VECTOR;
  unsigned i = blockIdx.x * BLOCK + threadIdx.x;
  const unsigned rest = accesses * VECTOR + i;  // the last values, fewer than an access, by a thread each
  Values<VECTOR> values;
  if (i < accesses) {  // under way while a and c are worked out
    values.load(p, m, v, i);
    values.g = load_access<VECTOR>(g, i);
  }
  correct_step(options, state, factors);
  __syncthreads();
  while (i < accesses) {
    values.update(p, m, v, i, options, factors[0], factors[1]);
    i += gridDim.x * BLOCK;
    if (i < accesses) {
      values.load(p, m, v, i);
      values.g = load_access<VECTOR>(g, i);
    }
  }
  if (rest < static_cast<unsigned>(size)) {
    Values<1> last;
    last.load(p, m, v, rest);
    last.g = load_access<1>(g, rest);
    last.update(p, m, v, rest, options, factors[0], factors[1]);
  }
}

// The slots in use; traps where there were not enough.
__device__ __forceinline__ int slots_of(const int* count) {
  const int slots = count[0];
  if (slots < 0) {
    __trap();
  }
  return slots;
}

extern "C" __global__ void __launch_bounds__(BLOCK) adam_touched(
    float* p,
    float* m,
    float* v,
    int* steps,
    const int* rows,
    const float* sums,
    const int* count,
    const long long* state_words,
    double beta1,
    double beta2,
    float l2,
    float rest1,
    float rest2,
    float epsilon) {
  __shared__ int named_slots[SLOTS];
  __shared__ int named_rows[SLOTS];
  __shared__ float factors[2][SLOTS];
  __shared__ int room[BLOCK / WARP];
  const Options options = {beta1, beta2, l2, rest1, rest2, epsilon};
  const StepState& state = *step_state(state_words);
  if (state.failed_step >= 0) {
    return;
  }
  const int thread = static_cast<int>(threadIdx.x);
  const int member = thread % GROUP;
  const int slots = slots_of(count);
  for (int first = static_cast<int>(blockIdx.x) * SLOTS; first < slots;
       first += static_cast<int>(gridDim.x) * SLOTS) {
    // The slots that name a row, without the holes between.
    const int row = thread < SLOTS && first + thread < slots ? rows[first + thread] : -1;
    int named;
    const int place = block_prefix<BLOCK>(row >= 0 ? 1 : 0, room, named);
    if (row >= 0) {
      named_slots[place] = first + thread;
      named_rows[place] = row;
    }
    __syncthreads();
    // A group of lanes a row; the first turn's values are under way while the rows' a and c are worked
    // out: a by the first half of the threads, c by the second.
    int turn = thread / GROUP;
    Values<VECTOR> values[STEPS];
    const auto load = [&] {
      const long long at = turn < named ? static_cast<long long>(named_rows[turn]) * ACCESSES : 0;
      const long long from = turn < named ? static_cast<long long>(named_slots[turn]) * ACCESSES : 0;
#pragma unroll
      for (int step = 0; step < STEPS; ++step) {
        const int access = step * GROUP + member;
        if (turn < named && access < ACCESSES) {
          values[step].load(p, m, v, at + access);
          values[step].g = load_access<VECTOR>(sums, from + access);
        }
      }
    };
    load();
    const int own = thread % SLOTS;
    const bool second = thread >= SLOTS;
    int t = 0;
    if (own < named) {
      t = steps[named_rows[own]] + 1;
      factors[second ? 1 : 0][own] = correction(options, second, t, state.learning_rate);
    }
    __syncthreads();
    if (own < named && !second) {
      steps[named_rows[own]] = t;
    }
    while (turn < named) {
      const long long at = static_cast<long long>(named_rows[turn]) * ACCESSES;
#pragma unroll
      for (int step = 0; step < STEPS; ++step) {
        const int access = step * GROUP + member;
        if (access < ACCESSES) {
          values[step].update(p, m, v, at + access, options, factors[0][turn], factors[1][turn]);
        }
      }
      turn += GROUPS;
      load();
    }
    __syncthreads();
  }
}

// The first slot whose row, or whose hole, is not below `row`; by all lanes of a warp, 32 slots at once.
__device__ __forceinline__ int slot_at(const int* rows, int slots, int row) {
  const int lane = static_cast<int>(threadIdx.x) % WARP;
  int first = 0;
  int end = slots;  // the answer is in [first, end]
  while (first < end) {
    const int step = (end - first + WARP - 1) / WARP;
    const int probe = first + (lane + 1) * step - 1;  // the last of the lane's part
    const int named = probe < end ? rows[probe] : 0x7fffffff;
    const bool below = (named < 0 ? ~named : named) < row;
    const int parts = __popc(__ballot_sync(ALL_LANES, below));
    first += parts * step;
    end = min(end, first + step - 1);
  }
  return min(first, slots);
}

extern "C" __global__ void __launch_bounds__(BLOCK) adam_table(
    float* p,
    float* m,
    float* v,
    int table_rows,
    const int* rows,
    const float* sums,
    const int* count,
    const long long* state_words,
    double beta1,
    double beta2,
    float l2,
    float rest1,
    float rest2,
    float epsilon) {
  __shared__ int slot_of[TILE];  // of each row of the tile, -1 for none
  __shared__ int first_slot;
  __shared__ float factors[2];
  const Options options = {beta1, beta2, l2, rest1, rest2, epsilon};
  const StepState& state = *step_state(state_words);
  if (state.failed_step >= 0) {
    return;
  }
  const int thread = static_cast<int>(threadIdx.x);
  const int slots = slots_of(count);
  correct_step(options, state, factors);
  for (int first = static_cast<int>(blockIdx.x) * TILE; first < table_rows;
       first += static_cast<int>(gridDim.x) * TILE) {
    const int tile = min(TILE, table_rows - first);
    const long long start = static_cast<long long>(first) * ACCESSES;
    int i = thread;
    Values<VECTOR> values;
    if (i < tile * ACCESSES) {  // under way while the touched rows are looked for
      values.load(p, m, v, start + i);
    }
    for (int row = thread; row < TILE; row += BLOCK) {
      slot_of[row] = -1;
    }
    if (thread < WARP) {
      const int found = slot_at(rows, slots, first);
      if (thread == 0) {
        first_slot = found;
      }
    }
    __syncthreads();
    for (int slot = first_slot + thread; slot < slots; slot += BLOCK) {
      const int named = rows[slot];
      if ((named < 0 ? ~named : named) - first >= tile) {
        break;
      }
      if (named >= 0) {
        slot_of[named - first] = slot;
      }
    }
    __syncthreads();
    while (i < tile * ACCESSES) {
      const int slot = slot_of[i / ACCESSES];
      values.g = slot < 0
          ? zero_access<VECTOR>()
          : load_access<VECTOR>(sums, static_cast<long long>(slot) * ACCESSES + i % ACCESSES);
      values.update(p, m, v, start + i, options, factors[0], factors[1]);
      i += BLOCK;
      if (i < tile * ACCESSES) {
        values.load(p, m, v, start + i);
      }
    }
    __syncthreads();
  }
}
