package io.mgnm.simulator.driver;

/** An allocation as the driver sees it: who made it, and when in the order of streams. */
final class DeviceBlock {
  final long address;
  final long bytes;
  final Context context;

  /** The stream-ordered allocation, or null where it was made at once. */
  Operation allocated;

  /** The stream-ordered free, once it was asked for. */
  Operation freed;

  DeviceBlock(long address, long bytes, Context context) {
    this.address = address;
    this.bytes = bytes;
    this.context = context;
  }
}
