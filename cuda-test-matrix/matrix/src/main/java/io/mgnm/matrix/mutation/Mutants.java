package io.mgnm.matrix.mutation;

import io.mgnm.kernels.KernelCatalogue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** All mutants of a stem, and the order in which they are tried. */
final class Mutants {
  private static final Pattern INCLUDE = Pattern.compile("(?m)^#include \"([^\"]+)\"");

  private Mutants() {}

  /** Every mistake of every operator at every place of a stem's source and its headers. */
  static List<Mutant> all(String stem) {
    List<Mutant> all = new ArrayList<>();
    for (String file : files(stem)) {
      CudaSource source = new CudaSource(Mutant.text(stem, file));
      for (Operator operator : Operator.values()) {
        for (Edit edit : operator.edits(source)) {
          all.add(new Mutant(stem, operator, file, edit));
        }
      }
    }
    return all;
  }

  /** The stem's source and the headers that it includes, and those that they do. */
  static Set<String> files(String stem) {
    Set<String> files = new LinkedHashSet<>();
    List<String> open = new ArrayList<>(List.of(KernelCatalogue.fileName(stem)));
    while (!open.isEmpty()) {
      String file = open.removeLast();
      if (files.add(file)) {
        Matcher matcher = INCLUDE.matcher(Mutant.text(stem, file));
        while (matcher.find()) {
          open.add(matcher.group(1));
        }
      }
    }
    return files;
  }

  /**
   * The same in the order of a seed, one operator after the other, so that any number of them from
   * the front is a sample in which every operator has its share. A mutant's place among others does
   * not change when other lines do.
   */
  static List<Mutant> sampled(String stem, long seed) {
    List<Mutant> all = all(stem);
    List<List<Mutant>> byOperator = new ArrayList<>();
    for (Operator operator : Operator.values()) {
      byOperator.add(
          all.stream()
              .filter(mutant -> mutant.operator() == operator)
              .sorted(Comparator.comparingLong(mutant -> draw(mutant, seed)))
              .collect(Collectors.toCollection(ArrayList::new)));
    }
    List<Mutant> order = new ArrayList<>();
    while (order.size() < all.size()) {
      for (List<Mutant> list : byOperator) {
        if (!list.isEmpty()) {
          order.add(list.removeFirst());
        }
      }
    }
    return order;
  }

  private static long draw(Mutant mutant, long seed) {
    return new SplittableRandom(seed * 31 + mutant.name().hashCode()).nextLong();
  }
}
