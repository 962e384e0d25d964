// The squashing nonlinearity, shared by every kernel that squashes: phi(r) = r / (1 + r^2) and what its
// derivative needs, written so that r^2 never overflows; and vectors squashed by a group of lanes.
#pragma once
#include "warp.cuh"

// phi(r) = r / (1 + r^2), as 1 / (r + 1/r) for r above 1; phi(0) = 0, phi(inf) = 0.
__device__ __forceinline__ float squash_factor(float r) {
  return r > 1.0f ? 1.0f / (r + 1.0f / r) : r / fmaf(r, r, 1.0f);
}

// r phi'(r) = r (1 - r^2) / (1 + r^2)^2. With 1/r for r it only changes sign.
__device__ __forceinline__ float squash_radial(float r) {
  const bool large = r > 1.0f;
  const float s = large ? 1.0f / r : r;
  const float square = s * s;
  const float denominator = square + 1.0f;
  const float value = s / denominator * ((1.0f - square) / denominator);
  return large ? -value : value;
}

// 1/x, and 0 where x is 0 or too small to have a reciprocal (below the least normal number).
__device__ __forceinline__ float reciprocal_or_zero(float x) {
  return x < 1.17549435e-38f ? 0.0f : 1.0f / x;
}

// |v| of a vector that GROUP lanes hold in parts, the same in all of them. Components are divided by
// the largest, so no square overflows or vanishes.
template <int GROUP, int HELD>
__device__ __forceinline__ float group_norm(const float (&v)[HELD]) {
  float largest = 0.0f;
#pragma unroll
  for (int k = 0; k < HELD; ++k) {
    largest = fmaxf(largest, fabsf(v[k]));
  }
  largest = group_max<GROUP>(largest);  // loses a NaN, which comes back through the sum of squares
  const float inverse = reciprocal_or_zero(largest);
  float sum = 0.0f;
#pragma unroll
  for (int k = 0; k < HELD; ++k) {
    const float scaled = v[k] * inverse;
    sum = fmaf(scaled, scaled, sum);
  }
  return sqrtf(group_sum<GROUP>(sum)) * largest;
}

// v becomes o = phi v.
template <int GROUP, int HELD>
__device__ __forceinline__ void group_squash(float (&v)[HELD]) {
  const float phi = squash_factor(group_norm<GROUP>(v));
#pragma unroll
  for (int k = 0; k < HELD; ++k) {
    v[k] *= phi;
  }
}

// The derivative by o becomes that by v: phi dO + r phi'(r) (e . dO) e with e = v / r; 0 at v = 0.
// v becomes e.
template <int GROUP, int HELD>
__device__ __forceinline__ void group_squash_backward(float (&v)[HELD], float (&gradient)[HELD]) {
  const float r = group_norm<GROUP>(v);
  const float phi = squash_factor(r);
  const float inverse = reciprocal_or_zero(r);
  float along = 0.0f;  // e . dO
#pragma unroll
  for (int k = 0; k < HELD; ++k) {
    v[k] *= inverse;
    along = fmaf(v[k], gradient[k], along);
  }
  const float scale = group_sum<GROUP>(along) * squash_radial(r);
#pragma unroll
  for (int k = 0; k < HELD; ++k) {
    gradient[k] = fmaf(v[k], scale, phi * gradient[k]);
  }
}
