package io.mgnm.simulator;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Packages depend one way, and the core knows neither driver nor libraries nor JUnit. */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.mgnm.simulator");

  @Test
  void packagesAreFreeOfCycles() {
    slices().matching("io.mgnm.simulator.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void theCoreRunsWithoutADriver() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "io.mgnm.simulator.exec..",
            "io.mgnm.simulator.launch..",
            "io.mgnm.simulator.isa..",
            "io.mgnm.simulator.machine..",
            "io.mgnm.simulator.count..",
            "io.mgnm.simulator.memory..",
            "io.mgnm.simulator.ptx..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.mgnm.simulator.driver..",
            "io.mgnm.simulator.natives..",
            "io.mgnm.simulator.blas..",
            "io.mgnm.simulator.dnn..",
            "io.mgnm.simulator.jcuda..",
            "io.mgnm.simulator.junit..")
        .check(CLASSES);
  }

  @Test
  void theMultiprocessorDoesNotKnowItsInstructions() {
    noClasses()
        .that()
        .resideInAPackage("io.mgnm.simulator.machine..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.mgnm.simulator.isa..", "io.mgnm.simulator.launch..")
        .check(CLASSES);
  }
}
