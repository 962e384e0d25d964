package io.mgnm.matrix.table;

/** Equation (7) and its derivative, operator by operator, for vectors along the last dimension. */
final class Squash {
  private Squash() {}

  static Array forward(Array v) {
    Array square = v.times(v).sum(3);
    return v.times(square.sqrt().over(square.plus(1)));
  }

  static Array backward(Array v, Array dO) {
    Array square = v.times(v).sum(3);
    Array r = square.sqrt();
    Array below = square.plus(1);
    Array phi = r.over(below);
    Array e = v.times(r.inverse());
    Array radial = phi.times(square.oneMinus()).over(below);
    return dO.times(phi).plus(e.times(radial.times(e.times(dO).sum(3))));
  }
}
