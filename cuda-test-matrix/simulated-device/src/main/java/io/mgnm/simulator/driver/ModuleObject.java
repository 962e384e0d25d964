package io.mgnm.simulator.driver;

import io.mgnm.simulator.launch.LoadedModule;
import java.util.HashMap;
import java.util.Map;

/** A loaded module and the functions asked of it. */
final class ModuleObject {
  final Context context;
  final LoadedModule loaded;
  final Map<String, Long> functionHandles = new HashMap<>();

  ModuleObject(Context context, LoadedModule loaded) {
    this.context = context;
    this.loaded = loaded;
  }
}
