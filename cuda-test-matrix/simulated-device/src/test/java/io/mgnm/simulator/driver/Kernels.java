package io.mgnm.simulator.driver;

import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.driver.JCudaDriver.cuModuleUnload;

import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;

/** A kernel loaded from PTX, as a program under test would launch it. */
final class Kernels implements AutoCloseable {
  /** {@code c[i] = a[i] + b[i]} for i below n. */
  static final String VECTOR_ADD =
      """
      .version 7.0
      .target sm_75
      .address_size 64

      .visible .entry vector_add(
        .param .u64 a, .param .u64 b, .param .u64 c, .param .u32 n)
      {
        .reg .pred %p<2>;
        .reg .f32 %f<4>;
        .reg .b32 %r<6>;
        .reg .b64 %rd<11>;
        ld.param.u64 %rd1, [a];
        ld.param.u64 %rd2, [b];
        ld.param.u64 %rd3, [c];
        ld.param.u32 %r5, [n];
        mov.u32 %r1, %ctaid.x;
        mov.u32 %r2, %ntid.x;
        mov.u32 %r3, %tid.x;
        mad.lo.s32 %r4, %r1, %r2, %r3;
        setp.ge.s32 %p1, %r4, %r5;
        @%p1 bra DONE;
        cvta.to.global.u64 %rd4, %rd1;
        cvta.to.global.u64 %rd5, %rd2;
        cvta.to.global.u64 %rd6, %rd3;
        mul.wide.s32 %rd7, %r4, 4;
        add.s64 %rd8, %rd4, %rd7;
        add.s64 %rd9, %rd5, %rd7;
        add.s64 %rd10, %rd6, %rd7;
        ld.global.f32 %f1, [%rd8];
        ld.global.f32 %f2, [%rd9];
        add.f32 %f3, %f1, %f2;
        st.global.f32 [%rd10], %f3;
      DONE:
        ret;
      }
      """;

  private final CUmodule module = new CUmodule();
  final CUfunction function = new CUfunction();

  Kernels(String ptx, String name) {
    Gpu.check(cuModuleLoadData(module, ptx));
    Gpu.check(cuModuleGetFunction(function, module, name));
  }

  /** Arguments by pointer, as the driver wants them. */
  static Pointer arguments(Object... values) {
    NativePointerObject[] pointers = new NativePointerObject[values.length];
    for (int i = 0; i < values.length; i++) {
      pointers[i] =
          values[i] instanceof CUdeviceptr device
              ? Pointer.to(device)
              : Pointer.to(new int[] {(Integer) values[i]});
    }
    return Pointer.to(pointers);
  }

  int launch(int grid, int block, int shared, CUstream stream, Object... values) {
    return cuLaunchKernel(
        function, grid, 1, 1, block, 1, 1, shared, stream, arguments(values), null);
  }

  @Override
  public void close() {
    Gpu.check(cuModuleUnload(module));
  }
}
