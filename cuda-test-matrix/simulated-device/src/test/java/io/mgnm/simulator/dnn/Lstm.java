package io.mgnm.simulator.dnn;

import static jcuda.jcudnn.JCudnn.cudnnCreate;
import static jcuda.jcudnn.JCudnn.cudnnCreateRNNDataDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateRNNDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnCreateTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroy;
import static jcuda.jcudnn.JCudnn.cudnnDestroyRNNDataDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyRNNDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnDestroyTensorDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnGetRNNTempSpaceSizes;
import static jcuda.jcudnn.JCudnn.cudnnGetRNNWeightParams;
import static jcuda.jcudnn.JCudnn.cudnnGetRNNWeightSpaceSize;
import static jcuda.jcudnn.JCudnn.cudnnRNNBackwardData_v8;
import static jcuda.jcudnn.JCudnn.cudnnRNNBackwardWeights_v8;
import static jcuda.jcudnn.JCudnn.cudnnRNNForward;
import static jcuda.jcudnn.JCudnn.cudnnSetRNNDataDescriptor;
import static jcuda.jcudnn.JCudnn.cudnnSetRNNDescriptor_v8;
import static jcuda.jcudnn.JCudnn.cudnnSetTensorNdDescriptor;

import io.mgnm.simulator.driver.DeviceFloats;
import io.mgnm.simulator.driver.Gpu;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnRNNDataDescriptor;
import jcuda.jcudnn.cudnnRNNDescriptor;
import jcuda.jcudnn.cudnnTensorDescriptor;

/** An LSTM through JCudnn, as a program would set it up. */
final class Lstm implements AutoCloseable {
  static final int FMA_MATH = 3;
  static final int SEQUENCE_MAJOR_PADDED = 0;
  static final int PACKED = 1;
  static final int BATCH_MAJOR_PADDED = 2;

  final int input;
  final int hidden;
  final int layers;
  final int directions;
  final int layout;
  final int maxLength;
  final int[] lengths;
  final cudnnHandle handle = new cudnnHandle();
  final cudnnRNNDescriptor rnn = new cudnnRNNDescriptor();
  final cudnnRNNDataDescriptor xData = new cudnnRNNDataDescriptor();
  final cudnnRNNDataDescriptor yData = new cudnnRNNDataDescriptor();
  final cudnnTensorDescriptor state = new cudnnTensorDescriptor();
  private final Pointer zero = new Pointer();
  final DeviceFloats memory = new DeviceFloats();
  final long weightBytes;
  final long workBytes;
  final long reserveBytes;
  final CUdeviceptr weights;
  final CUdeviceptr gradients;
  final CUdeviceptr work;
  final CUdeviceptr reserve;
  CUdeviceptr hx = new CUdeviceptr();
  CUdeviceptr cx = new CUdeviceptr();

  Lstm(int input, int hidden, int layers, int directions, int layout, int[] lengths) {
    this.input = input;
    this.hidden = hidden;
    this.layers = layers;
    this.directions = directions;
    this.layout = layout;
    this.lengths = lengths;
    this.maxLength = java.util.Arrays.stream(lengths).max().orElse(1);
    Gpu.check(cudnnCreate(handle));
    Gpu.check(cudnnCreateRNNDescriptor(rnn));
    Gpu.check(describe(rnn, FMA_MATH, layout == PACKED ? 0 : 1));
    Gpu.check(cudnnCreateRNNDataDescriptor(xData));
    Gpu.check(cudnnCreateRNNDataDescriptor(yData));
    // JCudnn takes only a native pointer here: one to a Java array arrives as NULL.
    Gpu.check(JCudaDriver.cuMemAllocHost(zero, 4));
    zero.getByteBuffer(0, 4).putFloat(0, 0);
    Gpu.check(
        cudnnSetRNNDataDescriptor(
            xData, 0, layout, maxLength, lengths.length, input, lengths, zero));
    Gpu.check(
        cudnnSetRNNDataDescriptor(
            yData, 0, layout, maxLength, lengths.length, hidden * directions, lengths, zero));
    Gpu.check(cudnnCreateTensorDescriptor(state));
    Gpu.check(
        cudnnSetTensorNdDescriptor(
            state,
            0,
            3,
            new int[] {layers * directions, lengths.length, hidden},
            new int[] {lengths.length * hidden, hidden, 1}));
    long[] size = new long[1];
    Gpu.check(cudnnGetRNNWeightSpaceSize(handle, rnn, size));
    weightBytes = size[0];
    long[] reserveSize = new long[1];
    Gpu.check(cudnnGetRNNTempSpaceSizes(handle, rnn, 1, xData, size, reserveSize));
    workBytes = size[0];
    reserveBytes = reserveSize[0];
    weights = memory.bytes(weightBytes);
    gradients = memory.bytes(weightBytes);
    work = memory.bytes(workBytes);
    reserve = memory.bytes(reserveBytes);
    Gpu.check(JCudaDriver.cuMemsetD8(gradients, (byte) 0, weightBytes));
  }

  int describe(cudnnRNNDescriptor descriptor, int math, int flags) {
    return cudnnSetRNNDescriptor_v8(
        descriptor,
        0,
        2,
        2,
        directions - 1,
        0,
        0,
        0,
        math,
        input,
        hidden,
        hidden,
        layers,
        null,
        flags);
  }

  /** Where a matrix (or a bias) lies in a weight space, as cuDNN says. */
  CUdeviceptr part(CUdeviceptr space, int pseudoLayer, int part, boolean bias) {
    cudnnTensorDescriptor matrixShape = new cudnnTensorDescriptor();
    cudnnTensorDescriptor biasShape = new cudnnTensorDescriptor();
    Gpu.check(cudnnCreateTensorDescriptor(matrixShape));
    Gpu.check(cudnnCreateTensorDescriptor(biasShape));
    CUdeviceptr matrixAddress = new CUdeviceptr();
    CUdeviceptr biasAddress = new CUdeviceptr();
    Gpu.check(
        cudnnGetRNNWeightParams(
            handle,
            rnn,
            pseudoLayer,
            weightBytes,
            space,
            part,
            matrixShape,
            matrixAddress,
            biasShape,
            biasAddress));
    Gpu.check(cudnnDestroyTensorDescriptor(matrixShape));
    Gpu.check(cudnnDestroyTensorDescriptor(biasShape));
    return bias ? biasAddress : matrixAddress;
  }

  int forward(int mode, CUdeviceptr x, CUdeviceptr y, CUdeviceptr hy, CUdeviceptr cy) {
    return cudnnRNNForward(
        handle,
        rnn,
        mode,
        null,
        xData,
        x,
        yData,
        y,
        state,
        hx,
        hy,
        state,
        cx,
        cy,
        weightBytes,
        weights,
        workBytes,
        work,
        reserveBytes,
        reserve);
  }

  int backwardData(
      CUdeviceptr y,
      CUdeviceptr dy,
      CUdeviceptr dx,
      CUdeviceptr dhy,
      CUdeviceptr dhx,
      CUdeviceptr dcy,
      CUdeviceptr dcx) {
    return cudnnRNNBackwardData_v8(
        handle,
        rnn,
        null,
        yData,
        y,
        dy,
        xData,
        dx,
        state,
        hx,
        dhy,
        dhx,
        state,
        cx,
        dcy,
        dcx,
        weightBytes,
        weights,
        workBytes,
        work,
        reserveBytes,
        reserve);
  }

  int backwardWeights(CUdeviceptr x, CUdeviceptr y) {
    return cudnnRNNBackwardWeights_v8(
        handle,
        rnn,
        0,
        null,
        xData,
        x,
        state,
        hx,
        yData,
        y,
        weightBytes,
        gradients,
        workBytes,
        work,
        reserveBytes,
        reserve);
  }

  /** Index of a vector in a buffer of this layout. */
  int vector(int t, int n) {
    return switch (layout) {
      case SEQUENCE_MAJOR_PADDED -> t * lengths.length + n;
      case BATCH_MAJOR_PADDED -> n * maxLength + t;
      default -> {
        int before = 0;
        for (int s = 0; s < t; s++) {
          for (int length : lengths) {
            before += length > s ? 1 : 0;
          }
        }
        yield before + n;
      }
    };
  }

  int vectors() {
    return layout == PACKED ? java.util.Arrays.stream(lengths).sum() : maxLength * lengths.length;
  }

  @Override
  public void close() {
    memory.close();
    Gpu.check(JCudaDriver.cuMemFreeHost(zero));
    Gpu.check(cudnnDestroyTensorDescriptor(state));
    Gpu.check(cudnnDestroyRNNDataDescriptor(xData));
    Gpu.check(cudnnDestroyRNNDataDescriptor(yData));
    Gpu.check(cudnnDestroyRNNDescriptor(rnn));
    Gpu.check(cudnnDestroy(handle));
  }
}
