package io.mgnm.simulator.launch;

import java.util.ArrayList;
import java.util.List;

/** Loads and stores of every type and vector in every space, with every hint. */
final class MemoryForms {
  private static final List<String> DATA = new ArrayList<>();
  private static final String[] EVICT = {
    "L1::evict_normal",
    "L1::evict_unchanged",
    "L1::evict_first",
    "L1::evict_last",
    "L1::no_allocate"
  };

  static {
    for (String lanes : new String[] {"", "v2.", "v4."}) {
      for (String type :
          new String[] {
            "b8", "b16", "b32", "u8", "s8", "u16", "s16", "u32", "s32", "f32", "b64", "u64", "s64",
            "f64"
          }) {
        if (!lanes.equals("v4.") || !type.endsWith("64")) {
          DATA.add(lanes + type);
        }
      }
    }
  }

  private MemoryForms() {}

  static List<FormCase> cases() {
    List<FormCase> result = new ArrayList<>();
    String[] spaces = {
      "", ".global", ".shared", ".shared::cta", ".local", ".const", ".param", ".param::entry"
    };
    for (String data : DATA) {
      for (String space : spaces) {
        load(result, "ld" + space, space, data);
      }
      call(result, data);
      for (String space : new String[] {"", ".global", ".shared", ".shared::cta", ".local"}) {
        store(result, "st" + space, space, data);
        if (!space.equals(".local")) {
          load(result, "ld.volatile" + space, space, data);
          store(result, "st.volatile" + space, space, data);
          load(result, "ld.relaxed.cta" + space, space, data);
          store(result, "st.relaxed.cta" + space, space, data);
        }
      }
      load(result, "ld.global.nc", ".global", data);
      for (String space : new String[] {"", ".global"}) {
        load(result, "ld" + space + ".L2::256B", space, data);
        load(result, "ldu" + space, space, data);
        if (!data.startsWith("v")) {
          load(result, "ld.mmio.relaxed.sys" + space, space, data);
          store(result, "st.mmio.relaxed.sys" + space, space, data);
        }
      }
      load(result, "ld.global.nc.L2::256B", ".global", data);
    }
    hints(result, spaces);
    return result;
  }

  /** Each hint once in each space. */
  private static void hints(List<FormCase> result, String[] spaces) {
    for (String space : spaces) {
      load(result, "ld.weak" + space, space, "b8");
      for (String hint : new String[] {"ca", "cg", "cs", "lu", "cv"}) {
        load(result, "ld" + space + "." + hint, space, "b8");
      }
    }
    load(result, "ld.weak.param::func", ".param::func", "b8");
    for (String hint : new String[] {"ca", "cg", "cs", "lu", "cv"}) {
      load(result, "ld.param::func." + hint, ".param::func", "b8");
    }
    for (String space :
        new String[] {
          "", ".global", ".shared", ".shared::cta", ".local", ".param", ".param::func"
        }) {
      store(result, "st.weak" + space, space, "b8");
      for (String hint : new String[] {"cg", "cs", "wb", "wt"}) {
        store(result, "st" + space + "." + hint, space, "b8");
      }
    }
    for (String space : new String[] {"", ".global"}) {
      for (String hint : EVICT) {
        load(result, "ld" + space + "." + hint, space, "b8");
        load(result, "ld" + space + "." + hint + ".L2::256B", space, "b8");
        store(result, "st" + space + "." + hint, space, "b8");
      }
      load(result, "ld.weak" + space + ".L2::256B", space, "b8");
      load(result, "ld" + space + ".L2::64B", space, "b8");
      load(result, "ld" + space + ".L2::128B", space, "b8");
    }
    for (String hint : EVICT) {
      load(result, "ld.global.nc." + hint, ".global", "b8");
      load(result, "ld.global.nc." + hint + ".L2::256B", ".global", "b8");
    }
    for (String hint : new String[] {"ca", "cg", "cs"}) {
      load(result, "ld.global." + hint + ".nc", ".global", "b8");
    }
    load(result, "ld.global.nc.L2::64B", ".global", "b8");
    load(result, "ld.global.nc.L2::128B", ".global", "b8");
    for (String space : new String[] {"", ".global", ".shared", ".shared::cta"}) {
      for (String scope : new String[] {"cta", "gpu", "sys"}) {
        load(result, "ld.relaxed." + scope + space, space, "b8");
        load(result, "ld.acquire." + scope + space, space, "b8");
        store(result, "st.relaxed." + scope + space, space, "b8");
        store(result, "st.release." + scope + space, space, "b8");
      }
    }
    for (String form :
        new String[] {
          "prefetch.L1",
          "prefetch.L2",
          "prefetch.global.L1",
          "prefetch.global.L2",
          "prefetch.L2::evict_last",
          "prefetch.L2::evict_normal",
          "prefetch.global.L2::evict_last",
          "prefetch.global.L2::evict_normal",
          "prefetchu.L1"
        }) {
      result.add(unchanged(form, form + " [%g];"));
    }
    for (String form : new String[] {"prefetch.local.L1", "prefetch.local.L2"}) {
      result.add(unchanged(form, form + " [lo];"));
    }
  }

  /** An instruction after which everything is as before. */
  static FormCase unchanged(String form, String statement) {
    return new FormCase(form, "mov.b64 %q, %qa;\n" + statement, lane -> lane.register("%qa"));
  }

  private static int bytes(String data) {
    return Integer.parseInt(data.replaceAll("v.\\.|[busf]", "")) / 8;
  }

  private static int count(String data) {
    return data.startsWith("v") ? data.charAt(1) - '0' : 1;
  }

  /** Registers of 32 or 64 bits, so that the extension of narrow types shows. */
  private static String registers(String data, String... names) {
    String list = String.join(", ", List.of(names).subList(0, count(data)));
    return count(data) > 1 ? "{" + list + "}" : list;
  }

  private static String wideOrNot(String data, String wide, String word) {
    String[] names = (bytes(data) == 8 ? wide : word).split(" ");
    return registers(data, names);
  }

  private static void load(List<FormCase> result, String start, String space, String data) {
    String opcode = start + "." + data;
    String address =
        switch (space) {
          case ".shared", ".shared::cta" -> "[%s";
          case ".local" -> "[lo";
          case ".const" -> "[cn";
          case ".param", ".param::entry" -> "[blob";
          case ".param::func" -> "[argument";
          default -> "[%g";
        };
    String before = space.equals(".param::func") ? argument() : "";
    // Not at the start, so that the offset counts.
    int offset = bytes(data) * count(data);
    String text =
        before
            + (opcode + " " + wideOrNot(data, "%qd %qe", "%d %e %f %s2") + ", " + address)
            + ("+" + offset + "];\n" + summed(data));
    boolean constant =
        space.equals(".const") || (space.startsWith(".param") && !space.endsWith("func"));
    result.add(
        new FormCase(
            opcode,
            ".reg .b32 %s2;\n" + text,
            lane -> {
              long sum = 0;
              for (int k = count(data) - 1; k >= 0; k--) {
                int at = offset + k * bytes(data);
                long raw =
                    constant ? constant(at, bytes(data)) : word(lane.words(), at, bytes(data));
                sum = sum * 31 + value(raw, data);
              }
              return sum;
            }));
  }

  private static String argument() {
    return """
    .param .align 16 .b8 argument[32];
    st.param.v4.b32 [argument], {%a, %b, %c, %i};
    st.param.v4.b32 [argument+16], {%b, %c, %a, %b};
    """;
  }

  /** A parameter of a call: written whole, and read. */
  private static void call(List<FormCase> result, String data) {
    load(result, "ld.param::func", ".param::func", data);
    store(result, "st.param", ".param", data);
    store(result, "st.param::func", ".param::func", data);
  }

  /** %q from the registers loaded, by a polynomial. */
  private static String summed(String data) {
    boolean wide = bytes(data) == 8;
    StringBuilder text = new StringBuilder();
    String[] names = wide ? new String[] {"%qd", "%qe"} : new String[] {"%d", "%e", "%f", "%s2"};
    text.append("mov.b64 %q, 0;\n");
    for (int k = count(data) - 1; k >= 0; k--) {
      if (wide) {
        text.append("mad.lo.u64 %q, %q, 31, ").append(names[k]).append(";\n");
      } else {
        text.append("cvt.u64.u32 %p, ").append(names[k]).append(";\n");
        text.append("mad.lo.u64 %q, %q, 31, %p;\n");
      }
    }
    return text.toString();
  }

  /** Little-endian bytes of constant memory. */
  static long constant(int at, int bytes) {
    long value = 0;
    for (int k = bytes - 1; k >= 0; k--) {
      value = (value << 8) | (FormKernel.BYTES[at + k] & 0xff);
    }
    return value;
  }

  private static long word(int[] words, int at, int bytes) {
    long value = 0;
    for (int k = bytes - 1; k >= 0; k--) {
      value = (value << 8) | ((words[(at + k) / 4] >>> (8 * ((at + k) % 4))) & 0xff);
    }
    return value;
  }

  /** As the register holds it: signed types keep their sign, in 32 bits. */
  private static long value(long raw, String data) {
    boolean signed = data.replaceAll("v.\\.", "").startsWith("s");
    return switch (bytes(data)) {
      case 1 -> (signed ? (byte) raw : raw) & 0xffffffffL;
      case 2 -> (signed ? (short) raw : raw) & 0xffffffffL;
      default -> raw;
    };
  }

  private static void store(List<FormCase> result, String start, String space, String data) {
    String opcode = start + "." + data;
    String plain = space.replaceAll("::.*", "");
    boolean parameter = plain.equals(".param");
    String address =
        switch (plain) {
          case ".shared" -> "[%s+";
          case ".local" -> "[lo+";
          case ".param" -> "[argument+";
          default -> "[%g+";
        };
    int first = parameter ? 0 : 32;
    int offset = bytes(data) * count(data) % 16;
    StringBuilder text = new StringBuilder();
    if (parameter) {
      text.append(".param .align 16 .b8 argument[32];\n");
    }
    text.append("mov.b64 %q, 0x5a5a5a5a5a5a5a5a;\n");
    for (int k = 0; k < 4; k++) {
      text.append("st" + plain + ".b64 " + address).append(first + 8 * k).append("], %q;\n");
    }
    text.append(opcode + " " + address).append(first + offset).append("], ");
    text.append(wideOrNot(data, "%qa %qb", "%a %b %c %a")).append(";\nmov.b64 %q, 0;\n");
    for (int k = 3; k >= 0; k--) {
      text.append("ld" + plain + ".b64 %p, " + address).append(first + 8 * k).append("];\n");
      text.append("mad.lo.u64 %q, %q, 31, %p;\n");
    }
    result.add(
        new FormCase(
            opcode,
            text.toString(),
            lane -> {
              int[] words = new int[8];
              java.util.Arrays.fill(words, 0x5a5a5a5a);
              String[] names =
                  bytes(data) == 8
                      ? new String[] {"%qa", "%qb"}
                      : new String[] {"%a", "%b", "%c", "%a"};
              for (int k = 0; k < count(data); k++) {
                long value = lane.register(names[k]);
                for (int j = 0; j < bytes(data); j++) {
                  int at = offset + k * bytes(data) + j;
                  int shift = at % 4 * 8;
                  words[at / 4] =
                      (words[at / 4] & ~(0xff << shift))
                          | (((int) (value >>> (8 * j)) & 0xff) << shift);
                }
              }
              long sum = 0;
              for (int k = 3; k >= 0; k--) {
                sum = sum * 31 + word(words, 8 * k, 8);
              }
              return sum;
            }));
  }
}
