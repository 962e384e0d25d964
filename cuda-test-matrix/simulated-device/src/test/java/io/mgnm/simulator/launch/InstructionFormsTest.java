package io.mgnm.simulator.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.mgnm.simulator.isa.InstructionForms;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every form that the simulator takes has an answer from an independent computation, and gives it,
 * as decoded first and as it is when hot.
 */
class InstructionFormsTest {
  private static final int BATCH = 60;

  /** Where the answers are. */
  private static final Map<String, Supplier<List<FormCase>>> ANSWERS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("whole numbers", IntegerForms::cases),
              Map.entry("carry", CarryForms::cases),
              Map.entry("constants", ConstantForms::cases),
              Map.entry("bits", BitForms::cases),
              Map.entry("single precision", FloatForms::cases),
              Map.entry("double precision", DoubleForms::cases),
              Map.entry("half precision", HalfForms::cases),
              Map.entry("division and functions", FunctionForms::cases),
              Map.entry("comparisons", CompareForms::cases),
              Map.entry("conversions", ConvertForms::cases),
              Map.entry("moves and addresses", AddressForms::cases),
              Map.entry("loads and stores", MemoryForms::cases),
              Map.entry("atomics", AtomicForms::cases),
              Map.entry("warps", WarpForms::cases),
              Map.entry("barriers and control", ControlForms::cases)));

  static Set<String> groups() {
    return ANSWERS.keySet();
  }

  @ParameterizedTest
  @MethodSource("groups")
  void answers(String group) {
    List<FormCase> cases = ANSWERS.get(group).get();
    for (int i = 0; i < cases.size(); i += BATCH) {
      FormKernel.check(cases.subList(i, Math.min(cases.size(), i + BATCH)));
    }
  }

  @Test
  void everyFormHasAnAnswer() {
    Set<String> answered = new TreeSet<>(WarpInstructionsTest.forms());
    for (Supplier<List<FormCase>> cases : ANSWERS.values()) {
      cases.get().forEach(form -> answered.add(form.opcode()));
    }
    List<String> unanswered = new ArrayList<>(InstructionForms.all());
    unanswered.removeAll(answered);
    assertThat(unanswered).as("forms that are taken and have no known answer").isEmpty();
  }

  @Test
  void everyAnswerIsOfItsForm() {
    for (Supplier<List<FormCase>> cases : ANSWERS.values()) {
      for (FormCase form : cases.get()) {
        assertThat(FormKernel.text(List.of(form)))
            .containsPattern("\\s" + Pattern.quote(form.opcode()) + "[ ;]");
      }
    }
  }
}
