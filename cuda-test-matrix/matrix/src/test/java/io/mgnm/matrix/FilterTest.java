package io.mgnm.matrix;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FilterTest {
  private static final String NAME = "capsule_squash/backward/33/d16/4x4/v0/cuda-9.0-random";

  @Test
  void everyWordMustOccurAndAStarIsAnything() {
    assertThat(new Filter("").matches(NAME)).isTrue();
    assertThat(new Filter("squash 9.0").matches(NAME)).isTrue();
    assertThat(new Filter("/33/ back*d16").matches(NAME)).isTrue();
    assertThat(new Filter("squash 8.6").matches(NAME)).isFalse();
    assertThat(new Filter("forward").matches(NAME)).isFalse();
    assertThat(new Filter("9x0").matches(NAME)).isFalse(); // a dot is a dot
  }
}
