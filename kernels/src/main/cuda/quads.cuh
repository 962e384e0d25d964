// Rows of floats as quads, which are 16-byte accesses where rows are whole quads.
#pragma once

__host__ __device__ constexpr int multiple_of(int unit, int n) {
  return (n + unit - 1) / unit * unit;
}

// Floats from row to row: an odd number of quads, so that one quad of 8 neighbouring rows lies in 8
// different groups of banks.
__host__ __device__ constexpr int odd_quads(int floats) {
  return 4 * ((floats + 3) / 4 | 1);
}

// Four neighbouring values of a row of D; zero behind its end. With D % 4 == 0 the row must lie on a
// multiple of 16 bytes.
template <int D>
__device__ __forceinline__ float4 load_quad(const float* row, int quad) {
  if constexpr (D % 4 == 0) {
    return reinterpret_cast<const float4*>(row)[quad];
  } else {
    const int k = 4 * quad;
    return make_float4(
        k < D ? row[k] : 0.0f,
        k + 1 < D ? row[k + 1] : 0.0f,
        k + 2 < D ? row[k + 2] : 0.0f,
        k + 3 < D ? row[k + 3] : 0.0f);
  }
}

// The reverse; nothing is written behind the row's end.
template <int D>
__device__ __forceinline__ void store_quad(float* row, int quad, float4 value) {
  if constexpr (D % 4 == 0) {
    reinterpret_cast<float4*>(row)[quad] = value;
  } else {
    const float values[4] = {value.x, value.y, value.z, value.w};
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      if (4 * quad + j < D) {
        row[4 * quad + j] = values[j];
      }
    }
  }
}

// Place of a quad among rows of QUADS in shared memory. Quads of a row are exchanged so that eight
// lanes meet different banks whether they read neighbouring quads or one quad of neighbouring rows.
template <int QUADS>
__device__ __forceinline__ int swizzled(int row, int quad) {
  constexpr int SHARED = QUADS % 8 == 0 ? 8 : QUADS % 4 == 0 ? 4 : QUADS % 2 == 0 ? 2 : 1;
  return row * QUADS + (quad ^ row / (8 / SHARED) % SHARED);
}

__device__ __forceinline__ float4 zero_quad() {
  return make_float4(0.0f, 0.0f, 0.0f, 0.0f);
}

__device__ __forceinline__ float4 product(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

__device__ __forceinline__ float4 times(float factor, float4 a) {
  return make_float4(factor * a.x, factor * a.y, factor * a.z, factor * a.w);
}

// sum + factor * a.
__device__ __forceinline__ float4 fma(float factor, float4 a, float4 sum) {
  return make_float4(
      fmaf(factor, a.x, sum.x),
      fmaf(factor, a.y, sum.y),
      fmaf(factor, a.z, sum.z),
      fmaf(factor, a.w, sum.w));
}

// sum + a . b, in the order of the components.
__device__ __forceinline__ float dot(float4 a, float4 b, float sum) {
  return fmaf(a.w, b.w, fmaf(a.z, b.z, fmaf(a.y, b.y, fmaf(a.x, b.x, sum))));
}

__device__ __forceinline__ float4 sum(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}
