// Layer normalisation over rows of D values, a group of lanes a row, and what its backward adds up.
#pragma once
#include "transformer_layer.cuh"

constexpr float NORM_EPSILON = 1e-5f;  // TransformerEncoder.EPSILON

template <int D>
struct Norm {
  static constexpr int LANES = lanes_for(D);
  static constexpr int PER = (D + LANES - 1) / LANES;  // columns of a lane: lane, lane + LANES, ...
  static constexpr int GROUPS = THREADS / LANES;

  // A lane's part of a row.
  struct Row {
    float x[PER];
  };

  const float* gain;  // and behind it the bias

  static __device__ __forceinline__ int lane() { return static_cast<int>(threadIdx.x) % LANES; }
  static __device__ __forceinline__ int group() { return static_cast<int>(threadIdx.x) / LANES; }

  // visit(column of the lane, its number) for those that exist.
  template <class Visit>
  static __device__ __forceinline__ void each_column(Visit visit) {
#pragma unroll
    for (int i = 0; i < PER; ++i) {
      if (D % LANES == 0 || lane() + i * LANES < D) {
        visit(lane() + i * LANES, i);
      }
    }
  }

  // visit(row, whether it exists): all lanes take part in each.
  template <class Visit>
  static __device__ __forceinline__ void each_row(int rows, Visit visit) {
#pragma unroll 1
    for (int first = 0; first < rows; first += GROUPS) {
      const int row = first + Spread<LANES / 4>::row(group());
      visit(row, row < rows);
    }
  }

  // A row, or zeros where none exists.
  static __device__ __forceinline__ Row load(const float* from, bool exists) {
    Row row = {};
    each_column([&](int column, int i) { row.x[i] = exists ? from[column] : 0.0f; });
    return row;
  }

  static __device__ __forceinline__ void store(const Row& row, float* to, bool exists) {
    each_column([&](int column, int i) {
      if (exists) {
        to[column] = row.x[i];
      }
    });
  }

  // x -> (x - mean) / sigma; returns 1 / sigma.
  static __device__ __forceinline__ float normalise(Row& row) {
    float sum = 0.0f;
    each_column([&](int, int i) { sum += row.x[i]; });
    const float mean = group_sum<LANES>(sum) / D;
    float square = 0.0f;
    each_column([&](int, int i) {
      row.x[i] -= mean;
      square = fmaf(row.x[i], row.x[i], square);
    });
    const float scale = 1.0f / sqrtf(group_sum<LANES>(square) / D + NORM_EPSILON);
    each_column([&](int, int i) { row.x[i] *= scale; });
    return scale;
  }

  __device__ __forceinline__ Row result(const Row& normal) const {
    Row row = {};
    each_column([&](int column, int i) {
      row.x[i] = fmaf(normal.x[i], gain[column], gain[D + column]);
    });
    return row;
  }

  // Derivatives by the result -> by what was normalised.
  __device__ __forceinline__ void back(Row& gradient, const Row& normal, float scale) const {
    float sum = 0.0f;
    float product = 0.0f;
    each_column([&](int column, int i) {
      gradient.x[i] *= gain[column];
      sum += gradient.x[i];
      product = fmaf(gradient.x[i], normal.x[i], product);
    });
    const float mean = group_sum<LANES>(sum) / D;
    const float along = group_sum<LANES>(product) / D;
    each_column([&](int, int i) {
      gradient.x[i] = scale * (gradient.x[i] - mean - normal.x[i] * along);
    });
  }

  // The gradients of gain and bias in a lane's columns, over the rows of its group.
  struct Sums {
    float gain[PER] = {};
    float bias[PER] = {};

    __device__ __forceinline__ void add(const Row& gradient, const Row& normal) {
      each_column([&](int, int i) {
        gain[i] = fmaf(gradient.x[i], normal.x[i], gain[i]);
        bias[i] += gradient.x[i];
      });
    }

    // Adds up the groups in order, in room[GROUPS][2 D], to total[2 D].
    __device__ __forceinline__ void give(float* room, float* total) const {
      __syncthreads();
      each_column([&](int column, int i) {
        room[group() * 2 * D + column] = gain[i];
        room[group() * 2 * D + D + column] = bias[i];
      });
      __syncthreads();
      for (int column = static_cast<int>(threadIdx.x); column < 2 * D; column += THREADS) {
        float sum = room[column];
        for (int g = 1; g < GROUPS; ++g) {
          sum += room[g * 2 * D + column];
        }
        total[column] = sum;
      }
    }
  };
};
