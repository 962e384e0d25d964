package io.mgnm.simulator.isa;

import io.mgnm.simulator.machine.AddressLanes;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.Type;

/** {@code [register + offset]}, {@code [variable + offset]} or {@code [constant]}. */
final class AddressOperand {
  private final int place;
  private final boolean wide;
  private final boolean constant;
  private final long plus;

  /** The variable it names, or null. */
  final String symbol;

  AddressOperand(Decoding d, Operand operand) {
    if (!(operand instanceof Operand.Address a)) {
      throw d.error("expected an address");
    }
    if (a.base() == null) {
      constant = true;
      plus = a.offset();
      place = 0;
      wide = false;
      symbol = null;
    } else if (d.kernel.isRegister(a.base())) {
      constant = false;
      plus = a.offset();
      wide = d.kernel.typeOf(a.base()).bytes() == 8;
      Operand register = new Operand.Name(a.base(), 0);
      place = wide ? d.wide(register, Type.U64) : d.word(register, Type.U32);
      symbol = null;
    } else {
      constant = true;
      plus = d.kernel.address(a.base(), a.offset(), d);
      place = 0;
      wide = false;
      symbol = a.base();
    }
  }

  void compute(Warp warp, AddressLanes lanes, int mask, int bytes) {
    if (constant) {
      lanes.fromConstant(plus, mask, bytes);
    } else if (wide) {
      lanes.fromLongs(warp.q, place, plus, mask, bytes);
    } else {
      lanes.fromWords(warp.r, place, plus, mask, bytes);
    }
  }
}
