// One warp per sequence: lane g holds the weights of gate g (32 gates of 8 units) in registers, the
// state goes through shared memory, the gates through shuffles. The mix of an LSTM, not a model.
#define H 8
#define WARPS 4
extern "C" __global__ void __launch_bounds__(WARPS * 32)
lstm_like(const float* __restrict__ x, const float* __restrict__ w, float* __restrict__ out, int steps) {
  __shared__ float state[WARPS][2][16];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  const int sequence = blockIdx.x * WARPS + warp;
  float wx[16], wh[H];
#pragma unroll
  for (int i = 0; i < 16; ++i) wx[i] = w[i * 32 + lane];
#pragma unroll
  for (int i = 0; i < H; ++i) wh[i] = w[(16 + i) * 32 + lane];
  float c = 0.f, h = 0.f;
  for (int t = 0; t < steps; ++t) {
    if (lane < 16) state[warp][0][lane] = x[(sequence * steps + t) * 16 + lane];
    if (lane < H) state[warp][1][lane] = h;
    __syncwarp();
    float a = 0.f;
#pragma unroll
    for (int i = 0; i < 16; ++i) a = fmaf(wx[i], state[warp][0][i], a);
#pragma unroll
    for (int i = 0; i < H; ++i) a = fmaf(wh[i], state[warp][1][i], a);
    __syncwarp();
    const bool cell = (lane >> 3) == 2;
    const float s = __frcp_rn(1.f + __expf(cell ? -2.f * a : -a));
    const float g = cell ? 2.f * s - 1.f : s;
    const float gi = __shfl_sync(~0u, g, lane & 7), gf = __shfl_sync(~0u, g, (lane & 7) + 8);
    const float gc = __shfl_sync(~0u, g, (lane & 7) + 16), go = __shfl_sync(~0u, g, (lane & 7) + 24);
    c = gf * c + gi * gc;
    h = go * (2.f * __frcp_rn(1.f + __expf(-2.f * c)) - 1.f);
    if (lane < H) out[(sequence * steps + t) * H + lane] = h;
  }
}
