package io.mgnm.matrix.mutation;

import io.mgnm.matrix.mutation.MutantJob.Trial;
import io.mgnm.matrix.mutation.MutantResult.Verdict;
import io.mgnm.matrix.rows.Shape;
import io.mgnm.matrix.work.CaseJob.Case;
import io.mgnm.matrix.work.Target;
import io.mgnm.matrix.work.Workers;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Samples mutants of stems until enough of each are real mistakes, and runs them. */
public final class MutationRun {
  /** Sizes that catch most for their time, first ones first; the others follow in their order. */
  private static final List<String> FIRST =
      List.of("33", "unequal", "17", "65", "15", "2", "zeros", "large", "1", "empty", "many");

  private final Workers workers;
  private final Survivors list;
  private final Map<String, List<MutantResult>> results = new TreeMap<>();

  /**
   * Runs mutants on workers.
   *
   * @param workers whose CUDA is the simulated device
   * @param list of survivors that are explained
   */
  public MutationRun(Workers workers, Survivors list) {
    this.workers = workers;
    this.list = list;
  }

  /**
   * Runs mutants of stems.
   *
   * @param cases the short matrix of each stem
   * @param wanted mutants of each stem, at least, that compile to other code, if there are so many
   * @param seed of the sample
   * @param finished told of each mutant that was caught or survived
   */
  public void run(Map<String, List<Case>> cases, int wanted, long seed, Consumer<String> finished) {
    Map<String, List<Mutant>> waiting = new TreeMap<>();
    cases.keySet().forEach(stem -> waiting.put(stem, Mutants.sampled(stem, seed)));
    List<MutantJob> jobs;
    do {
      jobs = new ArrayList<>();
      for (Map.Entry<String, List<Mutant>> entry : waiting.entrySet()) {
        String stem = entry.getKey();
        long missing = Math.max(0, wanted - real(stem).size());
        List<Mutant> next = entry.getValue().stream().limit(missing).toList();
        List<Trial> trials = trials(cases.get(stem));
        for (Mutant mutant : next) {
          jobs.add(new MutantJob(mutant, trials));
        }
        entry.getValue().subList(0, next.size()).clear();
      }
      workers.run(
          jobs,
          report -> {
            if (report instanceof MutantResult result) {
              results.computeIfAbsent(result.mutant().stem(), s -> new ArrayList<>()).add(result);
              if (result.verdict() != Verdict.DROPPED) {
                finished.accept(
                    "%s %s%n    %s"
                        .formatted(result.verdict(), result.mutant(), firstLine(result.by())));
              }
            }
          });
    } while (!jobs.isEmpty());
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }

  /** Every case on one of its devices in turn, then on the others. */
  static List<Trial> trials(List<Case> cases) {
    List<Case> ordered =
        cases.stream().sorted(Comparator.comparingInt(c -> rank(c.shape()))).toList();
    List<Trial> trials = new ArrayList<>();
    for (int turn = 0; turn < Target.CAPABILITIES.size(); turn++) {
      for (int i = 0; i < ordered.size(); i++) {
        List<Target> targets =
            ordered.get(i).targets().stream().filter(Target::onSimulator).toList();
        if (!targets.isEmpty()) {
          trials.add(new Trial(ordered.get(i).shape(), targets.get((i + turn) % targets.size())));
        }
      }
    }
    return trials;
  }

  private static int rank(Shape shape) {
    int index = FIRST.indexOf(shape.size().toString());
    return index < 0 ? FIRST.size() : index;
  }

  private List<MutantResult> real(String stem) {
    return results.getOrDefault(stem, List.of()).stream()
        .filter(result -> result.verdict() != Verdict.DROPPED)
        .toList();
  }

  /** What became of a stem's mutants. */
  public record Score(String stem, int caught, int equivalent, int unseen, int dropped) {

    /** Mutants that compile to other code. */
    public int count() {
      return caught + equivalent + unseen;
    }

    @Override
    public String toString() {
      return "%-28s %3d of %3d caught; %d the same to any test, %d not even other code"
          .formatted(stem, caught, caught + unseen, equivalent, dropped);
    }
  }

  /** Scores by stem; what the list does not explain as equivalent is a mistake that was missed. */
  public List<Score> scores() {
    List<Score> scores = new ArrayList<>();
    for (String stem : results.keySet()) {
      List<MutantResult> real = real(stem);
      int caught = (int) real.stream().filter(r -> r.verdict() == Verdict.CAUGHT).count();
      int equivalent =
          (int) survivors(stem).filter(mutant -> list.isEquivalent(mutant.name())).count();
      int dropped = results.get(stem).size() - real.size();
      scores.add(new Score(stem, caught, equivalent, real.size() - caught - equivalent, dropped));
    }
    return scores;
  }

  private Stream<Mutant> survivors(String stem) {
    return real(stem).stream()
        .filter(result -> result.verdict() == Verdict.SURVIVED)
        .map(MutantResult::mutant);
  }

  /** Survivors that the list does not explain. */
  public List<String> unexplained() {
    return results.keySet().stream()
        .flatMap(this::survivors)
        .map(Mutant::name)
        .filter(name -> !list.explains(name))
        .distinct()
        .toList();
  }
}
