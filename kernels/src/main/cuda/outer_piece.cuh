// Sums of outer products a_row^T b_row of rows in shared memory, spread over the registers of PARTS
// warps: the derivative of a weight matrix.
#pragma once
#include "quads.cuh"
#include "warp.cuh"

// A lane's piece of the SIZE x SIZE matrix: 8 values of a, as two quads far apart so that lanes side
// by side meet different banks, by one or two quads of b. Where a warp has fewer pieces than lanes,
// lanes take several rows at once, ABREAST of them, whose sums `give` brings together.
template <int SIZE, int PARTS, int B_QUADS>
struct OuterPiece {
  static constexpr int QUADS = SIZE / 4;
  static constexpr int A_STRIDE = QUADS / 2;
  static constexpr int B_STRIDE = QUADS / B_QUADS;
  static constexpr int PIECES = A_STRIDE * B_STRIDE;
  static constexpr int PIECES_A_PART = (PIECES + PARTS - 1) / PARTS;
  static constexpr int ABREAST = WARP / PIECES_A_PART;
  static_assert(SIZE % 8 == 0, "a lane has 8 values of a");
  static_assert(PIECES_A_PART <= WARP, "a lane has one piece");

  float4 sum[8][B_QUADS];
  int a;        // quads a and a + A_STRIDE
  int b;        // quads b and b + B_STRIDE
  int abreast;  // [0, ABREAST), or ABREAST where the lane has no piece

  // part in [0, PARTS), lane in [0, 32)
  __device__ __forceinline__ OuterPiece(int part, int lane) {
    const int piece = part * PIECES_A_PART + lane % PIECES_A_PART;
    a = min(piece, PIECES - 1) / B_STRIDE;
    b = min(piece, PIECES - 1) % B_STRIDE;
    abreast = piece < PIECES ? lane / PIECES_A_PART : ABREAST;
#pragma unroll
    for (int i = 0; i < 8; ++i) {
#pragma unroll
      for (int j = 0; j < B_QUADS; ++j) {
        sum[i][j] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
      }
    }
  }

  // Adds rows [0, rows) of a[.][QUADS] and b[.][QUADS], both swizzled.
  __device__ __forceinline__ void add(const float4* as, const float4* bs, int rows) {
    if (abreast >= ABREAST) {
      return;
    }
#pragma unroll 1
    for (int row = abreast; row < rows; row += ABREAST) {
      float values[8];
      float4 others[B_QUADS];
#pragma unroll
      for (int j = 0; j < B_QUADS; ++j) {
        others[j] = bs[swizzled<QUADS>(row, b + j * B_STRIDE)];
      }
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const float4 four = as[swizzled<QUADS>(row, a + i * A_STRIDE)];
        values[4 * i] = four.x;
        values[4 * i + 1] = four.y;
        values[4 * i + 2] = four.z;
        values[4 * i + 3] = four.w;
      }
#pragma unroll
      for (int i = 0; i < 8; ++i) {
#pragma unroll
        for (int j = 0; j < B_QUADS; ++j) {
          sum[i][j] = fma(values[i], others[j], sum[i][j]);
        }
      }
    }
  }

  // Place of a quad in a matrix of MATRIX quads in shared memory: every four rows four quads are left
  // free, so that lanes with different a meet different banks.
  static constexpr int MATRIX = SIZE * (QUADS + 1);
  static __device__ __forceinline__ int cell(int row, int quad) {
    return row * QUADS + row / 4 * 4 + quad;
  }

  // Into a matrix laid out by `cell`: set, or added to what is there. One lane of a piece at a time.
  __device__ __forceinline__ void give(float4* total, bool fresh) const {
#pragma unroll
    for (int i = 0; i < 8; ++i) {
#pragma unroll
      for (int j = 0; j < B_QUADS; ++j) {
        const int row = 4 * (a + i / 4 * A_STRIDE) + i % 4;
        float4& value = total[cell(row, b + j * B_STRIDE)];
        value = fresh ? sum[i][j] : ::sum(value, sum[i][j]);
      }
    }
  }
};
