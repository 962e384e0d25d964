// The cell of bilstm's backward: from the derivatives by the state to those by the gates.
#pragma once
#include "bilstm_cell.cuh"

// How a step's derivatives follow from those by h and c, in stages as Tanh. LEAN: they follow one
// another at once, with nothing between.
template <bool LEAN>
struct CellSlopes {
  float4 gate;   // i, f, g, o
  float before;  // c
  Tanh bent;
  float by[GATES];  // of each gate, what its derivative takes of that by c, or by h for the last
  float through;    // what the derivative by c takes of that by h

  __device__ __forceinline__ CellSlopes(const float4& gate, float before, float c)
      : gate(gate), before(before) {
    bent.x = c;
    if (!LEAN) {
      pin();
    }
  }

  // What was loaded is loaded by now, and not yet looked at.
  __device__ __forceinline__ void pin() {
    keep(gate.x);
    keep(gate.y);
    keep(gate.z);
    keep(gate.w);
    keep(before);
    keep(bent.x);
  }

  __device__ __forceinline__ void begin() {
    if (!LEAN) {
      pin();
    }
    bent = Tanh(bent.x);
  }

  __device__ __forceinline__ void invert() {
    bent.invert();
    const float bend[GATES] = {fmaf(-gate.x, gate.x, gate.x), fmaf(-gate.y, gate.y, gate.y),
                               fmaf(-gate.z, gate.z, 1.0f), fmaf(-gate.w, gate.w, gate.w)};
    by[0] = gate.z * bend[0];
    by[1] = before * bend[1];
    by[2] = gate.x * bend[2];
    by[3] = bend[3];
    keep(by);
  }

  __device__ __forceinline__ void finish() {
    const float value = bent.value();
    by[3] *= value;
    through = gate.w * fmaf(-value, value, 1.0f);
  }

  // The derivatives by the gates; dc becomes that by the state before.
  __device__ __forceinline__ float4 of(float down, float& dc) const {
    const float cell = fmaf(down, through, dc);
    dc = cell * gate.y;
    return make_float4(cell * by[0], cell * by[1], cell * by[2], down * by[3]);
  }
};
