package io.mgnm.train;

import io.mgnm.model.Optimizer;
import io.mgnm.model.Parameters;
import io.mgnm.model.WeightLayout;
import io.mgnm.ops.IntTensor;
import io.mgnm.ops.Tensor;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A model and its optimizer as a safetensors file. Written beside the old file, fsynced and renamed
 * over it: there is always a whole checkpoint, whenever the process dies.
 */
final class Checkpoint {
  private static final String FORMAT_VERSION = "1";

  private Checkpoint() {}

  /** Writes everything that training needs to go on. */
  static void save(Path file, Parameters p, Optimizer o, TrainingProgress progress, String settings)
      throws IOException {
    Map<String, SafeTensors.Entry> tensors = new LinkedHashMap<>();
    tensors.put("item_embedding", entry(p.items()));
    tensors.put("user_embedding", entry(p.users()));
    parts(tensors, "", p.layout(), p.weights());
    tensors.put("adam.m.item_embedding", entry(o.itemM()));
    tensors.put("adam.v.item_embedding", entry(o.itemV()));
    tensors.put("adam.steps.item_embedding", entry(o.itemSteps()));
    tensors.put("adam.m.user_embedding", entry(o.userM()));
    tensors.put("adam.v.user_embedding", entry(o.userV()));
    tensors.put("adam.steps.user_embedding", entry(o.userSteps()));
    parts(tensors, "adam.m.", p.layout(), o.weightM());
    parts(tensors, "adam.v.", p.layout(), o.weightV());

    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("format_version", FORMAT_VERSION);
    metadata.put("settings", settings);
    progress.write(metadata);

    Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
    SafeTensors.write(temporary, new SafeTensors.Content(metadata, tensors));
    Files.move(
        temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    syncFolder(file.toAbsolutePath().getParent());
  }

  /** The rename itself must reach the disk; a system that cannot sync a folder does so anyway. */
  private static void syncFolder(Path folder) throws IOException {
    if (!System.getProperty("os.name").startsWith("Windows")) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  /** Reads a file written by {@link #save}. */
  static SafeTensors.Content read(Path file) throws IOException {
    SafeTensors.Content content = SafeTensors.read(file);
    String version = content.metadata().get("format_version");
    if (!FORMAT_VERSION.equals(version)) {
      throw new SafeTensors.FormatException(
          file, "format version " + version + ", expected " + FORMAT_VERSION);
    }
    return content;
  }

  /** Uploads the model of a file. */
  static void restore(Path file, SafeTensors.Content content, Parameters p) throws IOException {
    upload(file, content, "item_embedding", p.items());
    upload(file, content, "user_embedding", p.users());
    uploadParts(file, content, "", p.layout(), p.weights());
  }

  /** Uploads the optimizer of a file. */
  static void restore(Path file, SafeTensors.Content content, Parameters p, Optimizer o)
      throws IOException {
    upload(file, content, "adam.m.item_embedding", o.itemM());
    upload(file, content, "adam.v.item_embedding", o.itemV());
    upload(file, content, "adam.steps.item_embedding", o.itemSteps());
    upload(file, content, "adam.m.user_embedding", o.userM());
    upload(file, content, "adam.v.user_embedding", o.userV());
    upload(file, content, "adam.steps.user_embedding", o.userSteps());
    uploadParts(file, content, "adam.m.", p.layout(), o.weightM());
    uploadParts(file, content, "adam.v.", p.layout(), o.weightV());
  }

  private static SafeTensors.Entry entry(Tensor tensor) {
    return SafeTensors.Entry.of(tensor.rows(), tensor.width(), tensor.download());
  }

  private static SafeTensors.Entry entry(IntTensor tensor) {
    return SafeTensors.Entry.of(tensor.download());
  }

  private static void parts(
      Map<String, SafeTensors.Entry> tensors, String prefix, WeightLayout layout, Tensor block) {
    float[] values = block.download();
    for (WeightLayout.Part part : layout.parts()) {
      float[] own = Arrays.copyOfRange(values, part.offset(), part.offset() + part.size());
      tensors.put(prefix + part.name(), SafeTensors.Entry.of(part.rows(), part.width(), own));
    }
  }

  private static void uploadParts(
      Path file, SafeTensors.Content content, String prefix, WeightLayout layout, Tensor block)
      throws IOException {
    float[] values = new float[block.size()];
    for (WeightLayout.Part part : layout.parts()) {
      float[] own = floats(file, content, prefix + part.name(), part.size());
      System.arraycopy(own, 0, values, part.offset(), own.length);
    }
    block.upload(values);
  }

  private static void upload(Path file, SafeTensors.Content content, String name, Tensor tensor)
      throws IOException {
    tensor.upload(floats(file, content, name, tensor.size()));
  }

  private static void upload(Path file, SafeTensors.Content content, String name, IntTensor tensor)
      throws IOException {
    SafeTensors.Entry entry = content.tensors().get(name);
    if (entry == null || entry.ints() == null || entry.size() != tensor.size()) {
      throw new SafeTensors.FormatException(
          file, "'%s' is not a list of %d integers".formatted(name, tensor.size()));
    }
    tensor.upload(entry.ints());
  }

  private static float[] floats(Path file, SafeTensors.Content content, String name, int size)
      throws IOException {
    SafeTensors.Entry entry = content.tensors().get(name);
    if (entry == null || entry.floats() == null || entry.size() != size) {
      throw new SafeTensors.FormatException(
          file, "'%s' does not have %d floats".formatted(name, size));
    }
    return entry.floats();
  }
}
