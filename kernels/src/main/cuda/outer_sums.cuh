// Sums over items of the outer products of two rows of D floats: [D][D], held in registers by a block
// through all its histories and written once. For any D and rows as item_rows.cuh lays them out, by the
// whole block; outer_piece.cuh is for swizzled rows of whole 32 bytes, by single warps.
#pragma once
#include "item_rows.cuh"

// A thread has 4 x 4 of the values for every GROUPS-th item. Eight neighbouring lanes read 2 quads of
// one row and 4 of the other: no two of them different quads in one group of banks.
template <int D>
struct OuterSums {
  static constexpr int QUADS = ItemRows<D>::QUADS;
  static constexpr int FOURS = (QUADS + 3) / 4;
  static constexpr int LANES = (QUADS + 1) / 2 * FOURS * 8;  // that cover the values once
  static constexpr int GROUPS = LANES < ITEM_BLOCK ? ITEM_BLOCK / LANES : 1;
  static constexpr int HELD = (LANES + ITEM_BLOCK - 1) / ITEM_BLOCK;

  float4 sums[HELD][4];

  // Which quads of left and right a thread multiplies, and for which items.
  struct Share {
    int left;
    int right;
    int group;
    bool any;

    __device__ __forceinline__ explicit Share(int held) {
      const int thread = static_cast<int>(threadIdx.x) + held * ITEM_BLOCK;
      const int within = thread % LANES;
      const int eight = within / 8;
      left = eight / FOURS * 2 + within / 4 % 2;
      right = eight % FOURS * 4 + within % 4;
      group = thread / LANES;
      any = left < QUADS && right < QUADS && group < GROUPS;
    }
  };

  __device__ __forceinline__ OuterSums() {
#pragma unroll
    for (int held = 0; held < HELD; ++held) {
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        sums[held][k] = zero_quad();
      }
    }
  }

  // Items `first` and on of a history.
  __device__ __forceinline__ void add(const float* left, const float* right, int first, int rows) {
    constexpr int STRIDE = ItemRows<D>::STRIDE;
#pragma unroll
    for (int held = 0; held < HELD; ++held) {
      const Share share(held);
      if (share.any) {
        const int begin = (share.group + GROUPS - first % GROUPS) % GROUPS;
#pragma unroll 1
        for (int row = begin; row < rows; row += GROUPS) {
          const float4 a = quad_at(left + row * STRIDE, share.left);
          const float4 b = quad_at(right + row * STRIDE, share.right);
          sums[held][0] = fma(a.x, b, sums[held][0]);
          sums[held][1] = fma(a.y, b, sums[held][1]);
          sums[held][2] = fma(a.z, b, sums[held][2]);
          sums[held][3] = fma(a.w, b, sums[held][3]);
        }
      }
    }
  }

  // The sums to [D][D], group after group; `room` is for 16 QUADS^2 floats that no one uses.
  __device__ __forceinline__ void store(float* room, float* to) const {
#pragma unroll 1
    for (int group = 0; group < GROUPS; ++group) {
      __syncthreads();
#pragma unroll
      for (int held = 0; held < HELD; ++held) {
        const Share share(held);
        if (share.any && share.group == group) {
#pragma unroll
          for (int k = 0; k < 4; ++k) {
            float* const row = room + (4 * share.left + k) * 4 * QUADS;
            const float4 own = sums[held][k];
            put_quad(row, share.right, group == 0 ? own : sum(quad_at(row, share.right), own));
          }
        }
      }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < D * D; i += ITEM_BLOCK) {
      to[i] = room[i / D * 4 * QUADS + i % D];
    }
  }
};
