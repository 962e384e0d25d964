// The squashing nonlinearity's scalar parts, shared by every kernel that squashes:
// phi(r) = r / (1 + r^2) and what its derivative needs, written so that r^2 never overflows.
#pragma once

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
