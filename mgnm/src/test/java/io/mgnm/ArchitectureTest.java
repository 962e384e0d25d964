package io.mgnm;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Dependencies point one way: operations, then the model, then what trains and serves it. */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.mgnm");

  @Test
  void theModelSeesNoParticularBackend() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.mgnm.ops..", "io.mgnm.cuda..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.mgnm.ops.reference..", "io.mgnm.ops.cpu..", "io.mgnm.ops.cuda..", "io.mgnm.cuda..")
        .check(CLASSES);
  }

  @Test
  void operationsSeeNothingOfTheModel() {
    noClasses()
        .that()
        .resideInAnyPackage("io.mgnm.ops..", "io.mgnm.kernels..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.mgnm.config..",
            "io.mgnm.data..",
            "io.mgnm.model..",
            "io.mgnm.eval..",
            "io.mgnm.train..",
            "io.mgnm.recommend..",
            "io.mgnm.cli..")
        .check(CLASSES);
  }

  @Test
  void backendsDoNotSeeEachOther() {
    noClasses()
        .that()
        .resideInAPackage("io.mgnm.ops.cpu..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.mgnm.ops.reference..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("io.mgnm.ops.reference..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.mgnm.ops.cpu..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("io.mgnm.ops")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.mgnm.ops.cpu..", "io.mgnm.ops.reference..")
        .check(CLASSES);
  }

  @Test
  void nothingDependsOnTheCommandLine() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.mgnm.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.mgnm.cli..")
        .check(CLASSES);
  }

  @Test
  void packagesFormNoCircle() {
    slices().matching("io.mgnm.(**)").should().beFreeOfCycles().check(CLASSES);
  }
}
