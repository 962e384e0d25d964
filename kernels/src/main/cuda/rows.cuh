// Rows of D floats between global memory, where they follow one another, and shared memory, where a
// row has WIDTH floats: D rounded up to whole 16-byte pieces, the rest of them zero.
#pragma once

__host__ __device__ constexpr int whole_pieces(int d) {
  return (d + 3) / 4 * 4;
}

// Stride, in floats, of things of `floats` floats each of which threads read one: an odd number of
// 16-byte pieces, so that neighbours lie in different banks.
__host__ __device__ constexpr int odd_pieces(int floats) {
  return floats / 4 % 2 == 0 ? floats + 4 : floats;
}

// Place of piece `piece` of row `row` among rows of PIECES pieces without gaps: pieces trade places
// within a row so that neither the same piece of 8 neighbouring rows nor 8 neighbouring pieces meet
// in a bank.
template <int PIECES>
__device__ __forceinline__ int swizzled(int row, int piece) {
  constexpr int COMMON = PIECES % 8 == 0 ? 8 : PIECES % 4 == 0 ? 4 : PIECES % 2 == 0 ? 2 : 1;
  return (row * PIECES + piece) ^ (row / (8 / COMMON) % COMMON);
}

// Piece of the item-th thread where threads take the pieces of rows one after another, every other row
// backwards: so 8 neighbours never have both a piece and the one 8 behind it, which share banks.
template <int PIECES>
__device__ __forceinline__ int snake(int item) {
  const int piece = item % PIECES;
  return item / PIECES % 2 == 0 ? piece : PIECES - 1 - piece;
}

// Rows from global to shared memory by `threads` threads. source(row) is the row's number behind
// `from`, negative for a row of zeros; place(row, piece) is where its 16-byte piece goes. VECTOR = 4
// where D is a multiple of 4 and `from` of 16 bytes, else 1.
template <int D, int VECTOR, class Source, class Place>
__device__ __forceinline__ void load_rows(
    const float* from, int rows, int thread, int threads, Source source, Place place) {
  constexpr int PIECES = whole_pieces(D) / 4;
  for (int i = thread; i < rows * PIECES; i += threads) {
    const int row = i / PIECES;
    const int piece = i % PIECES;
    const int number = source(row);
    float4 four = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (number >= 0) {
      if constexpr (VECTOR == 4) {
        four = reinterpret_cast<const float4*>(from)[number * PIECES + piece];
      } else {
        const float* at = from + number * D + piece * 4;
        const int has = D - piece * 4;
        four.x = at[0];
        four.y = has > 1 ? at[1] : 0.0f;
        four.z = has > 2 ? at[2] : 0.0f;
        four.w = has > 3 ? at[3] : 0.0f;
      }
    }
    *place(row, piece) = four;
  }
}

// All rows in their order.
struct InOrder {
  __device__ __forceinline__ int operator()(int row) const { return row; }
};

// One piece of a row to global memory, as far as the row goes.
template <int D, int VECTOR>
__device__ __forceinline__ void store_piece(float* row, int piece, float4 four) {
  if constexpr (VECTOR == 4) {
    reinterpret_cast<float4*>(row)[piece] = four;
  } else {
    float* at = row + piece * 4;
    const int has = D - piece * 4;
    at[0] = four.x;
    if (has > 1) {
      at[1] = four.y;
    }
    if (has > 2) {
      at[2] = four.z;
    }
    if (has > 3) {
      at[3] = four.w;
    }
  }
}
