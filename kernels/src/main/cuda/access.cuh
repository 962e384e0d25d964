// One access to memory as values: VECTOR floats, 1, 2 or 4, which lie on a multiple of their size.
#pragma once

template <int VECTOR>
struct Access {
  static_assert(VECTOR == 1 || VECTOR == 2 || VECTOR == 4, "an access is 4, 8 or 16 bytes");
  float x[VECTOR];
};

template <int VECTOR>
__device__ __forceinline__ Access<VECTOR> zero_access() {
  Access<VECTOR> access;
#pragma unroll
  for (int i = 0; i < VECTOR; ++i) {
    access.x[i] = 0.0f;
  }
  return access;
}

// Access number `index` of an array.
template <int VECTOR>
__device__ __forceinline__ Access<VECTOR> load_access(const float* from, long long index) {
  Access<VECTOR> access;
  if constexpr (VECTOR == 4) {
    const float4 four = reinterpret_cast<const float4*>(from)[index];
    access.x[0] = four.x;
    access.x[1] = four.y;
    access.x[2] = four.z;
    access.x[3] = four.w;
  } else if constexpr (VECTOR == 2) {
    const float2 two = reinterpret_cast<const float2*>(from)[index];
    access.x[0] = two.x;
    access.x[1] = two.y;
  } else {
    access.x[0] = from[index];
  }
  return access;
}

template <int VECTOR>
__device__ __forceinline__ void store_access(
    float* to, long long index, const Access<VECTOR>& access) {
  if constexpr (VECTOR == 4) {
    reinterpret_cast<float4*>(to)[index] =
        make_float4(access.x[0], access.x[1], access.x[2], access.x[3]);
  } else if constexpr (VECTOR == 2) {
    reinterpret_cast<float2*>(to)[index] = make_float2(access.x[0], access.x[1]);
  } else {
    to[index] = access.x[0];
  }
}

template <int VECTOR>
__device__ __forceinline__ Access<VECTOR> operator+(
    const Access<VECTOR>& a, const Access<VECTOR>& b) {
  Access<VECTOR> sum;
#pragma unroll
  for (int i = 0; i < VECTOR; ++i) {
    sum.x[i] = a.x[i] + b.x[i];
  }
  return sum;
}
