package io.mgnm.matrix.table;

import io.mgnm.kernels.KernelCatalogue;
import io.mgnm.matrix.table.SceneJob.Failed;
import io.mgnm.matrix.work.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** The page {@code docs/kernels.md}, which a command writes. */
public final class KernelTable {
  private final List<String> problems = new ArrayList<>();

  /** What went wrong: where there is anything, the page is not to be used. */
  public List<String> problems() {
    return problems;
  }

  /** Counts the kernels of the stems that {@code chosen} takes, and makes a page of it. */
  public String page(Workers workers, Predicate<String> chosen) {
    Map<String, List<TableRow>> rows = new TreeMap<>();
    List<SceneJob> jobs =
        Scenes.all().stream()
            .map(Scene::stem)
            .filter(stem -> KernelCatalogue.stems().contains(stem) && chosen.test(stem))
            .map(SceneJob::new)
            .toList();
    workers.run(
        jobs,
        report -> {
          switch (report) {
            case TableRow row ->
                rows.computeIfAbsent(row.stem(), stem -> new ArrayList<>()).add(row);
            case Failed failed -> problems.add(failed.why());
            default -> throw new IllegalStateException("a report of another job: " + report);
          }
        });
    StringBuilder page = new StringBuilder(head());
    for (SceneJob job : jobs) {
      rows.getOrDefault(job.stem(), List.of()).forEach(row -> page.append(row.line()).append('\n'));
    }
    return page.toString();
  }

  /** The page without its rows. */
  static String head() {
    return """
    # What the kernels cost

    Written by `bin/mgnm matrix --table docs/kernels.md`; do not edit. Counted on the simulated device, compute capability 9.0, at the model's default sizes:
    %d histories of %d items, d = %d, K = %d, L = %d, %d candidates; tables of %,d items and %,d users.

    - **MB**: 32-byte sectors that leave the SMs, nothing found in L1. **Minimum**: inputs and outputs once, weights once a block.
      What every block of one launch reads for itself so as not to wait for another counts once: ids of `embedding_gradient`,
      lengths in `batch_sampling`, the catalogue in `top_k`; blocks' partial sums of weights' gradients do not count. Hence their ratios.
    - **Occupancy** and **bound by** are of the launch that takes longest; registers from the compiler, for sm_90.
    - **Estimate**: on an H100, the largest of the times that memory, issue, special functions, shared memory or the longest chain would take alone, and 2 µs a launch.
      It is counted work, not a measurement, and says nothing of caches beyond one trip to DRAM for each sector.
    - **Unfused**: the same mathematics one operator after the other, each a kernel that reads its operands from memory and writes its result
      (`cuda-test-matrix/matrix/src/main/cuda/unfused.cu`), on the same simulated device; its results are compared with the kernel's. **Times**: how much longer its estimate is.
      It does what libraries do: a product over many rows is made in pieces, one product serves all positions where none waits for another,
      and what the forward of `bilstm`, `transformer_encoder` and `graph_convolution` makes on the way is kept for the backward.
      For `embedding_gradient` rows are added to zeros of the table's size with atomics, in whatever order; the kernel gives the touched rows only, and the same bits always.
      A dash: what `batch_sampling` and `dropout` draw are integers of a counter-based generator, no operators on arrays, and `batch_parts` copies and adds.
    - `transformer_encoder` is of %d histories. `top_k` is of %d, the best %d of all items but a history's own.

    %s"""
        .formatted(
            Stage.HISTORIES,
            Stage.ITEMS,
            Stage.D,
            Stage.INTERESTS,
            Stage.LEVELS - 1,
            Stage.CANDIDATES,
            Stage.CATALOGUE,
            Stage.USERS,
            TransformerEncoderScene.HISTORIES,
            TopKScene.HISTORIES,
            TopKScene.K,
            TableRow.HEAD);
  }
}
