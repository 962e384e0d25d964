package io.mgnm.simulator.driver;

import io.mgnm.simulator.memory.DeviceMemory;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a library function does on the device.
 *
 * @param describe for reports: function and sizes
 * @param ranges all device memory that it touches, exactly
 * @param body does it, when its turn in the stream comes
 */
public record LibraryCall(String describe, List<MemoryRange> ranges, Consumer<DeviceMemory> body) {}
