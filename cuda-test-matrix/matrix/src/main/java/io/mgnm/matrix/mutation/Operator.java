package io.mgnm.matrix.mutation;

import io.mgnm.matrix.mutation.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Small mistakes that a kernel's author may make. Each finds all places where it could be made. */
enum Operator {
  /** A block or warp barrier is forgotten. */
  DROP_BARRIER(Operator::dropBarrier),
  /** An element is looked up one too far. */
  SHIFT_INDEX(Operator::shiftIndex),
  /** Operands of an operator that is not symmetric, or arguments of fmaf, are exchanged. */
  SWAP_OPERANDS(Operator::swapOperands),
  /** A number is another one. */
  CHANGE_CONSTANT(Operator::changeConstant),
  /** A summand, a condition or a statement that adds is forgotten. */
  DROP_TERM(Operator::dropTerm),
  /** A factor of an index, or the step of a loop, is one too large. */
  WRONG_STRIDE(Operator::wrongStride);

  private static final Pattern CONSTANT_NAME = Pattern.compile("[A-Z][A-Z0-9_]*");
  private static final List<String> NOT_SYMMETRIC =
      List.of("-", "/", "%", "<", "<=", ">", ">=", "<<", ">>");
  private static final List<String> COMPOUND = List.of("+=", "-=", "*=");
  private static final List<String> ENDS = List.of(";", ",", ")", "]", "}", ":");
  private static final List<String> OF_CONDITIONS =
      List.of("&&", "||", "?", ":", ";", ",", ")", "]");

  private final Function<CudaSource, List<Edit>> finder;

  Operator(Function<CudaSource, List<Edit>> finder) {
    this.finder = finder;
  }

  /** All its changes of a source, in the order of their places. */
  List<Edit> edits(CudaSource source) {
    return finder.apply(source).stream()
        .filter(edit -> !isDeclarative(source, edit.begin()))
        .toList();
  }

  /** Whether a place is in something that only the compiler looks at. */
  private static boolean isDeclarative(CudaSource source, int place) {
    for (int i = 0; i + 1 < source.size(); i++) {
      boolean call = source.is(i, "static_assert") || source.is(i, "__launch_bounds__");
      if (call && place >= source.at(i).begin() && place < source.at(source.partner(i + 1)).end()) {
        return true;
      }
    }
    return false;
  }

  private static List<Edit> dropBarrier(CudaSource source) {
    List<Edit> edits = new ArrayList<>();
    for (int i = 0; i + 1 < source.size(); i++) {
      boolean barrier = source.is(i, "__syncthreads") || source.is(i, "__syncwarp");
      if (barrier && source.is(i + 1, "(")) {
        edits.add(replace(source, i, source.partner(i + 1), "static_cast<void>(0)"));
      }
    }
    return edits;
  }

  private static List<Edit> shiftIndex(CudaSource source) {
    List<Edit> edits = new ArrayList<>();
    for (int i = 1; i < source.size(); i++) {
      if (source.is(i, "[") && !declares(source, i)) {
        int first = i + 1;
        int last = source.partner(i) - 1;
        String index = source.between(first, last);
        edits.add(replace(source, first, last, "(" + index + ") + 1"));
      }
    }
    return edits;
  }

  /** Whether the bracket at token i is part of an array's declaration: a type stands before it. */
  private static boolean declares(CudaSource source, int i) {
    int name = i - 1;
    while (source.is(name, "]")) {
      name = source.partner(name) - 1;
    }
    int before = name - 1;
    return source.is(name, Kind.NAME)
        && ((source.is(before, Kind.NAME) && !source.is(before, "return"))
            || source.is(before, ">")
            || (source.is(before, "*") && !source.isBinary(before)));
  }

  private static List<Edit> swapOperands(CudaSource source) {
    List<Edit> edits = new ArrayList<>();
    for (int i = 1; i < source.size(); i++) {
      if (NOT_SYMMETRIC.contains(source.at(i).text()) && source.isBinary(i)) {
        int begin = source.operandBegin(i - 1);
        int end = source.operandEnd(i + 1);
        swap(edits, source, begin, i - 1, i + 1, end);
      } else if (source.is(i, "?")) {
        int colon = source.until(i + 1, List.of(":")) + 1;
        swap(edits, source, i + 1, colon - 1, colon + 1, source.until(colon + 1, ENDS));
      } else if (source.is(i - 1, "fmaf") && source.is(i, "(")) {
        List<int[]> arguments = source.arguments(i);
        int[] second = arguments.get(1);
        int[] third = arguments.get(2);
        swap(edits, source, second[0], second[1], third[0], third[1]);
      }
    }
    return edits;
  }

  /** Exchanges tokens {@code a..b} and {@code c..d}, if they differ. */
  private static void swap(List<Edit> edits, CudaSource source, int a, int b, int c, int d) {
    String one = source.between(a, b);
    String other = source.between(c, d);
    if (!one.equals(other)) {
      String middle = source.between(a, d).substring(one.length());
      middle = middle.substring(0, middle.length() - other.length());
      edits.add(replace(source, a, d, other + middle + one));
    }
  }

  private static List<Edit> changeConstant(CudaSource source) {
    List<Edit> edits = new ArrayList<>();
    for (int i = 0; i < source.size(); i++) {
      if (source.is(i, Kind.NUMBER)) {
        edits.add(replace(source, i, i, other(source.at(i).text())));
      }
    }
    return edits;
  }

  /**
   * A float twice as large, or 1 for 0; an integer one larger, or smaller where all bits are set.
   */
  private static String other(String number) {
    boolean hexadecimal = number.startsWith("0x") || number.startsWith("0X");
    if (hexadecimal) {
      String digits = number.substring(2).replaceAll("[uUlL]+$", "");
      boolean allSet = digits.matches("[fF]+");
      long value = Long.parseUnsignedLong(digits, 16) + (allSet ? -1 : 1);
      return "0x" + Long.toHexString(value) + number.substring(2 + digits.length());
    }
    if (number.matches("\\d+[uUlL]*")) {
      String digits = number.replaceAll("[uUlL]+$", "");
      return Long.parseLong(digits) + 1 + number.substring(digits.length());
    }
    double value = Double.parseDouble(number.replaceAll("[fF]$", ""));
    return (value == 0 ? "1.0" : "(2.0f * " + number + ")") + (value == 0 ? "f" : "");
  }

  private static List<Edit> dropTerm(CudaSource source) {
    List<Edit> edits = new ArrayList<>();
    for (int i = 1; i < source.size(); i++) {
      boolean sum = (source.is(i, "+") || source.is(i, "-")) && source.isBinary(i);
      if (sum) {
        edits.add(replace(source, i, source.productEnd(i + 1), ""));
      } else if (source.is(i, "&&")) {
        edits.add(replace(source, i, source.until(i + 1, OF_CONDITIONS), ""));
      } else if (source.is(i, "fmaf") && source.is(i + 1, "(")) {
        List<int[]> all = source.arguments(i + 1);
        String product =
            "((%s) * (%s))"
                .formatted(
                    source.between(all.get(0)[0], all.get(0)[1]),
                    source.between(all.get(1)[0], all.get(1)[1]));
        edits.add(replace(source, i, source.partner(i + 1), product));
      } else if (COMPOUND.contains(source.at(i).text()) && !inHeaderOfFor(source, i)) {
        int begin = source.operandBegin(i - 1);
        edits.add(replace(source, begin, source.until(i, List.of(";")), ""));
      }
    }
    return edits;
  }

  private static List<Edit> wrongStride(CudaSource source) {
    List<Edit> edits = new ArrayList<>();
    for (int i = 1; i < source.size(); i++) {
      if (inHeaderOfFor(source, i)) {
        boolean last = source.until(i, List.of(";", ")")) + 1 == source.partner(source.around(i));
        if (last && (source.is(i, "+=") || source.is(i, "-="))) {
          int end = source.until(i + 1, List.of(")", ","));
          String step = source.between(i + 1, end);
          edits.add(replace(source, i + 1, end, "(" + step + ") + 1"));
        } else if (last && source.is(i, "++") && source.is(i + 1, Kind.NAME)) {
          int end = source.operandEnd(i + 1);
          edits.add(replace(source, i, end, source.between(i + 1, end) + " += 2"));
        }
      }
      if (source.is(i, "*") && source.isBinary(i)) {
        int end = source.operandEnd(i + 1);
        String factor = source.between(i + 1, end);
        int around = source.around(i);
        boolean index = around >= 0 && source.is(around, "[");
        if (index || CONSTANT_NAME.matcher(factor).matches()) {
          edits.add(replace(source, i + 1, end, "(" + factor + " + 1)"));
        }
      }
    }
    return edits;
  }

  private static boolean inHeaderOfFor(CudaSource source, int i) {
    int around = source.around(i);
    return around > 0 && source.is(around, "(") && source.is(around - 1, "for");
  }

  private static Edit replace(CudaSource source, int first, int last, String replacement) {
    return new Edit(source.at(first).begin(), source.at(last).end(), replacement);
  }
}
