// Rows of D floats from global memory, where they follow one another, to quads in shared memory.
#pragma once
#include "quads.cuh"

// `rows` rows by `threads` threads. source(row) is the row's number behind `from`; place(row, quad) is
// where its quad goes.
template <int D, class Source, class Place>
__device__ __forceinline__ void load_quads(
    const float* from, int rows, int thread, int threads, Source source, Place place) {
  constexpr int QUADS = (D + 3) / 4;
  for (int i = thread; i < rows * QUADS; i += threads) {
    const int row = i / QUADS;
    const int quad = i % QUADS;
    *place(row, quad) = load_quad<D>(from + source(row) * D, quad);
  }
}

// Rows in their order.
struct InOrder {
  __device__ __forceinline__ int operator()(int row) const { return row; }
};

// Quad of the item-th thread where threads take the quads of rows one after another, every other row
// backwards: so 8 neighbours never have both a quad and the one 8 behind it, which share banks.
template <int QUADS>
__device__ __forceinline__ int snake(int item) {
  const int quad = item % QUADS;
  return item / QUADS % 2 == 0 ? quad : QUADS - 1 - quad;
}
