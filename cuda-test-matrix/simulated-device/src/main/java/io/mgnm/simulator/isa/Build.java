package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.ptx.Type;

/** Instructions from functions of one lane: result first, then the operands in order. */
final class Build {
  private Build() {}

  static Instruction w1(Decoding d, Type t, LaneLoops.WordUnary f) {
    d.expectOperands(2);
    return Specialised.create(
        LaneLoops.WordUnaryLoop.class, Instruction.class, f, d.word(0, t), d.word(1, t));
  }

  static Instruction w2(Decoding d, Type t, LaneLoops.WordBinary f) {
    return w2(d, t, t, f);
  }

  static Instruction w2(Decoding d, Type t, Type second, LaneLoops.WordBinary f) {
    d.expectOperands(3);
    return Specialised.create(
        LaneLoops.WordBinaryLoop.class,
        Instruction.class,
        f,
        d.word(0, t),
        d.word(1, t),
        d.word(2, second));
  }

  static Instruction w3(Decoding d, Type t, LaneLoops.WordTernary f) {
    return w3(d, t, t, f);
  }

  static Instruction w3(Decoding d, Type t, Type third, LaneLoops.WordTernary f) {
    return Specialised.create(
        LaneLoops.WordTernaryLoop.class,
        Instruction.class,
        f,
        d.word(0, t),
        d.word(1, t),
        d.word(2, t),
        d.word(3, third));
  }

  static Instruction q1(Decoding d, Type t, LaneLoops.LongUnary f) {
    d.expectOperands(2);
    return Specialised.create(
        LaneLoops.LongUnaryLoop.class, Instruction.class, f, d.wide(0, t), d.wide(1, t));
  }

  static Instruction q2(Decoding d, Type t, LaneLoops.LongBinary f) {
    d.expectOperands(3);
    return Specialised.create(
        LaneLoops.LongBinaryLoop.class,
        Instruction.class,
        f,
        d.wide(0, t),
        d.wide(1, t),
        d.wide(2, t));
  }

  static Instruction q3(Decoding d, Type t, LaneLoops.LongTernary f) {
    d.expectOperands(4);
    return Specialised.create(
        LaneLoops.LongTernaryLoop.class,
        Instruction.class,
        f,
        d.wide(0, t),
        d.wide(1, t),
        d.wide(2, t),
        d.wide(3, t));
  }

  static Instruction wordToLong(Decoding d, Type from, Type to, LaneLoops.WordToLong f) {
    d.expectOperands(2);
    return Specialised.create(
        LaneLoops.WordToLongLoop.class, Instruction.class, f, d.wide(0, to), d.word(1, from));
  }

  static Instruction longToWord(Decoding d, Type from, Type to, LaneLoops.LongToWord f) {
    d.expectOperands(2);
    return Specialised.create(
        LaneLoops.LongToWordLoop.class, Instruction.class, f, d.word(0, to), d.wide(1, from));
  }

  /** A shift: 64-bit value, 32-bit amount. */
  static Instruction longShift(Decoding d, Type t, LaneLoops.LongShift f) {
    d.expectOperands(3);
    return Specialised.create(
        LaneLoops.LongShiftLoop.class,
        Instruction.class,
        f,
        d.wide(0, t),
        d.wide(1, t),
        d.word(2, Type.U32));
  }
}
