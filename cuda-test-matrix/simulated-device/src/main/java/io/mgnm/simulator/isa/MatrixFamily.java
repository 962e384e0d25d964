package io.mgnm.simulator.isa;

import io.mgnm.simulator.count.InstructionClass;
import io.mgnm.simulator.exec.DeviceFault;
import io.mgnm.simulator.machine.AddressLanes;
import io.mgnm.simulator.machine.Instruction;
import io.mgnm.simulator.machine.Warp;
import io.mgnm.simulator.ptx.Operand;
import io.mgnm.simulator.ptx.Type;
import java.util.List;

/**
 * {@code mma.sync.m16n8k{4,8,16}} with float accumulators and {@code ldmatrix}. Products are exact,
 * their sum with the accumulator is rounded once; devices round in between in ways that are not
 * documented, so results agree to the precision of the inputs, not to the bit.
 */
final class MatrixFamily {
  private static final int ROWS = 16;
  private static final int COLUMNS = 8;

  private MatrixFamily() {}

  static Instruction decode(Decoding d, int index) {
    if (!d.take("sync") || !d.take("aligned")) {
      throw d.error("only .sync.aligned exists");
    }
    if (d.base.equals("ldmatrix")) {
      return loadMatrix(d);
    }
    if (!d.base.equals("mma")) {
      throw d.error("unknown instruction");
    }
    String shape = d.takeAny("m16n8k4", "m16n8k8", "m16n8k16");
    if (shape == null || !d.take("row") || !d.take("col")) {
      throw d.error("this shape");
    }
    Type out = d.type();
    Type a = d.type();
    Type b = d.type();
    Type c = d.type();
    int depth = Integer.parseInt(shape.substring(6));
    boolean tf32 = a == Type.TF32;
    boolean known = tf32 ? depth < 16 : (a == Type.F16 || a == Type.BF16) && depth > 4;
    if (out != Type.F32 || c != Type.F32 || a != b || !known) {
      throw d.error("these types");
    }
    return new Multiply(d, a, depth);
  }

  private static int[] places(Decoding d, int operand, int count, Type t) {
    List<Operand> elements =
        d.operand(operand) instanceof Operand.Vector v ? v.elements() : List.of(d.operand(operand));
    if (elements.size() != count) {
      throw d.error("operand " + (operand + 1) + " must have " + count + " registers");
    }
    int[] result = new int[count];
    for (int i = 0; i < count; i++) {
      result[i] = d.word(elements.get(i), t);
    }
    return result;
  }

  private static void wholeWarp(Warp warp, Instruction at, int mask) {
    if (mask != -1) {
      throw warp.fault(
          DeviceFault.Kind.WRONG_MASK,
          at,
          Integer.numberOfTrailingZeros(mask),
          0,
          String.format("needs all lanes of the warp, has %08x", mask));
    }
  }

  private static final class Multiply extends Instruction {
    private final Type type;
    private final int depth;
    private final int[] out;
    private final int[] a;
    private final int[] b;
    private final int[] c;

    Multiply(Decoding d, Type type, int depth) {
      this.type = type;
      this.depth = depth;
      int perRegister = type == Type.TF32 ? 1 : 2;
      out = places(d, 0, 4, Type.F32);
      a = places(d, 1, depth / 2 / perRegister, Type.B32);
      b = places(d, 2, depth / 4 / perRegister, Type.B32);
      c = places(d, 3, 4, Type.F32);
    }

    @Override
    public void execute(Warp warp, int mask) {
      wholeWarp(warp, this, mask);
      int[] r = warp.r;
      double[][] left = new double[ROWS][depth];
      double[][] right = new double[depth][COLUMNS];
      boolean tf32 = type == Type.TF32;
      for (int lane = 0; lane < Warp.LANES; lane++) {
        int group = lane >>> 2;
        int inGroup = lane & 3;
        int elementsA = depth / 2;
        for (int i = 0; i < elementsA; i++) {
          int row = group + (tf32 ? (i & 1) * 8 : (i >>> 1 & 1) * 8);
          int column = tf32 ? inGroup + (i >>> 1) * 4 : inGroup * 2 + (i & 1) + (i >= 4 ? 8 : 0);
          left[row][column] = element(r, a, i, lane);
        }
        for (int i = 0; i < depth / 4; i++) {
          int row = tf32 ? inGroup + i * 4 : inGroup * 2 + (i & 1) + (i >= 2 ? 8 : 0);
          right[row][group] = element(r, b, i, lane);
        }
      }
      int[][] result = new int[4][Warp.LANES];
      for (int lane = 0; lane < Warp.LANES; lane++) {
        for (int i = 0; i < 4; i++) {
          int row = (lane >>> 2) + (i >>> 1) * 8;
          int column = (lane & 3) * 2 + (i & 1);
          double sum = Rounding.f(r[c[i] + lane]);
          for (int k = 0; k < depth; k++) {
            sum += left[row][k] * right[k][column];
          }
          result[i][lane] = Rounding.bits((float) sum);
        }
      }
      for (int i = 0; i < 4; i++) {
        System.arraycopy(result[i], 0, r, out[i], Warp.LANES);
      }
    }

    private double element(int[] r, int[] places, int i, int lane) {
      if (type == Type.TF32) {
        // The lower 13 bits are not read.
        return Rounding.f(r[places[i] + lane] & 0xffffe000);
      }
      int pair = r[places[i >>> 1] + lane];
      return SmallFloat.of(type).value(pair >>> ((i & 1) * 16) & 0xffff);
    }
  }

  private static Instruction loadMatrix(Decoding d) {
    String count = d.takeAny("x1", "x2", "x4");
    if (!d.take("m8n8") || count == null) {
      throw d.error("this shape");
    }
    boolean transposed = d.take("trans");
    if (!(d.take("shared") || d.take("shared::cta")) || d.type() != Type.B16) {
      throw d.error("this form of ldmatrix");
    }
    return new LoadMatrix(d, count.charAt(1) - '0', transposed);
  }

  private static final class LoadMatrix extends Instruction {
    private final int[] out;
    private final boolean transposed;
    private final AddressOperand address;

    LoadMatrix(Decoding d, int count, boolean transposed) {
      out = places(d, 0, count, Type.B32);
      this.transposed = transposed;
      address = new AddressOperand(d, d.operand(1));
      kind = InstructionClass.SHARED_LOAD;
    }

    @Override
    public void execute(Warp warp, int mask) {
      wholeWarp(warp, this, mask);
      AddressLanes lanes = warp.processor.addresses;
      int used = out.length == 4 ? -1 : (1 << (out.length * 8)) - 1;
      address.compute(warp, lanes, used, 16);
      warp.block.shared.bounds(warp, this, lanes);
      warp.block.shared.checkRead(warp, this, lanes);
      if (warp.processor.counting) {
        warp.processor.banks.count(warp.processor, lanes);
      }
      int[] words = warp.block.shared.words;
      for (int matrix = 0; matrix < out.length; matrix++) {
        for (int lane = 0; lane < Warp.LANES; lane++) {
          int row = lane >>> 2;
          int pair = lane & 3;
          int value;
          if (transposed) {
            value =
                half(words, lanes.at[matrix * 8 + pair * 2], row)
                    | half(words, lanes.at[matrix * 8 + pair * 2 + 1], row) << 16;
          } else {
            value = words[(int) (lanes.at[matrix * 8 + row] >>> 2) + pair];
          }
          warp.r[out[matrix] + lane] = value;
        }
      }
    }

    private static int half(int[] words, long row, int column) {
      long a = row + column * 2L;
      return words[(int) (a >>> 2)] >>> ((a & 3) * 8) & 0xffff;
    }
  }
}
