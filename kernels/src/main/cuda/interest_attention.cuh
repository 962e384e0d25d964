// Scores of candidates x for the interests q_j of one history, equations (12) to (15):
//   s_j = q_j . x;  a = softmax(s) over OVER interests;  y = sum_j a_j s_j;  score = max or sum of y.
// A lane scores its candidates alone, one operation after another in the order written here, none of
// which the compiler may fuse or reorder. So a candidate's score has the same bits in every kernel,
// whoever its neighbours are: top_k relies on it. A NaN stays one, and no score is -0.
#pragma once

// What a softmax has seen so far: the largest s, and sums of e^(s - largest) and of that times s.
struct Seen {
  float largest;
  float total;
  float weighted;
};

// Lets COUNT interests from number `first` on attend; BEGIN where they are the first. q: rows of WIDTH
// floats in shared memory, on multiples of 16 bytes. keep(j, p, s) is told s_j of candidate p.
template <bool BEGIN, int COUNT, int WIDTH, int PER, class Keep>
__device__ __forceinline__ void attend_chunk(
    const float* q, int first, const float (&x)[PER][WIDTH], Seen (&seen)[PER], Keep keep) {
  float s[COUNT][PER] = {};
  q += first * WIDTH;
#pragma unroll
  for (int k = 0; k < WIDTH; k += 4) {
#pragma unroll
    for (int j = 0; j < COUNT; ++j) {
      const float4 four = *reinterpret_cast<const float4*>(q + j * WIDTH + k);
#pragma unroll
      for (int p = 0; p < PER; ++p) {
        s[j][p] = fmaf(four.x, x[p][k], s[j][p]);
        s[j][p] = fmaf(four.y, x[p][k + 1], s[j][p]);
        s[j][p] = fmaf(four.z, x[p][k + 2], s[j][p]);
        s[j][p] = fmaf(four.w, x[p][k + 3], s[j][p]);
      }
    }
  }
#pragma unroll
  for (int p = 0; p < PER; ++p) {
    float largest = BEGIN ? s[0][p] : seen[p].largest;
#pragma unroll
    for (int j = 0; j < COUNT; ++j) {
      largest = fmaxf(largest, s[j][p]);  // loses a NaN, which comes back through its e^s
    }
    if constexpr (BEGIN) {
      seen[p].total = 0.0f;
      seen[p].weighted = 0.0f;
    } else {
      const float shrink = expf(__fsub_rn(seen[p].largest, largest));
      seen[p].total = __fmul_rn(seen[p].total, shrink);
      seen[p].weighted = __fmul_rn(seen[p].weighted, shrink);
    }
    seen[p].largest = largest;
#pragma unroll
    for (int j = 0; j < COUNT; ++j) {
      keep(first + j, p, s[j][p]);
      const float power = expf(__fsub_rn(s[j][p], largest));
      seen[p].total = __fadd_rn(seen[p].total, power);
      seen[p].weighted = fmaf(power, s[j][p], seen[p].weighted);
    }
  }
}

// y of one softmax over the OVER interests from q on, for each of a lane's PER candidates. Adding 0
// makes the -0 that tiny scores may leave a 0.
template <int OVER, int WIDTH, int PER, class Keep>
__device__ __forceinline__ void attend(
    const float* q, const float (&x)[PER][WIDTH], Seen (&seen)[PER], float (&y)[PER], Keep keep) {
  constexpr int CHUNK = OVER <= 16 ? OVER : 8;  // interests in registers at a time
  constexpr int REST = OVER % CHUNK;
  attend_chunk<true, CHUNK, WIDTH, PER>(q, 0, x, seen, keep);
#pragma unroll 1
  for (int first = CHUNK; first + CHUNK <= OVER; first += CHUNK) {
    attend_chunk<false, CHUNK, WIDTH, PER>(q, first, x, seen, keep);
  }
  if constexpr (REST > 0) {
    attend_chunk<false, REST, WIDTH, PER>(q, OVER - REST, x, seen, keep);
  }
#pragma unroll
  for (int p = 0; p < PER; ++p) {
    y[p] = __fadd_rn(__fdiv_rn(seen[p].weighted, seen[p].total), 0.0f);
  }
}

struct KeepNothing {
  __device__ __forceinline__ void operator()(int, int, float) const {}
};

// The larger one, or NaN where one is NaN.
__device__ __forceinline__ float larger_or_nan(float a, float b) {
  return b <= a || a != a ? a : b;
}

// (15) or the sum: what becomes of `score` when the next level's y comes.
template <bool SUM>
__device__ __forceinline__ float read_out(float score, float y) {
  return SUM ? __fadd_rn(score, y) : larger_or_nan(score, y);
}
