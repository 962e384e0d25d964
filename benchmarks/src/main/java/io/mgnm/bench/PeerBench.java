package io.mgnm.bench;

import io.mgnm.bench.peer.Padded;
import io.mgnm.bench.peer.Torch;
import io.mgnm.bench.peer.TorchScore;
import io.mgnm.bench.peer.TorchStep;
import io.mgnm.data.BadInputException;
import io.mgnm.model.ModelConfig;
import io.mgnm.ops.Backend;
import io.mgnm.ops.BackendOptions;
import io.mgnm.ops.Backends;
import io.mgnm.ops.Scope;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import jdk.incubator.vector.FloatVector;

/**
 * Times this library and libtorch in turns, on all processors, at the same work: training steps of
 * the same batches, and the scoring of the same candidates.
 */
final class PeerBench {
  private static final int BATCHES = 8;

  /** Above the expected time by more than this, libtorch was not at its best. */
  private static final double TOLERANCE = 1.15;

  /**
   * Seconds a history that libtorch 2.7.1 takes, at the most, on two quiet cores with AVX-512 when
   * tuned, of a full batch; measured before this comparison was written.
   */
  private static final Map<String, Double> EXPECTED =
      Map.of(
          "step, histories of 100, d 16", 0.480 / 256,
          "step, histories of 100, d 40", 1.240 / 256,
          "score 1,001, histories of 100, d 16", 1.0 / 2200);

  private static final Map<String, String> GOALS =
      Map.of(
          "step, histories of 100, d 16", "10",
          "step, histories of 100, d 40", "6",
          "step, the demo's lengths, d 16", "20 padded, 10 bucketed",
          "score 1,001, histories of 100, d 16", "8");

  private final double seconds;
  private final int threads = Runtime.getRuntime().availableProcessors();
  private final PrintWriter out;
  private final Table table;

  /**
   * @param seconds of warming up, and again of timing
   * @param out gets each row when it is there
   * @throws BadInputException where libtorch cannot be used
   */
  PeerBench(double seconds, Results results, PrintWriter out) {
    Torch.missing()
        .ifPresent(
            reason -> {
              throw BadInputException.option(
                  "libtorch, which `bin/mgnm bench peers` fetches for Linux on x86-64",
                  reason,
                  "start this command by bin/mgnm, or leave peers out");
            });
    this.seconds = seconds;
    this.out = out;
    results.say("peer", describe());
    table =
        results.table(
            "peers",
            "what",
            "this library, ms (least to most)",
            "libtorch",
            "ms (least to most)",
            "× libtorch",
            "goal");
  }

  /** Checks and times all cases. */
  void run(List<Case> cases) {
    table.lines().forEach(out::println);
    for (Case each : cases) {
      check(each.small());
      try (Backend backend = Backends.open("cpu", new BackendOptions(threads))) {
        step(backend, each);
        if (!ragged(each)) {
          score(backend, each);
        }
      }
    }
  }

  /**
   * Libtorch's gradient of the item rows was once, among a score of runs of one batch, 0.003 of its
   * norm beside what it was in the others; the reference has the same bits each time. So one
   * disagreement is told, and a second one is an error.
   */
  private void check(Case what) {
    try {
      PeerCheck.check("reference", what);
    } catch (IllegalStateException e) {
      out.println(e.getMessage() + "; compared once more");
      out.flush();
      PeerCheck.check("reference", what);
    }
  }

  private static boolean ragged(Case what) {
    return what.events().lengths().stream().distinct().count() > 1;
  }

  private void step(Backend backend, Case what) {
    ModelConfig config = ModelConfig.of(what.settings());
    boolean ragged = ragged(what);
    List<Draws> draws = Draws.first(backend, what, ragged ? BATCHES : 2);
    Map<String, Workload> peers = new LinkedHashMap<>();
    try (Workload ours = new StepWorkload(backend, what);
        Scope scope = backend.scope("peer")) {
      var start = Values.start(Values.parameters(scope, what));
      peers.put(
          ragged ? "padded" : "one length",
          workload(new TorchStep(what.settings(), start, padded(draws, config)), draws));
      if (ragged) {
        int capsules = config.levels() * config.interests();
        List<Draws> buckets = Draws.bucketed(draws, capsules);
        peers.put(
            "bucketed",
            workload(new TorchStep(what.settings(), start, padded(buckets, config)), buckets));
      }
      time("step, " + what.name(), ours, peers);
    } finally {
      peers.values().forEach(Workload::close);
    }
  }

  private void score(Backend backend, Case what) {
    try (ScoreWorkload ours = new ScoreWorkload(backend, what);
        TorchScore torch = ours.peer(backend)) {
      Workload peer = new Peer(torch::run, ours.histories(), () -> {});
      time("score 1,001, " + what.name(), ours, Map.of("one length", peer));
    }
  }

  private static List<Padded> padded(List<Draws> draws, ModelConfig config) {
    return draws.stream().map(draw -> draw.padded(config)).toList();
  }

  /** A run is once through all batches, since they are of different lengths. */
  private static Workload workload(TorchStep step, List<Draws> draws) {
    return new Peer(
        () -> draws.forEach(_ -> step.run()),
        draws.stream().mapToLong(draw -> draw.histories().count()).sum(),
        step::close);
  }

  private record Peer(Runnable work, long histories, Runnable end) implements Workload {
    @Override
    public void run() {
      work.run();
    }

    @Override
    public double result() {
      return 0; // compared before, by PeerCheck
    }

    @Override
    public void close() {
      end.run();
    }
  }

  private void time(String name, Workload ours, Map<String, Workload> peers) {
    List<Workload> all = new ArrayList<>(List.of(ours));
    all.addAll(peers.values());
    Rounds.warm(ours, seconds);
    peers.values().forEach(peer -> Rounds.warm(peer, seconds / 4));
    List<Spread> spreads = Rounds.of(all, seconds);
    int next = 1;
    for (Map.Entry<String, Workload> peer : peers.entrySet()) {
      // Milliseconds of both are for as many histories as a run of this library gets through.
      double batches = (double) peer.getValue().histories() / ours.histories();
      row(
          name,
          peer.getKey(),
          ours.histories(),
          spreads.getFirst(),
          spreads.get(next++).over(batches));
    }
  }

  private void row(String name, String form, long histories, Spread ours, Spread torch) {
    OptionalDouble ratio = ratio(name, histories, torch.median() / ours.median(), torch.median());
    Map<String, Object> record = new LinkedHashMap<>();
    record.put("what", name);
    record.put("form", form);
    record.put("histories", histories);
    record.put("threads", threads);
    record.put("seconds", ours);
    record.put("libtorchSeconds", torch);
    ratio.ifPresent(value -> record.put("ratio", value));
    String shown =
        ratio.isPresent() ? "%.2f".formatted(ratio.getAsDouble()) : "withheld: libtorch too slow";
    out.println(
        table.add(
            record,
            name,
            ours.milliseconds(),
            form,
            torch.milliseconds(),
            shown,
            GOALS.getOrDefault(name, "")));
    out.flush();
  }

  /** Empty where libtorch is slower than it is known to be on such a machine. */
  private OptionalDouble ratio(String name, long histories, double ratio, double torchSeconds) {
    boolean alike = threads == 2 && FloatVector.SPECIES_PREFERRED.vectorBitSize() == 512;
    double most = EXPECTED.getOrDefault(name, Double.POSITIVE_INFINITY) * histories * TOLERANCE;
    return alike && torchSeconds > most ? OptionalDouble.empty() : OptionalDouble.of(ratio);
  }

  /** What it compared with. */
  private static String describe() {
    boolean kept = System.getenv("MALLOC_MMAP_MAX_") != null;
    return Torch.describe() + (kept ? "" : ", whose allocator gives memory back after each step");
  }
}
