// How the lanes of one direction of bilstm share its work: weights stay in registers, sequences
// pass by.
//
// A lane is (group, unit, part); neighbouring lanes have the same part, so that they read the same
// inputs. It holds the weights of the four gates of its unit for every SPLIT-th quad (four
// neighbouring inputs) of a step's input row [z | h], and adds them up for the TOGETHER sequences
// of its group. Then the SPLIT lanes of a unit exchange their parts of the sums, so that each ends
// with all four gates of one sequence, OWNERS lanes with the same: the first of them is its owner.
// Every sum is one tree over parts, whichever lane ends with it, so a sequence's bits do not depend
// on its place in a tile. Rows are padded to whole quads; a padded input has weight 0 and value 0.
#pragma once
#include "warp.cuh"

constexpr int GATES = 4;  // i, f, g, o

__host__ __device__ constexpr int whole(int n, int unit) {
  return (n + unit - 1) / unit * unit;
}

// The least multiple of 4 from n on that leaves `rest` (of 4 at least) when divided by the 32
// banks.
__host__ __device__ constexpr int banked(int n, int rest) {
  return whole(n, 4) + ((whole(rest, 4) - whole(n, 4)) % 32 + 32) % 32;
}

// Gates a lane of those units of h that are left when each of `split` lanes has as many: 1 or 2, or
// 0 where they do not divide into either.
__host__ __device__ constexpr int gate_rest(int h, int split) {
  const int left = h % split * GATES;
  return left == split || left == 2 * split ? left / split : 0;
}

// 2^x and 1 / x by approximations that are within two units in the last place, with exact limits:
// gates need no more than tanhf's own exactness (sigmoid.cuh has one to the last place). Compilers
// leave them, and what `keep` is told, in the order in which they are written: that is what hides
// how long each takes.
__device__ __forceinline__ float gate_power(float x) {
  float power;
  asm volatile("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(x));
  return power;
}

__device__ __forceinline__ float gate_reciprocal(float x) {
  float result;
  asm volatile("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

// x is made before what follows, not where it is used.
__device__ __forceinline__ void keep(float& x) {
  asm volatile("" : "+f"(x));
}

template <int N>
__device__ __forceinline__ void keep(float (&x)[N]) {
#pragma unroll
  for (int n = 0; n < N; ++n) {
    keep(x[n]);
  }
}

// x of the lane that is `distance` away, as __shfl_xor_sync gives it, without moving to an integer.
__device__ __forceinline__ float from_lane(float x, int distance) {
  float other;
  asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 31, 0xffffffff;"
               : "=f"(other) : "f"(x), "r"(distance));
  return other;
}

__device__ __forceinline__ float dot(const float4& a, const float (&b)[4], float sum) {
  return fmaf(a.w, b[3], fmaf(a.z, b[2], fmaf(a.y, b[1], fmaf(a.x, b[0], sum))));
}

template <int D_, int H_, int SPLIT_, int TOGETHER_, int GROUPS_>
struct Lanes {
  static constexpr int D = D_;
  static constexpr int H = H_;
  static constexpr int SPLIT = SPLIT_;
  static constexpr int TOGETHER = TOGETHER_;
  static constexpr int GROUPS = GROUPS_;
  static constexpr int DP = whole(D, 4);  // floats of a padded row of z, y and their gradients
  static constexpr int HP = whole(H, 4);  // of a direction's states
  static constexpr int INPUT_QUADS = DP / 4;
  static constexpr int STATE_QUADS = HP / 4;
  static constexpr int QUADS = INPUT_QUADS + STATE_QUADS;
  static constexpr int PIECES = (QUADS + SPLIT - 1) / SPLIT;  // quads a lane, of [z | h]
  static constexpr int EARLY = INPUT_QUADS / SPLIT;  // the first of them, which are of z alone
  static constexpr int STATE_PIECES = (STATE_QUADS + SPLIT - 1) / SPLIT;  // of h alone
  // The 4 H gates of all units: whole units a lane, and then, if what is left divides so, 1 or 2
  // gates.
  static constexpr int GATE_REST = gate_rest(H, SPLIT);
  static constexpr int UNIT_PIECES = (H + (GATE_REST > 0 ? 0 : SPLIT - 1)) / SPLIT;
  static constexpr int OWNERS = SPLIT / TOGETHER;
  static constexpr int SEQUENCES = GROUPS * TOGETHER;  // of a tile
  // Banks from a sequence's window to the next one's in its group: parts that look at the same
  // place of different sequences, and owners at different units, then meet in no bank.
  static constexpr int APART = TOGETHER > 1 ? WARP / TOGETHER : H;
  // Whether lanes have so many sequences that registers are short: then less is under way at once.
  static constexpr bool LEAN = TOGETHER > 2;
  static constexpr int COLUMNS = WARP / SPLIT;                               // units a warp
  static constexpr int THREADS = whole(GROUPS * H, COLUMNS) * SPLIT;         // of a direction
  static constexpr bool FULL = (GROUPS * H) % COLUMNS == 0;  // no lane only fills up a warp
  static_assert(WARP % SPLIT == 0, "parts exchange by shuffles");
  static_assert(SPLIT % TOGETHER == 0, "each part of a unit ends with one sequence");

  int group;
  int unit;
  int part;        // [0, SPLIT)
  int own;         // the group's sequence whose cell this lane computes, [0, TOGETHER)
  bool live;       // false in lanes that only fill up the last warp: they repeat the last unit
  bool owner;

  // lane in [0, THREADS)
  __device__ __forceinline__ explicit Lanes(int lane) {
    const int place = lane / WARP * COLUMNS + lane % COLUMNS;
    const int column = min(place, GROUPS * H - 1);
    part = lane % WARP / COLUMNS;
    unit = GROUPS == 1 ? column : column % H;
    group = GROUPS == 1 ? 0 : column / H;
    own = part % TOGETHER;
    live = FULL || place == column;
    owner = live && (OWNERS == 1 || part < TOGETHER);
  }

  // Which of the group's sequences a lane has in place q of TOGETHER: its own in place 0, and the
  // others so that what `exchange` sends lies in the same place in all lanes. LEAN lanes have no
  // registers for that: all have them in order, and choose what they send.
  __device__ __forceinline__ int in_place(int q) const { return LEAN ? q : q ^ own; }

  // The tile's sequence whose cell this lane computes.
  __device__ __forceinline__ int sequence() const { return group * TOGETHER + own; }

  // This lane's piece of a row [z | h]. Where its quad lies behind the row, some other one.
  __device__ __forceinline__ float4 piece(int i, const float* row) const {
    const int quad = part + i * SPLIT;
    const bool within = (i + 1) * SPLIT <= QUADS;
    return reinterpret_cast<const float4*>(row)[within ? quad : min(quad, QUADS - 1)];
  }

  // The same where z and h lie apart.
  __device__ __forceinline__ float4 piece(int i, const float* z, const float* h) const {
    const int first = i * SPLIT;
    const int quad = part + first;
    if (first + SPLIT <= INPUT_QUADS) {
      return reinterpret_cast<const float4*>(z)[quad];
    }
    const bool within = first >= INPUT_QUADS && first + SPLIT <= QUADS;
    const int state = within ? quad - INPUT_QUADS : min(quad - INPUT_QUADS, STATE_QUADS - 1);
    if (first >= INPUT_QUADS) {
      return reinterpret_cast<const float4*>(h)[state];
    }
    return reinterpret_cast<const float4*>(quad < INPUT_QUADS ? z : h)
        [quad < INPUT_QUADS ? quad : state];
  }

  // The input of element e of piece i: below D of z, from D on of h, -1 where there is only
  // padding.
  __device__ __forceinline__ int input(int i, int e) const {
    const int quad = part + i * SPLIT;
    const int k = quad * 4 + e;
    if (quad < INPUT_QUADS) {
      return k < D ? k : -1;
    }
    return k - DP < H ? D + k - DP : -1;
  }

  // Whether element e of piece i is padding in every lane, known to the compiler.
  static __device__ __forceinline__ constexpr bool padding(int i, int e) {
    const int k = i * 4 + e;
    return SPLIT == 1 && (i < INPUT_QUADS ? k >= D : k - DP >= H);
  }

  // Adds up the parts of value[place][n]; this lane gets those of its own sequence in value[0].
  // `meanwhile` is done while the first exchange is under way.
  template <int N, class Meanwhile>
  __device__ __forceinline__ void exchange(
      float (&value)[TOGETHER][N], Meanwhile meanwhile) const {
    if constexpr (SPLIT == 1) {
      meanwhile();
    }
#pragma unroll
    for (int step = 1; step < SPLIT; step *= 2) {
      const int from = TOGETHER / (2 * step);  // 0 where all have parts of the same sequence
      const int distance = from > 0 ? from : step;
      const bool upper = LEAN && from > 0 && (part & distance) != 0;
      float other[TOGETHER][N];
#pragma unroll
      for (int q = 0; q < (from > 0 ? from : 1); ++q) {
#pragma unroll
        for (int n = 0; n < N; ++n) {
          const float sent = upper ? value[q][n] : value[q + from][n];
          value[q][n] = upper ? value[q + from][n] : value[q][n];
          other[q][n] = from_lane(sent, distance * COLUMNS);
        }
      }
      if (step == 1) {
        meanwhile();
      }
#pragma unroll
      for (int q = 0; q < (from > 0 ? from : 1); ++q) {
#pragma unroll
        for (int n = 0; n < N; ++n) {
          value[q][n] += other[q][n];
        }
        keep(value[q]);
      }
    }
  }

  template <int N>
  __device__ __forceinline__ void exchange(float (&value)[TOGETHER][N]) const {
    exchange(value, [] {});
  }

  // The sum over the parts of a unit, in all of them.
  __device__ __forceinline__ float over_parts(float x) const {
#pragma unroll
    for (int distance = SPLIT / 2; distance > 0; distance /= 2) {
      x += from_lane(x, distance * COLUMNS);
    }
    return x;
  }
};
