package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.ptx.Type;
import java.util.function.Supplier;

/** Instructions from functions of one lane: result first, then the operands in order. */
final class Build {
  private Build() {}

  static Instruction w1(Decoding d, Type t, WordLoops.WordUnary f) {
    d.expectOperands(2);
    return Specialised.create(
        WordLoops.WordUnaryLoop.class, Instruction.class, f, d.word(0, t), d.word(1, t));
  }

  static Instruction w2(Decoding d, Type t, WordLoops.WordBinary f) {
    return w2(d, t, t, f);
  }

  static Instruction w2(Decoding d, Type t, Type second, WordLoops.WordBinary f) {
    d.expectOperands(3);
    return Specialised.create(
        WordLoops.WordBinaryLoop.class,
        Instruction.class,
        f,
        d.word(0, t),
        d.word(1, t),
        d.word(2, second));
  }

  static Instruction w3(Decoding d, Type t, WordLoops.WordTernary f) {
    return w3(d, t, t, f);
  }

  static Instruction w3(Decoding d, Type t, Type third, WordLoops.WordTernary f) {
    return Specialised.create(
        WordLoops.WordTernaryLoop.class,
        Instruction.class,
        f,
        d.word(0, t),
        d.word(1, t),
        d.word(2, t),
        d.word(3, third));
  }

  static Instruction q1(Decoding d, Type t, LongLoops.LongUnary f) {
    d.expectOperands(2);
    return Specialised.create(
        LongLoops.LongUnaryLoop.class, Instruction.class, f, d.wide(0, t), d.wide(1, t));
  }

  static Instruction q2(Decoding d, Type t, LongLoops.LongBinary f) {
    d.expectOperands(3);
    return Specialised.create(
        LongLoops.LongBinaryLoop.class,
        Instruction.class,
        f,
        d.wide(0, t),
        d.wide(1, t),
        d.wide(2, t));
  }

  static Instruction q3(Decoding d, Type t, LongLoops.LongTernary f) {
    d.expectOperands(4);
    return Specialised.create(
        LongLoops.LongTernaryLoop.class,
        Instruction.class,
        f,
        d.wide(0, t),
        d.wide(1, t),
        d.wide(2, t),
        d.wide(3, t));
  }

  static Instruction wordToLong(Decoding d, Type from, Type to, ConversionLoops.WordToLong f) {
    d.expectOperands(2);
    return Specialised.create(
        ConversionLoops.WordToLongLoop.class, Instruction.class, f, d.wide(0, to), d.word(1, from));
  }

  static Instruction longToWord(Decoding d, Type from, Type to, ConversionLoops.LongToWord f) {
    d.expectOperands(2);
    return Specialised.create(
        ConversionLoops.LongToWordLoop.class, Instruction.class, f, d.word(0, to), d.wide(1, from));
  }

  /** A shift: 64-bit value, 32-bit amount. */
  static Instruction longShift(Decoding d, Type t, LongLoops.LongShift f) {
    d.expectOperands(3);
    return Specialised.create(
        LongLoops.LongShiftLoop.class,
        Instruction.class,
        f,
        d.wide(0, t),
        d.wide(1, t),
        d.word(2, Type.U32));
  }

  // The same with a hot form over vectors.

  static Instruction w1(Decoding d, Type t, WordLoops.WordUnary f, Supplier<VectorLoops.Unary> v) {
    int out = d.word(0, t);
    int a = d.word(1, t);
    return Specialised.withHotForm(
        w1(d, t, f),
        f,
        () -> Specialised.create(VectorLoops.UnaryLoop.class, Instruction.class, v.get(), out, a));
  }

  static Instruction w2(
      Decoding d, Type t, WordLoops.WordBinary f, Supplier<VectorLoops.Binary> v) {
    return w2(d, t, t, f, v);
  }

  static Instruction w2(
      Decoding d, Type t, Type second, WordLoops.WordBinary f, Supplier<VectorLoops.Binary> v) {
    Instruction cold = w2(d, t, second, f);
    int out = d.word(0, t);
    int a = d.word(1, t);
    int b = d.word(2, second);
    return Specialised.withHotForm(
        cold,
        f,
        () ->
            Specialised.create(
                VectorLoops.BinaryLoop.class, Instruction.class, v.get(), out, a, b));
  }

  static Instruction w3(
      Decoding d, Type t, WordLoops.WordTernary f, Supplier<VectorLoops.Ternary> v) {
    Instruction cold = w3(d, t, f);
    int out = d.word(0, t);
    int a = d.word(1, t);
    int b = d.word(2, t);
    int c = d.word(3, t);
    return Specialised.withHotForm(
        cold,
        f,
        () ->
            Specialised.create(
                VectorLoops.TernaryLoop.class, Instruction.class, v.get(), out, a, b, c));
  }

  static Instruction q1(
      Decoding d, Type t, LongLoops.LongUnary f, Supplier<VectorLoops.LongUnary> v) {
    Instruction cold = q1(d, t, f);
    int out = d.wide(0, t);
    int a = d.wide(1, t);
    return Specialised.withHotForm(
        cold,
        f,
        () ->
            Specialised.create(
                VectorLoops.LongUnaryLoop.class, Instruction.class, v.get(), out, a));
  }

  static Instruction q2(
      Decoding d, Type t, LongLoops.LongBinary f, Supplier<VectorLoops.LongBinary> v) {
    Instruction cold = q2(d, t, f);
    int out = d.wide(0, t);
    int a = d.wide(1, t);
    int b = d.wide(2, t);
    return Specialised.withHotForm(
        cold,
        f,
        () ->
            Specialised.create(
                VectorLoops.LongBinaryLoop.class, Instruction.class, v.get(), out, a, b));
  }

  static Instruction wordToLong(
      Decoding d,
      Type from,
      Type to,
      ConversionLoops.WordToLong f,
      Supplier<VectorLoops.LongUnary> v) {
    Instruction cold = wordToLong(d, from, to, f);
    int out = d.wide(0, to);
    int a = d.word(1, from);
    return Specialised.withHotForm(
        cold,
        f,
        () -> Specialised.create(VectorLoops.WidenLoop.class, Instruction.class, v.get(), out, a));
  }

  static VectorLoops.LongBinary signedProduct() {
    return Vectors::signedProduct;
  }

  static VectorLoops.LongBinary product() {
    return Vectors::product;
  }
}
