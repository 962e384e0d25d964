// The attention of transformer_encoder over a group of sequences of one length n, which lie row behind
// row. A thread has one row and one head, its query or its key in registers, and goes through the
// sequence's rows; no score is kept.
//   s_tu = q_t . k_u / sqrt(HEAD);  p_tu = e^(s_tu - m_t) / sum_u e^(s_tu - m_t);  c_t = sum_u p_tu v_u
//   ds_tu = p_tu (dc_t . v_u - dc_t . c_t) / sqrt(HEAD)
//   dq_t = sum_u ds_tu k_u;  dk_u = sum_t ds_tu q_t;  dv_u = sum_t p_tu dc_t
#pragma once
#include "transformer_layer.cuh"

// What the backward needs to know of a row's softmax: m_t, the reciprocal of the sum, and dc_t . c_t.
struct Softmax {
  float largest;
  float scale;
  float along;
};

// Rows of STRIDE floats whose columns are C; lying at the same place in each array.
template <class C, int STRIDE>
struct Attention {
  static constexpr int QUADS = C::HEAD_WIDTH / 4;

  // A head of a row.
  struct Vector {
    float4 quad[QUADS];

    __device__ __forceinline__ void load(const float* from) {
#pragma unroll
      for (int i = 0; i < QUADS; ++i) {
        quad[i] = reinterpret_cast<const float4*>(from)[i];
      }
    }
    __device__ __forceinline__ void clear() {
#pragma unroll
      for (int i = 0; i < QUADS; ++i) {
        quad[i] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
      }
    }
    __device__ __forceinline__ void store(float* to) const {
#pragma unroll
      for (int i = 0; i < QUADS; ++i) {
        reinterpret_cast<float4*>(to)[i] = quad[i];
      }
    }
    __device__ __forceinline__ void scale(float factor) {
#pragma unroll
      for (int i = 0; i < QUADS; ++i) {
        quad[i] = times(factor, quad[i]);
      }
    }
    __device__ __forceinline__ void add(float factor, const float* from) {
#pragma unroll
      for (int i = 0; i < QUADS; ++i) {
        quad[i] = fma(factor, reinterpret_cast<const float4*>(from)[i], quad[i]);
      }
    }
    __device__ __forceinline__ float dot(const float* other) const {
      float sum = 0.0f;
#pragma unroll
      for (int i = 0; i < QUADS; ++i) {
        sum = ::dot(quad[i], reinterpret_cast<const float4*>(other)[i], sum);
      }
      return sum;
    }
    // A score. Fused with what is subtracted from it later, it would have two values.
    __device__ __forceinline__ float score(const float* other, float root) const {
      return __fmul_rn(dot(other), root);
    }
  };

  // visit(head, row, the head's first column, the first row of the sequence)
  template <class Visit>
  static __device__ __forceinline__ void each(int rows, int n, Visit visit) {
#pragma unroll 1
    for (int pair = static_cast<int>(threadIdx.x); pair < HEADS * rows; pair += THREADS) {
      const int head = pair >= rows ? 1 : 0;
      const int row = pair - head * rows;
      visit(head, row, head * C::HEAD_WIDTH, row - row % n);
    }
  }

  static __device__ __forceinline__ float root() {
    return 1.0f / sqrtf(static_cast<float>(C::HEAD));
  }

  // c, which may be q; and softmax[HEADS][rows], unless null.
  static __device__ __forceinline__ void forward(
      const float* q, const float* k, const float* v, int rows, int n, float* c, Softmax* softmax) {
    constexpr int TOGETHER = 4;
    each(rows, n, [&](int head, int row, int column, int first) {
      const float* keys = k + first * STRIDE + column;
      const float* values = v + first * STRIDE + column;
      Vector query;
      query.load(q + row * STRIDE + column);
      Vector sum;
      sum.clear();
      float largest = __int_as_float(0xff800000);
      float total = 0.0f;
#pragma unroll 1
      for (int u = 0; u < n; u += TOGETHER) {
        float s[TOGETHER];
        float most = largest;
#pragma unroll
        for (int j = 0; j < TOGETHER; ++j) {
          s[j] = query.score(keys + min(u + j, n - 1) * STRIDE, root());
          most = fmaxf(most, s[j]);  // loses a NaN, which comes back through its e^s
        }
        if (most > largest) {
          const float shrink = expf(largest - most);
          total *= shrink;
          sum.scale(shrink);
          largest = most;
        }
#pragma unroll
        for (int j = 0; j < TOGETHER; ++j) {
          if (u + j < n) {
            const float power = expf(s[j] - largest);
            total += power;
            sum.add(power, values + (u + j) * STRIDE);
          }
        }
      }
      const float scale = 1.0f / total;
      sum.scale(scale);
      sum.store(c + row * STRIDE + column);
      if (softmax != nullptr) {
        softmax[head * rows + row].largest = largest;
        softmax[head * rows + row].scale = scale;
      }
    });
  }

  // dq.
  static __device__ __forceinline__ void query_gradient(
      const float* q, const float* k, const float* v, const float* dC, const Softmax* softmax,
      int rows, int n, float* dQ) {
    each(rows, n, [&](int head, int row, int column, int first) {
      const float* keys = k + first * STRIDE + column;
      const float* values = v + first * STRIDE + column;
      Vector query;
      query.load(q + row * STRIDE + column);
      Vector gradient;
      gradient.load(dC + row * STRIDE + column);
      const Softmax own = softmax[head * rows + row];
      Vector sum;
      sum.clear();
#pragma unroll 2
      for (int u = 0; u < n; ++u) {
        const float* key = keys + u * STRIDE;
        const float p = expf(query.score(key, root()) - own.largest) * own.scale;
        sum.add(p * (gradient.dot(values + u * STRIDE) - own.along) * root(), key);
      }
      sum.store(dQ + row * STRIDE + column);
    });
  }

  // dk and dv, which take the places of k and v.
  static __device__ __forceinline__ void key_gradient(
      const float* q, float* k, float* v, const float* dC, const Softmax* softmax, int rows, int n) {
    each(rows, n, [&](int head, int row, int column, int first) {
      const float* queries = q + first * STRIDE + column;
      const float* gradients = dC + first * STRIDE + column;
      const Softmax* softmaxes = softmax + head * rows + first;
      Vector key;
      key.load(k + row * STRIDE + column);
      Vector value;
      value.load(v + row * STRIDE + column);
      Vector key_sum;
      key_sum.clear();
      Vector value_sum;
      value_sum.clear();
#pragma unroll 1
      for (int t = 0; t < n; ++t) {
        const float* query = queries + t * STRIDE;
        const float* gradient = gradients + t * STRIDE;
        const Softmax of = softmaxes[t];
        const float p = expf(key.score(query, root()) - of.largest) * of.scale;
        value_sum.add(p, gradient);
        key_sum.add(p * (value.dot(gradient) - of.along) * root(), query);
      }
      key_sum.store(k + row * STRIDE + column);
      value_sum.store(v + row * STRIDE + column);
    });
  }
};
