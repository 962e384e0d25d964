// The adjacency's sigmoid, with its underflow at the same logit as on every other backend.
#pragma once

constexpr float LEAST_LOGIT = -87.0f;  // HadamardSigmoidAdjacency.LEAST_LOGIT

// 1 / (1 + e^-s) and what is missing to 1, each to its own last place: never 1 - value.
struct Sigmoid {
  float value;  // 0 below LEAST_LOGIT
  float rest;   // sigmoid(-s): 0 above -LEAST_LOGIT
};

// 1 / x for x in [1, 2], to the last place: without the way out for other x that a division has.
__device__ __forceinline__ float reciprocal_of_one_to_two(float x) {
  const float near = __fdividef(1.0f, x);
  return fmaf(near, fmaf(-x, near, 1.0f), near);
}

__device__ __forceinline__ Sigmoid sigmoid(float s) {
  const float e = expf(-fabsf(s));
  const float large = reciprocal_of_one_to_two(1.0f + e);
  const float small = fabsf(s) > -LEAST_LOGIT ? 0.0f : e * large;
  return s < 0.0f ? Sigmoid{small, large} : Sigmoid{large, small};
}
