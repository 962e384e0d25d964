package io.mgnm.matrix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mgnm.matrix.rows.Shape;
import io.mgnm.matrix.rows.Size;
import io.mgnm.matrix.work.CaseResult;
import io.mgnm.matrix.work.CaseResult.Outcome;
import io.mgnm.matrix.work.Target;
import org.junit.jupiter.api.Test;

class UnsupportedTest {
  private static final String LIST = "# comment\n\ncuda- forward: needs a compiler\n";

  private static CaseResult result(String direction, Outcome outcome, String reason) {
    Shape shape = new Shape(Size.named("16"), 16, 4, 4, 0);
    return new CaseResult(
        "stem", direction, shape, Target.simulated("9.0", "random"), outcome, reason, 1);
  }

  @Test
  void whatIsListedIsSkippedAndWhatIsNewHasFailed() {
    Unsupported list = Unsupported.of(LIST, false);
    CaseResult listed = result("forward", Outcome.UNSUPPORTED, "it needs a compiler named cc");
    assertThat(list.judge(listed)).isEqualTo(listed);
    CaseResult otherReason = result("forward", Outcome.UNSUPPORTED, "it is Tuesday");
    assertThat(list.judge(otherReason).outcome()).isEqualTo(Outcome.FAILED);
    assertThat(list.judge(otherReason).message())
        .isEqualTo("unsupported, and not on the list of what may be: it is Tuesday");
    CaseResult otherCase = result("backward", Outcome.UNSUPPORTED, "it needs a compiler");
    assertThat(list.judge(otherCase).outcome()).isEqualTo(Outcome.FAILED);
    CaseResult passed = result("backward", Outcome.PASSED, "");
    assertThat(list.judge(passed)).isEqualTo(passed);
  }

  @Test
  void whereTheDeviceIsRequiredNothingMayBeUnsupported() {
    CaseResult listed = result("forward", Outcome.UNSUPPORTED, "it needs a compiler");
    assertThat(Unsupported.of(LIST, true).judge(listed).outcome()).isEqualTo(Outcome.FAILED);
  }

  @Test
  void aLineWithoutAReasonIsRefused() {
    assertThatThrownBy(() -> Unsupported.of("forward", false))
        .hasMessageContaining("words of the reason");
  }
}
