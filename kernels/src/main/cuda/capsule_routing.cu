// capsule_routing: equations (6) to (9). One iteration, with logits g and vectors z_j of a capsule's
// positions j, is
//   c = softmax(g);   v = sum_j c_j z_j;   o = squash(v);   g_j += o . z_j
//   before            iteration 1: z, logits -> updated
//   after             ITERATIONS further ones, the last without its last step: z, y, updated -> o
//   after_backward    dO -> dY, dUpdated; with AGREEMENT dZ
//   before_backward   dUpdated -> dZ, added to what is there; with AGREEMENT dDirect is added too
// Every v sums up y, and every g sees y; with AGREEMENT only the first g of `after` does, and else it
// is z. Backwards, with gamma the derivative by g and 0 behind the last iteration:
//   dO = sum_j gamma_j z_j where it is not given;   dV = squash'(v) dO
//   dz_j += gamma_j o + c_j dV;   dC_j = z_j . dV;   gamma_j += c_j (dC_j - sum c dC)
// with LAST dC = 0 and only the last iteration counts. The backward iterates again instead of reading
// couplings.
//
// z, y [history][level][interest][position][D]; g likewise, a float a position; o [history][capsule][D];
// offsets[histories + 1], live[1] = histories of the batch. All f32 but the last two.
//
// Launch: a unit is a capsule of a history, on one warp, or with INTERESTS, where couplings sum to one
//   over the interests at each position, a level of a history, on UNIT_WARPS warps. Block: any number
//   of units up to 256 threads, with INTERESTS one unit; grid-stride over units. Shared memory: for
//   each unit see routing_unit.cuh, with `room` vectors of each capsule and `stride` floats a number,
//   both multiples of 4, the latter for the longest history; after and after_backward keep vectors
//   there from pass to pass where room >= the history, and read them again where not.
// Aliasing: none but dZ of before_backward; y may be z.
// Determinism: run-to-run; a unit's sums depend on nothing but D.
// Bytes: with room for the history each vector moves once: 4 n (D + 2) a capsule in before,
//   4 (n (D + 1) + D) in after, 4 (2 n (D + 1) + D) in after_backward, 4 n (3 D + 2) in before_backward.
//
// Compile-time, prefix CAPSULE_ROUTING_: D, K, L = D, K and the number of levels; ITERATIONS; INTERESTS,
//   LAST, AGREEMENT 0 or 1.
#include "routing_passes.cuh"

#ifndef CAPSULE_ROUTING_D
#define CAPSULE_ROUTING_D 16
#endif
#ifndef CAPSULE_ROUTING_K
#define CAPSULE_ROUTING_K 4
#endif
#ifndef CAPSULE_ROUTING_L
#define CAPSULE_ROUTING_L 4
#endif
#ifndef CAPSULE_ROUTING_ITERATIONS
#define CAPSULE_ROUTING_ITERATIONS 2
#endif
#ifndef CAPSULE_ROUTING_INTERESTS
#define CAPSULE_ROUTING_INTERESTS 0
#endif
#ifndef CAPSULE_ROUTING_LAST
#define CAPSULE_ROUTING_LAST 0
#endif
#ifndef CAPSULE_ROUTING_AGREEMENT
#define CAPSULE_ROUTING_AGREEMENT 0
#endif

constexpr int D = CAPSULE_ROUTING_D;
constexpr int K = CAPSULE_ROUTING_K;
constexpr int LEVELS = CAPSULE_ROUTING_L;
constexpr int ITERATIONS = CAPSULE_ROUTING_ITERATIONS;
constexpr bool INTERESTS = CAPSULE_ROUTING_INTERESTS != 0;
constexpr bool LAST = CAPSULE_ROUTING_LAST != 0;
constexpr bool AGREEMENT = CAPSULE_ROUTING_AGREEMENT != 0;
static_assert(ITERATIONS >= 1, "the last iteration is always after the encoder");

using Vectors = Passes<D>;
constexpr int SEQUENCES = INTERESTS ? K : 1;  // capsules of a unit
constexpr int UNIT_WARPS = SEQUENCES < 8 ? SEQUENCES : 8;
constexpr int UNIT_THREADS = UNIT_WARPS * WARP;
constexpr int UNITS_A_HISTORY = LEVELS * (INTERESTS ? 1 : K);

// Blocks a multiprocessor, as registers go without spills.
constexpr int RESIDENT = 4;
constexpr int RESIDENT_BACKWARD = INTERESTS || AGREEMENT || ITERATIONS > 2 ? 3 : 4;

#include "routing_unit.cuh"

extern "C" __global__ void __launch_bounds__(256, RESIDENT) capsule_routing_before(
    const float* z, const float* logits, float* updated, const int* offsets, const int* live,
    int room, int stride) {
  constexpr int G = 0;
  constexpr int C = 1;
  Unit<1, 2, 1, 1> unit(reinterpret_cast<float*>(block_shared), room, stride);
  each_unit(live, [&](int which) {
    unit.take(offsets, which);
    unit.load(logits, G);
    unit.softmax(G, C);
    for (int s = unit.warp; s < SEQUENCES; s += UNIT_WARPS) {
      const Vectors vectors = unit.vectors(z, s, 0);
      float o[1][Vectors::VALUES];
      vectors.weighted<1>({unit.numbers(s, C)}, true, false, unit.scratch(), o);
      group_squash<WARP>(o[0]);
      Vectors::put(o[0], unit.vector(s, 0));
      const float* g = unit.numbers(s, G);
      float* to = updated + unit.place(s);
      vectors.dots(unit.vector(s, 0), true, [&](int j, float agreement) {
        to[j] = g[j] + agreement;
      });
    }
  });
}

// What `after` holds: the vectors summed up, where a pass follows the first; with AGREEMENT y too.
constexpr int HELD_AFTER = ITERATIONS == 1 ? 0 : AGREEMENT ? 2 : 1;

extern "C" __global__ void __launch_bounds__(256, RESIDENT) capsule_routing_after(
    const float* z, const float* y, const float* updated, float* o, const int* offsets,
    const int* live, int room, int stride) {
  constexpr int G = 0;
  constexpr int C = 1;
  Unit<HELD_AFTER, 2, 1, 1> unit(reinterpret_cast<float*>(block_shared), room, stride);
  each_unit(live, [&](int which) {
    unit.take(offsets, which);
    unit.load(updated, G);
    for (int t = 0; t < ITERATIONS; ++t) {
      unit.softmax(G, C);
      for (int s = unit.warp; s < SEQUENCES; s += UNIT_WARPS) {
        const Vectors summed = unit.vectors(AGREEMENT ? z : y, s, 0);
        float v[1][Vectors::VALUES];
        summed.weighted<1>(
            {unit.numbers(s, C)}, t == 0 && HELD_AFTER > 0, t > 0, unit.scratch(), v);
        group_squash<WARP>(v[0]);
        if (t + 1 == ITERATIONS) {
#pragma unroll
          for (int c = 0; c < Vectors::VALUES; ++c) {
            if (unit.lane + c * WARP < D) {
              o[unit.output(s) + unit.lane + c * WARP] = v[0][c];
            }
          }
        } else {
          Vectors::put(v[0], unit.vector(s, 0));
          float* g = unit.numbers(s, G);
          const bool others = AGREEMENT && t == 0;
          const Vectors agreeing = others ? unit.vectors(y, s, 1) : summed;
          agreeing.dots(
              unit.vector(s, 0), !others, [&](int j, float agreement) { g[j] += agreement; });
        }
      }
    }
  });
}

// after_backward's numbers and vectors, such that term e is number e by vector e: first c_t by dV_t,
// which is v_t before, then gamma_{t+1} by o_t. With LAST there is c by dV of the last iteration alone.
constexpr int COUPLINGS = LAST ? 1 : ITERATIONS;
constexpr int TERMS = LAST ? 1 : 2 * ITERATIONS - 1;
constexpr int HELD_BACKWARD = AGREEMENT && ITERATIONS > 1 ? 2 : 1;

extern "C" __global__ void __launch_bounds__(256, RESIDENT_BACKWARD) capsule_routing_after_backward(
    const float* z, const float* y, const float* updated, const float* dO, float* dY,
    float* dUpdated, float* dZ, const int* offsets, const int* live, int room, int stride) {
  constexpr int G = TERMS;  // then dC
  constexpr int O = COUPLINGS;
  Unit<HELD_BACKWARD, TERMS + 1, COUPLINGS + (ITERATIONS > 1 ? COUPLINGS : 0), 1> unit(
      reinterpret_cast<float*>(block_shared), room, stride);
  const float* source = AGREEMENT ? z : y;
  each_unit(live, [&](int which) {
    unit.take(offsets, which);
    unit.load(updated, G);
    for (int t = 0; t < ITERATIONS; ++t) {
      const int slot = LAST ? 0 : t;
      unit.softmax(G, slot);
      for (int s = unit.warp; s < SEQUENCES; s += UNIT_WARPS) {
        const Vectors summed = unit.vectors(source, s, 0);
        float v[1][Vectors::VALUES];
        summed.weighted<1>({unit.numbers(s, slot)}, t == 0, t > 0, unit.scratch(), v);
        Vectors::put(v[0], unit.vector(s, slot));
        if (t + 1 < ITERATIONS) {
          group_squash<WARP>(v[0]);
          Vectors::put(v[0], unit.vector(s, O + slot));
          float* g = unit.numbers(s, G);
          const bool others = AGREEMENT && t == 0;
          const Vectors agreeing = others ? unit.vectors(y, s, 1) : summed;
          agreeing.dots(unit.vector(s, O + slot), !others, [&](int j, float agreement) {
            g[j] += agreement;
          });
        }
      }
    }
    for (int t = ITERATIONS - 1; t >= (LAST ? ITERATIONS - 1 : 0); --t) {
      const bool last = t + 1 == ITERATIONS;
      const int slot = LAST ? 0 : t;
      for (int s = unit.warp; s < SEQUENCES; s += UNIT_WARPS) {
        const Vectors summed = unit.vectors(source, s, 0);
        float gradient[1][Vectors::VALUES];
        if (last) {
          Vectors::get(dO + unit.output(s), D, gradient[0]);
        } else {
          const Vectors agreeing = AGREEMENT && t == 0 ? unit.vectors(y, s, 1) : summed;
          agreeing.weighted<1>(
              {unit.numbers(s, O + t)}, false, true, unit.scratch(), gradient);
        }
        float v[Vectors::VALUES];
        Vectors::get(unit.vector(s, slot), Vectors::PADDED, v);
        group_squash_backward<WARP>(v, gradient[0]);
        Vectors::put(gradient[0], unit.vector(s, slot));
        if (!LAST) {
          float* dC = unit.numbers(s, G);
          summed.dots(unit.vector(s, slot), true, [&](int j, float product) { dC[j] = product; });
        }
      }
      if (!LAST) {
        unit.softmax_backward(slot, G, O + t, last, [&](int s, int j, float gamma) {
          if (t == 0) {
            dUpdated[unit.place(s) + j] = gamma;
          } else {
            unit.numbers(s, O + t - 1)[j] = gamma;
          }
        });
      }
    }
    unit.sync();
    for (int s = unit.warp; s < SEQUENCES; s += UNIT_WARPS) {
      const auto zero = [](int, int) { return make_float4(0.0f, 0.0f, 0.0f, 0.0f); };
      const Vectors vectors = unit.vectors(source, s, 0);
      const float* weights = unit.numbers(s, 0);
      const float* terms = unit.vector(s, 0);
      const long long at = unit.place(s) * D;
      if constexpr (AGREEMENT) {  // the first agreement's term, number O, is y's
        vectors.outer<TERMS, O>(weights, stride, terms, dZ + at, zero);
        vectors.outer<(O < TERMS)>(unit.numbers(s, O), stride, unit.vector(s, O), dY + at, zero);
      } else {
        vectors.outer<TERMS>(weights, stride, terms, dY + at, zero);
      }
      if (LAST) {
        for (int j = unit.lane; j < unit.n; j += WARP) {
          dUpdated[unit.place(s) + j] = 0.0f;
        }
      }
    }
  });
}

extern "C" __global__ void __launch_bounds__(256, RESIDENT) capsule_routing_before_backward(
    const float* z, const float* logits, const float* dUpdated, const float* dDirect, float* dZ,
    const int* offsets, const int* live, int room, int stride) {
  constexpr int C = 0;      // by dV
  constexpr int GAMMA = 1;  // by o
  Unit<0, 2, 2, 2> unit(reinterpret_cast<float*>(block_shared), room, stride);
  each_unit(live, [&](int which) {
    unit.take(offsets, which);
    unit.load(logits, C);
    unit.load(dUpdated, GAMMA);
    unit.softmax(C, C);
    for (int s = unit.warp; s < SEQUENCES; s += UNIT_WARPS) {
      const Vectors vectors = unit.vectors(z, s, 0);
      float sums[2][Vectors::VALUES];
      vectors.weighted<2>(
          {unit.numbers(s, C), unit.numbers(s, GAMMA)}, false, false, unit.scratch(), sums);
      float o[Vectors::VALUES];
#pragma unroll
      for (int c = 0; c < Vectors::VALUES; ++c) {
        o[c] = sums[0][c];
      }
      group_squash<WARP>(o);
      group_squash_backward<WARP>(sums[0], sums[1]);
      Vectors::put(sums[1], unit.vector(s, C));
      Vectors::put(o, unit.vector(s, GAMMA));
      __syncwarp();
      float* to = dZ + unit.place(s) * D;
      const float* direct = dDirect + unit.place(s) * D;
      vectors.outer<2>(
          unit.numbers(s, C), stride, unit.vector(s, C), to, [&](int j, int quad) {
            const float4 there = load_quad<D>(to + static_cast<long long>(j) * D, quad);
            return AGREEMENT
                ? sum(there, load_quad<D>(direct + static_cast<long long>(j) * D, quad))
                : there;
          });
    }
  });
}
