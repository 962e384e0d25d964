package io.mgnm.simulator.isa;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.IS_NAN;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.UGE;
import static jdk.incubator.vector.VectorOperators.UGT;
import static jdk.incubator.vector.VectorOperators.ULE;
import static jdk.incubator.vector.VectorOperators.ULT;

import io.mgnm.simulator.ptx.Type;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/** The comparisons of {@link CompareFamily} on vectors of words. */
final class VectorComparisons {
  private VectorComparisons() {}

  /**
   * @param type of 32 bits
   */
  static VectorLoops.Compare of(Type type, String comparison) {
    if (type == Type.F32) {
      return floats(comparison);
    }
    boolean signed = type.signed();
    return switch (comparison) {
      case "eq" -> (a, b) -> a.compare(EQ, b);
      case "ne" -> (a, b) -> a.compare(NE, b);
      case "lt", "lo" -> signed ? (a, b) -> a.compare(LT, b) : (a, b) -> a.compare(ULT, b);
      case "le", "ls" -> signed ? (a, b) -> a.compare(LE, b) : (a, b) -> a.compare(ULE, b);
      case "gt", "hi" -> signed ? (a, b) -> a.compare(GT, b) : (a, b) -> a.compare(UGT, b);
      case "ge", "hs" -> signed ? (a, b) -> a.compare(GE, b) : (a, b) -> a.compare(UGE, b);
      default -> throw new IllegalArgumentException(comparison);
    };
  }

  private static VectorLoops.Compare floats(String comparison) {
    return switch (comparison) {
      case "eq" -> (a, b) -> truth(f(a).compare(EQ, f(b)));
      case "lt" -> (a, b) -> truth(f(a).compare(LT, f(b)));
      case "le" -> (a, b) -> truth(f(a).compare(LE, f(b)));
      case "gt" -> (a, b) -> truth(f(a).compare(GT, f(b)));
      case "ge" -> (a, b) -> truth(f(a).compare(GE, f(b)));
      case "neu" -> (a, b) -> truth(f(a).compare(EQ, f(b)).not());
      case "ltu" -> (a, b) -> truth(f(a).compare(GE, f(b)).not());
      case "leu" -> (a, b) -> truth(f(a).compare(GT, f(b)).not());
      case "gtu" -> (a, b) -> truth(f(a).compare(LE, f(b)).not());
      case "geu" -> (a, b) -> truth(f(a).compare(LT, f(b)).not());
      case "ne" -> (a, b) -> truth(f(a).compare(LT, f(b)).or(f(a).compare(GT, f(b))));
      case "equ" -> (a, b) -> truth(f(a).compare(LT, f(b)).or(f(a).compare(GT, f(b))).not());
      case "nan" -> (a, b) -> truth(f(a).test(IS_NAN).or(f(b).test(IS_NAN)));
      case "num" -> (a, b) -> truth(f(a).test(IS_NAN).or(f(b).test(IS_NAN)).not());
      default -> throw new IllegalArgumentException(comparison);
    };
  }

  private static FloatVector f(IntVector bits) {
    return bits.reinterpretAsFloats();
  }

  private static VectorMask<Integer> truth(VectorMask<Float> mask) {
    return mask.cast(Vectors.INTS);
  }
}
