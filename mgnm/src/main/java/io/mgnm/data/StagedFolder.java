package io.mgnm.data;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.UUID;

/**
 * A folder that appears under its name complete or not at all: it is filled as a temporary sibling
 * (on the same file system, so that renaming is atomic), forced to disk and renamed. Closed without
 * {@link #publish}, or where the process is interrupted, it is deleted.
 */
final class StagedFolder implements AutoCloseable {
  private final Path target;
  private final Path staging;
  private final Thread onInterrupt;

  private StagedFolder(Path target, Path staging) {
    this.target = target;
    this.staging = staging;
    this.onInterrupt =
        new Thread(() -> deleteWhileInUse(staging), "delete-" + staging.getFileName());
    Runtime.getRuntime().addShutdownHook(onInterrupt);
  }

  /**
   * Creates the temporary sibling, and parents where they are missing.
   *
   * @throws BadInputException where the target exists or its parent cannot be written to
   */
  static StagedFolder create(Path out) {
    Path target = out.toAbsolutePath().normalize();
    requireAbsent(target);
    Path parent = target.getParent();
    try {
      Files.createDirectories(parent);
      // Not createTempDirectory: its folders are private to the owner, and so would the result be.
      String unique = Long.toString(ProcessHandle.current().pid(), 36) + "-" + UUID.randomUUID();
      Path staging =
          Files.createDirectory(
              parent.resolve("." + target.getFileName() + ".preparing-" + unique));
      return new StagedFolder(target, staging);
    } catch (IOException e) {
      throw BadInputException.inFile(
          parent,
          "a folder that can be written to, for " + target.getFileName(),
          e.getClass().getSimpleName() + " (" + e.getMessage() + ")",
          "choose another --out, or change its permissions");
    }
  }

  /** Throws where something stands at the target already. */
  static void requireAbsent(Path target) {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw BadInputException.inFile(
          target,
          "a name that is free",
          "something that exists already",
          "choose another --out, or remove it yourself");
    }
  }

  /** Where to put the files until the folder is published. */
  Path path() {
    return staging;
  }

  /** Writes a file. */
  interface FileBody {
    void write(Path file) throws IOException;
  }

  /** Writes one file in a staged folder beside the target, then renames it to the target. */
  static void createFile(Path out, FileBody body) throws IOException {
    try (StagedFolder folder = create(out)) {
      Path file = folder.staging.resolve(folder.target.getFileName());
      body.write(file);
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
      requireAbsent(folder.target);
      Files.move(file, folder.target, StandardCopyOption.ATOMIC_MOVE);
      forceFolder(folder.target.getParent());
    }
  }

  /** Forces the folder to disk and renames it; its files must have been forced already. */
  void publish() throws IOException {
    forceFolder(staging);
    requireAbsent(target);
    Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
    forceFolder(target.getParent());
  }

  private static void forceFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (AccessDeniedException e) {
      // Windows cannot open a folder; its file system journals the rename itself.
      if (File.separatorChar == '/') {
        throw e;
      }
    }
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(onInterrupt);
    } catch (IllegalStateException e) {
      return; // Shutting down: the hook deletes.
    }
    deleteTree(staging);
  }

  /** Deletes a folder into which other threads still write, until the JVM halts them. */
  private static void deleteWhileInUse(Path root) {
    for (int attempt = 0; attempt < 100 && Files.exists(root); attempt++) {
      try {
        deleteTree(root);
      } catch (UncheckedIOException e) {
        Thread.onSpinWait(); // A file appeared meanwhile: once more.
      }
    }
  }

  /** Deletes a folder and what is in it; nothing happens where it does not exist. */
  static void deleteTree(Path root) {
    if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try {
      Files.walkFileTree(
          root,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.deleteIfExists(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException e)
                throws IOException {
              Files.deleteIfExists(folder);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
