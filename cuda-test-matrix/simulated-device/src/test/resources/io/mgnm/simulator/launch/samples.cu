// Textbook kernels: each is right on any device and in any order of warps and blocks.

extern "C" __global__ void reduce(const int* x, int* out, int n) {
  __shared__ int partial[4];
  int sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) sum += x[i];
  for (int o = 16; o; o >>= 1) sum += __shfl_xor_sync(~0u, sum, o);
  if ((threadIdx.x & 31) == 0) partial[threadIdx.x >> 5] = sum;
  __syncthreads();
  if (threadIdx.x == 0) atomicAdd(out, partial[0] + partial[1] + partial[2] + partial[3]);
}

extern "C" __global__ void scan(const int* x, int* out) {
  extern __shared__ int buffer[];
  const int t = threadIdx.x, n = blockDim.x;
  int in = 0;
  buffer[t] = x[t];
  __syncthreads();
  for (int o = 1; o < n; o *= 2) {
    buffer[(1 - in) * n + t] = buffer[in * n + t] + (t >= o ? buffer[in * n + t - o] : 0);
    in = 1 - in;
    __syncthreads();
  }
  out[t] = buffer[in * n + t];
}

extern "C" __global__ void transpose(const int* x, int* out, int rows, int columns) {
  __shared__ int tile[32][33];
  int c = blockIdx.x * 32 + threadIdx.x, r0 = blockIdx.y * 32;
  for (int k = threadIdx.y; k < 32; k += 8)
    if (c < columns && r0 + k < rows) tile[k][threadIdx.x] = x[(r0 + k) * columns + c];
  __syncthreads();
  int r = r0 + threadIdx.x, c0 = blockIdx.x * 32;
  for (int k = threadIdx.y; k < 32; k += 8)
    if (r < rows && c0 + k < columns) out[(c0 + k) * rows + r] = tile[threadIdx.x][k];
}

extern "C" __global__ void histogram(const int* x, int* out, int n) {
  __shared__ int bins[32];
  if (threadIdx.x < 32) bins[threadIdx.x] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) atomicAdd(&bins[x[i]], 1);
  __syncthreads();
  if (threadIdx.x < 32) atomicAdd(&out[threadIdx.x], bins[threadIdx.x]);
}

extern "C" __global__ void product(const float* a, const float* b, float* out, int n) {
  __shared__ float ta[16][16], tb[16][17];
  const int x = threadIdx.x, y = threadIdx.y, row = blockIdx.y * 16 + y, column = blockIdx.x * 16 + x;
  float sum = 0;
  for (int k = 0; k < n; k += 16) {
    ta[y][x] = row < n && k + x < n ? a[row * n + k + x] : 0;
    tb[y][x] = k + y < n && column < n ? b[(k + y) * n + column] : 0;
    __syncthreads();
    for (int j = 0; j < 16; ++j) sum += ta[y][j] * tb[j][x];
    __syncthreads();
  }
  if (row < n && column < n) out[row * n + column] = sum;
}

extern "C" __global__ void bitonic(int* data) {
  __shared__ int s[256];
  const int t = threadIdx.x;
  s[t] = data[t];
  s[t + 128] = data[t + 128];
  for (int size = 2; size <= 256; size *= 2)
    for (int stride = size / 2; stride > 0; stride /= 2) {
      __syncthreads();
      int i = 2 * t - (t & (stride - 1)), j = i + stride;
      bool up = (i & size) == 0;
      int a = s[i], b = s[j];
      if ((a > b) == up) { s[i] = b; s[j] = a; }
    }
  __syncthreads();
  data[t] = s[t];
  data[t + 128] = s[t + 128];
}

__device__ __noinline__ int collatz_steps(long long v) {
  int steps = 0;
  while (v != 1) {
    v = (v & 1) ? 3 * v + 1 : v / 2;
    ++steps;
  }
  return steps;
}

extern "C" __global__ void collatz(int* out) {
  volatile int table[4];
  for (int k = 0; k < 4; ++k) table[k] = k;
  const int v = threadIdx.x + 1;
  int steps = collatz_steps(v);
  switch (v % 4) {
    case 0: steps = steps * 10; break;
    case 1: steps = steps * 10 + table[1]; break;
    case 2: steps = steps * 10 + table[2]; break;
    default: steps = steps * 10 + table[3];
  }
  out[threadIdx.x] = steps;
}

// Every thread takes a lock in turn: goes on only if lanes of a warp need not move together.
extern "C" __global__ void locked(int* lock) {
  while (atomicCAS(&lock[0], 0, 1) != 0) {}
  __threadfence();
  atomicExch(&lock[1], atomicAdd(&lock[1], 0) + 1);
  __threadfence();
  atomicExch(&lock[0], 0);
  if (threadIdx.x == 0) printf("block %d of %u: %.2f %s\n", blockIdx.x, gridDim.x, 2.5, "done");
}
