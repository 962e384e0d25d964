package io.mgnm.simulator.driver;

import static io.mgnm.simulator.driver.CudaResult.CUDA_ERROR_INVALID_VALUE;
import static io.mgnm.simulator.driver.CudaResult.CUDA_ERROR_NOT_FOUND;
import static io.mgnm.simulator.natives.Out.putInt;
import static io.mgnm.simulator.natives.Out.putLong;

import io.mgnm.simulator.launch.Kernel;
import io.mgnm.simulator.launch.LoadedModule;
import io.mgnm.simulator.memory.Allocation;
import io.mgnm.simulator.natives.Out;
import io.mgnm.simulator.ptx.PtxException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Modules, their functions and their variables. */
final class ModuleCalls {
  private static final int ELF_MAGIC = 0x464c457f;
  private static final int FATBIN_MAGIC = 0xba55ed50;
  private static final int ERROR_LOG_BUFFER = 5;
  private static final int ERROR_LOG_BYTES = 6;

  private final Machine machine;

  ModuleCalls(Machine machine) {
    this.machine = machine;
  }

  public int cuModuleLoad(MemorySegment module, MemorySegment path) {
    try {
      byte[] file = Files.readAllBytes(Path.of(path.getString(0)));
      byte[] ended = Arrays.copyOf(file, file.length + 4);
      putLong(module, load(MemorySegment.ofArray(ended)));
      return 0;
    } catch (IOException e) {
      throw new ApiException(CudaResult.CUDA_ERROR_FILE_NOT_FOUND, e.toString());
    }
  }

  public int cuModuleLoadData(MemorySegment module, MemorySegment image) {
    putLong(module, load(image));
    return 0;
  }

  public int cuModuleLoadFatBinary(MemorySegment module, MemorySegment image) {
    putLong(module, load(image));
    return 0;
  }

  public int cuModuleLoadDataEx(
      MemorySegment module,
      MemorySegment image,
      int count,
      MemorySegment options,
      MemorySegment values) {
    try {
      putLong(module, load(image));
      return 0;
    } catch (ApiException e) {
      writeLog(e.getMessage(), count, options, values);
      throw e;
    }
  }

  /** The message goes where a program looks for it: into the JIT compiler's error log. */
  private static void writeLog(
      String message, int count, MemorySegment options, MemorySegment values) {
    long buffer = 0;
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      switch (Out.getInt(options, i)) {
        case ERROR_LOG_BUFFER -> buffer = Out.getLong(values, i);
        case ERROR_LOG_BYTES -> bytes = Out.getInt(values, 2L * i);
        default -> {}
      }
    }
    if (buffer != 0) {
      Out.putText(MemorySegment.ofAddress(buffer).reinterpret(bytes), bytes, message);
    }
  }

  private long load(MemorySegment image) {
    Context context = machine.context();
    machine.forbiddenWhileCapturing();
    machine.require(!Out.isNull(image), CUDA_ERROR_INVALID_VALUE, "no image");
    int magic = Out.getInt(image);
    if (magic == ELF_MAGIC || magic == FATBIN_MAGIC) {
      throw new ApiException(
          CudaResult.CUDA_ERROR_NO_BINARY_FOR_GPU,
          "the image is "
              + (magic == ELF_MAGIC ? "a CUBIN" : "a fat binary")
              + ": machine code for a real GPU; the simulated device runs PTX");
    }
    try {
      LoadedModule loaded =
          LoadedModule.load(
              image.getString(0, StandardCharsets.UTF_8),
              context.device.memory,
              context.device.capability);
      ModuleObject module = new ModuleObject(context, loaded);
      context.modules.add(module);
      return machine.handles.add(module);
    } catch (PtxException e) {
      machine.findings.add(Finding.Kind.UNSUPPORTED, e.getMessage());
      throw new ApiException(CudaResult.CUDA_ERROR_INVALID_PTX, e.getMessage());
    }
  }

  public int cuModuleUnload(long handle) {
    Context context = machine.context();
    ModuleObject module = machine.handles.get(handle, ModuleObject.class);
    machine.forbiddenWhileCapturing();
    for (Operation operation : machine.scheduler.pendingOf(context)) {
      if (operation.work instanceof KernelWork work && work.function.module == module) {
        machine.findings.add(
            Finding.Kind.FREED_WHILE_PENDING, "the module is unloaded before " + operation);
        context.synchronize();
        break;
      }
    }
    module.functionHandles.values().forEach(f -> machine.handles.remove(f, FunctionObject.class));
    module.loaded.unload();
    module.context.modules.remove(module);
    machine.handles.remove(handle, ModuleObject.class);
    return 0;
  }

  public int cuModuleGetFunction(MemorySegment function, long handle, MemorySegment name) {
    machine.context();
    ModuleObject module = machine.handles.get(handle, ModuleObject.class);
    String wanted = name.getString(0);
    Kernel kernel = module.loaded.kernel(wanted);
    if (kernel == null) {
      throw new ApiException(
          CUDA_ERROR_NOT_FOUND,
          "no kernel " + wanted + " among " + module.loaded.kernels().keySet());
    }
    putLong(
        function,
        module.functionHandles.computeIfAbsent(
            wanted, n -> machine.handles.add(new FunctionObject(module, kernel))));
    return 0;
  }

  public int cuModuleGetGlobal_v2(
      MemorySegment address, MemorySegment bytes, long handle, MemorySegment name) {
    machine.context();
    ModuleObject module = machine.handles.get(handle, ModuleObject.class);
    String wanted = name.getString(0);
    Allocation variable = module.loaded.globals().get(wanted);
    if (variable == null) {
      throw new ApiException(
          CUDA_ERROR_NOT_FOUND,
          "no variable " + wanted + " among " + module.loaded.globals().keySet());
    }
    Out.putLongIfAsked(address, variable.base());
    Out.putLongIfAsked(bytes, variable.size());
    return 0;
  }

  public int cuModuleGetLoadingMode(MemorySegment mode) {
    putInt(mode, 1); // eager
    return 0;
  }

  public int cuFuncGetModule(MemorySegment module, long function) {
    FunctionObject of = machine.handles.get(function, FunctionObject.class);
    putLong(module, machine.handles.handleOf(of.module));
    return 0;
  }

  /** Registers are 0: only the compiler's log knows them, PTX does not. */
  public int cuFuncGetAttribute(MemorySegment value, int attribute, long function) {
    machine.context();
    FunctionObject of = machine.handles.get(function, FunctionObject.class);
    putInt(
        value,
        switch (attribute) {
          case 0 -> of.maxThreads();
          case 1 -> of.staticShared;
          case 3 -> of.localBytes();
          case 5 -> ptxVersion(of);
          case 6 -> of.capability().number();
          case 8 -> of.maxDynamicShared;
          case 9 -> -1;
          case 2, 4, 7, 10, 11, 12, 13, 14, 15 -> 0;
          default -> throw new ApiException(CUDA_ERROR_INVALID_VALUE, "attribute " + attribute);
        });
    return 0;
  }

  private static int ptxVersion(FunctionObject function) {
    return Integer.parseInt(function.module.loaded.ptx().version().replace(".", ""));
  }

  public int cuFuncSetAttribute(long function, int attribute, int value) {
    machine.context();
    FunctionObject of = machine.handles.get(function, FunctionObject.class);
    switch (attribute) {
      case 8 -> {
        machine.require(
            value >= 0 && value <= of.dynamicSharedLimit(),
            CUDA_ERROR_INVALID_VALUE,
            String.format(
                "%s: %d bytes of dynamic shared memory beside %d static ones; compute capability"
                    + " %s has %d in all",
                of.kernel.name(),
                value,
                of.staticShared,
                of.capability(),
                of.capability().maxSharedBytesPerBlock()));
        of.maxDynamicShared = value;
      }
      case 9 ->
          machine.require(
              value >= -1 && value <= 100, CUDA_ERROR_INVALID_VALUE, "carveout " + value);
      default -> throw new ApiException(CUDA_ERROR_INVALID_VALUE, "attribute " + attribute);
    }
    return 0;
  }

  public int cuFuncSetCacheConfig(long function, int config) {
    machine.context();
    machine.handles.get(function, FunctionObject.class);
    machine.require(config >= 0 && config <= 3, CUDA_ERROR_INVALID_VALUE, "config " + config);
    return 0;
  }
}
