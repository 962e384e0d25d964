// Operators as a tensor library runs them one by one: each reads its operands from global memory and
// writes its result there. For comparing with the fused kernels, and for nothing else.
//
// Arrays have four dimensions with strides in elements, 0 where an operand is repeated; results are
// dense, the last dimension fastest, but for those of pointwise, which may be views. Sizes are below
// 2^31. Neighbouring threads have neighbouring results, so accesses are as coalesced as the strides
// allow.
//
// Compile-time: UNFUSED_OP, the operation of pointwise, reduce and scatter; UNFUSED_LANES, how many lanes
//   share a row of reduce and softmax: 32 where the row is contiguous, else 1.
#ifndef UNFUSED_OP
#define UNFUSED_OP 0
#endif
#ifndef UNFUSED_LANES
#define UNFUSED_LANES 32
#endif

constexpr int OP = UNFUSED_OP;
constexpr int LANES = UNFUSED_LANES;
constexpr int TILE = 16;
constexpr float LOWEST = -3.402823466e38f;  // the least float

__device__ __forceinline__ float gelu_slope(float x) {
  const float density = 0.398942280f * expf(-0.5f * x * x);
  return 0.5f * (1.0f + erff(x * 0.707106781f)) + x * density;
}

// The numbers are the order of the enumeration Pointwise in Java.
__device__ __forceinline__ float apply(float a, float b, float c) {
  switch (OP) {
    case 0:
      return a + b;
    case 1:
      return a - b;
    case 2:
      return a * b;
    case 3:
      return a / b;
    case 4:
      return a > 0.0f ? b : c * b;
    case 5:
      return a == b ? 1.0f : 0.0f;
    case 6:
      return a * c;
    case 7:
      return a + c;
    case 8:
      return 1.0f / (1.0f + expf(-a));
    case 9:
      return tanhf(a);
    case 10:
      return a > 0.0f ? a : c * a;
    case 11:
      return expf(a);
    case 12:
      return sqrtf(a);
    case 13:
      return a == 0.0f ? 0.0f : 1.0f / a;
    case 14:
      return 0.5f * a * (1.0f + erff(a * 0.707106781f));
    case 15:
      return gelu_slope(a);
    case 16:
      return log1pf(expf(-fabsf(a)));
    case 17:
      return a;
    default:
      return c;
  }
}

// out[...] = apply(a[...], b[...], c), a thread a result; a and b may be out.
extern "C" __global__ void __launch_bounds__(256) unfused_pointwise(
    float* out, const float* a, const float* b, int n0, int n1, int n2, int n3, int a0, int a1,
    int a2, int a3, int b0, int b1, int b2, int b3, int o0, int o1, int o2, int o3, float c) {
  const int total = n0 * n1 * n2 * n3;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < total; i += gridDim.x * blockDim.x) {
    const int i3 = i % n3;
    const int i2 = i / n3 % n2;
    const int i1 = i / n3 / n2 % n1;
    const int i0 = i / n3 / n2 / n1;
    const float left = OP < 18 ? a[i0 * a0 + i1 * a1 + i2 * a2 + i3 * a3] : 0.0f;
    const float right = OP < 6 ? b[i0 * b0 + i1 * b1 + i2 * b2 + i3 * b3] : 0.0f;
    out[i0 * o0 + i1 * o1 + i2 * o2 + i3 * o3] = apply(left, right, c);
  }
}

__device__ __forceinline__ float combine(float a, float b) {
  return OP == 0 ? a + b : fmaxf(a, b);
}

__device__ __forceinline__ float over_lanes(float x) {
#pragma unroll
  for (int distance = LANES / 2; distance > 0; distance /= 2) {
    x = combine(x, __shfl_xor_sync(0xffffffffu, x, distance));
  }
  return x;
}

// out[row] = sum (OP 0) or maximum (OP 1) of `length` values `step` apart, LANES lanes a row.
extern "C" __global__ void __launch_bounds__(256) unfused_reduce(
    float* out, const float* in, int n0, int n1, int n2, int s0, int s1, int s2, int length,
    int step) {
  const int rows = n0 * n1 * n2;
  const int lane = threadIdx.x % LANES;
  const int stride = gridDim.x * blockDim.x / LANES;
  const int first = (blockIdx.x * blockDim.x + threadIdx.x) / LANES;
  for (int row = first; row < rows; row += stride) {
    const float* from = in + row / n2 / n1 * s0 + row / n2 % n1 * s1 + row % n2 * s2;
    float value = OP == 0 ? 0.0f : LOWEST;
    for (int i = lane; i < length; i += LANES) {
      value = combine(value, from[i * step]);
    }
    value = over_lanes(value);
    if (lane == 0) {
      out[row] = value;
    }
  }
}

// Softmax over `length` values, `step` apart in `in` and `out_step` apart in `out`.
extern "C" __global__ void __launch_bounds__(256) unfused_softmax(
    float* out, const float* in, int n0, int n1, int n2, int s0, int s1, int s2, int o0, int o1,
    int o2, int length, int step, int out_step) {
  const int rows = n0 * n1 * n2;
  const int lane = threadIdx.x % LANES;
  const int stride = gridDim.x * blockDim.x / LANES;
  const int begin = (blockIdx.x * blockDim.x + threadIdx.x) / LANES;
  for (int row = begin; row < rows; row += stride) {
    const int i0 = row / n2 / n1;
    const int i1 = row / n2 % n1;
    const int i2 = row % n2;
    const float* from = in + i0 * s0 + i1 * s1 + i2 * s2;
    float* to = out + i0 * o0 + i1 * o1 + i2 * o2;
    float largest = LOWEST;
    for (int i = lane; i < length; i += LANES) {
      largest = fmaxf(largest, from[i * step]);
    }
#pragma unroll
    for (int distance = LANES / 2; distance > 0; distance /= 2) {
      largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, distance));
    }
    float sum = 0.0f;
    for (int i = lane; i < length; i += LANES) {
      sum += expf(from[i * step] - largest);
    }
#pragma unroll
    for (int distance = LANES / 2; distance > 0; distance /= 2) {
      sum += __shfl_xor_sync(0xffffffffu, sum, distance);
    }
    for (int i = lane; i < length; i += LANES) {
      to[i * out_step] = expf(from[i * step] - largest) / sum;
    }
  }
}

// c[i0][i1] = a[i0][i1] . b[i0][i1], m x k times k x n, tiles of 16 x 16 through shared memory, a
// block a tile.
extern "C" __global__ void __launch_bounds__(256) unfused_matmul(
    float* c, const float* a, const float* b, int n0, int n1, int m, int n, int k, int a0, int a1,
    int am, int ak, int b0, int b1, int bk, int bn) {
  __shared__ float left[TILE][TILE + 1];
  __shared__ float right[TILE][TILE + 1];
  const int across = (n + TILE - 1) / TILE;
  const int down = (m + TILE - 1) / TILE;
  const int column = threadIdx.x % TILE;
  const int row = threadIdx.x / TILE;
  for (int tile = blockIdx.x; tile < n0 * n1 * down * across; tile += gridDim.x) {
    const int batch = tile / across / down;
    const int i = tile / across % down * TILE;
    const int j = tile % across * TILE;
    const float* from_a = a + batch / n1 * a0 + batch % n1 * a1;
    const float* from_b = b + batch / n1 * b0 + batch % n1 * b1;
    float sum = 0.0f;
    for (int p = 0; p < k; p += TILE) {
      // Lanes go along whichever dimension is contiguous.
      const int am_index = ak == 1 ? row : column;
      const int ak_index = ak == 1 ? column : row;
      left[am_index][ak_index] = i + am_index < m && p + ak_index < k
                                     ? from_a[(i + am_index) * am + (p + ak_index) * ak]
                                     : 0.0f;
      const int bk_index = bn == 1 ? row : column;
      const int bn_index = bn == 1 ? column : row;
      right[bk_index][bn_index] = p + bk_index < k && j + bn_index < n
                                      ? from_b[(p + bk_index) * bk + (j + bn_index) * bn]
                                      : 0.0f;
      __syncthreads();
      for (int q = 0; q < TILE; ++q) {
        sum = fmaf(left[row][q], right[q][column], sum);
      }
      __syncthreads();
    }
    if (i + row < m && j + column < n) {
      c[static_cast<long long>(batch) * m * n + (i + row) * n + j + column] = sum;
    }
  }
}

// out[i] = row ids[i] of a table of width d.
extern "C" __global__ void __launch_bounds__(256)
    unfused_gather(float* out, const float* table, const int* ids, int rows, int d) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < rows * d;
       i += gridDim.x * blockDim.x) {
    out[i] = table[ids[i / d] * d + i % d];
  }
}

// table[ids[i]] += in[i] (OP 0), in any order, or = in[i] (OP 1), where no id comes twice.
extern "C" __global__ void __launch_bounds__(256)
    unfused_scatter(float* table, const float* in, const int* ids, int rows, int d) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < rows * d;
       i += gridDim.x * blockDim.x) {
    float* to = table + ids[i / d] * d + i % d;
    if (OP == 0) {
      atomicAdd(to, in[i]);
    } else {
      *to = in[i];
    }
  }
}

// The index of the largest of `length` values of each row, the first one of equals; a block a row.
extern "C" __global__ void __launch_bounds__(256)
    unfused_argmax(int* out, float* value, float* in, int rows, int length) {
  __shared__ float best[256];
  __shared__ int place[256];
  for (int row = blockIdx.x; row < rows; row += gridDim.x) {
    float largest = LOWEST;
    int at = length;
    for (int i = threadIdx.x; i < length; i += blockDim.x) {
      const float x = in[row * length + i];
      if (x > largest) {
        largest = x;
        at = i;
      }
    }
    best[threadIdx.x] = largest;
    place[threadIdx.x] = at;
    __syncthreads();
    for (int distance = 128; distance > 0; distance /= 2) {
      if (threadIdx.x < distance) {
        const float x = best[threadIdx.x + distance];
        const int other = place[threadIdx.x + distance];
        if (x > best[threadIdx.x] || (x == best[threadIdx.x] && other < place[threadIdx.x])) {
          best[threadIdx.x] = x;
          place[threadIdx.x] = other;
        }
      }
      __syncthreads();
    }
    if (threadIdx.x == 0) {
      out[row] = place[0];
      value[row] = best[0];
      in[row * length + place[0]] = LOWEST;  // the next call finds the next one
    }
    __syncthreads();
  }
}
