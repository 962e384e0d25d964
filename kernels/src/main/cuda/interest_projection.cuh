// W' of interest_readout, and what becomes of products with it; the sizes are those of the file that
// includes this.
#pragma once

// W of the block's interests, which may begin anywhere, to rows [interest][in] of quads, zero where
// there is no W.
__device__ __forceinline__ void load_weights(const float* w, int interest, float4* to) {
  float* floats = reinterpret_cast<float*>(to);
  for (int i = threadIdx.x; i < GROUP * WIDTH * WIDTH; i += blockDim.x) {
    const int row = i / WIDTH;
    const int in = row % WIDTH;
    const int out = i % WIDTH;
    const bool has = D % 4 == 0 || (in < D && out < D);
    floats[4 * swizzled<QUADS>(row, out / 4) + out % 4] =
        has ? w[((interest + row / WIDTH) * D + in) * D + out] : 0.0f;
  }
}

__device__ __forceinline__ float relu(float x) {
  return x < 0.0f ? 0.0f : x;  // NaN stays
}

// A quad of a row of interests, whose last value is `last` where it multiplies an item's bias.
__device__ __forceinline__ float4 with_bias(float4 x, int quad, float last) {
  if (BIAS && quad == QUADS - 1) {
    (D % 4 == 0 ? x.w : D % 4 == 1 ? x.x : D % 4 == 2 ? x.y : x.z) = last;
  }
  return x;
}

// q of a quad of products.
__device__ __forceinline__ float4 interest_of(float4 x, int quad) {
  return with_bias(make_float4(relu(x.x), relu(x.y), relu(x.z), relu(x.w)), quad, 1.0f);
}
