package io.mgnm.simulator.dnn;

import static io.mgnm.simulator.dnn.DnnStatus.CUDNN_STATUS_BAD_PARAM;
import static io.mgnm.simulator.dnn.DnnStatus.CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT;
import static io.mgnm.simulator.dnn.DnnStatus.CUDNN_STATUS_NOT_SUPPORTED;
import static io.mgnm.simulator.natives.Out.putLong;
import static io.mgnm.simulator.natives.Out.putLongIfAsked;

import io.mgnm.simulator.memory.Access;
import java.lang.foreign.MemorySegment;

/** The RNN functions of cuDNN's version 8 interface. */
public final class RnnCalls {
  private static final int TRAINING = 1;
  private final DnnObjects objects;

  RnnCalls(DnnObjects objects) {
    this.objects = objects;
  }

  private WeightLayout layout(RnnShape shape) {
    return new WeightLayout(shape, objects.machine.options().seed());
  }

  public int cudnnGetRNNWeightSpaceSize(long handle, long rnn, MemorySegment bytes) {
    objects.handle(handle);
    putLong(bytes, layout(objects.descriptor(rnn, RnnShape.class)).bytes());
    return 0;
  }

  public int cudnnGetRNNTempSpaceSizes(
      long handle, long rnn, int mode, long data, MemorySegment work, MemorySegment reserve) {
    objects.handle(handle);
    CUDNN_STATUS_BAD_PARAM.unless(mode == 0 || mode == TRAINING, "forward mode " + mode);
    RnnShape shape = objects.descriptor(rnn, RnnShape.class);
    SequenceShape sequences = objects.descriptor(data, SequenceShape.class);
    putLongIfAsked(work, RnnCall.workBytes(shape, sequences));
    putLongIfAsked(reserve, mode == TRAINING ? LstmTape.bytes(shape, sequences) : 0);
    return 0;
  }

  public int cudnnGetRNNWeightParams(
      long handle,
      long rnn,
      int pseudoLayer,
      long spaceBytes,
      long space,
      int part,
      long matrixDescriptor,
      MemorySegment matrix,
      long biasDescriptor,
      MemorySegment bias) {
    objects.handle(handle);
    RnnShape shape = objects.descriptor(rnn, RnnShape.class);
    WeightLayout layout = layout(shape);
    CUDNN_STATUS_BAD_PARAM.unless(
        pseudoLayer >= 0 && pseudoLayer < shape.pseudoLayers() && part >= 0 && part < 8,
        "pseudo-layer " + pseudoLayer + ", part " + part);
    CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT.unless(
        spaceBytes >= layout.bytes(), "the weight space has " + spaceBytes + " bytes");
    int columns = LstmWeights.columns(shape, pseudoLayer, part);
    int hidden = shape.hiddenSize();
    objects.set(
        matrixDescriptor,
        new TensorShape(new int[] {1, hidden, columns}, new int[] {hidden * columns, columns, 1}));
    putLong(matrix, space + layout.matrix(pseudoLayer, part));
    long offset = layout.bias(pseudoLayer, part);
    objects.set(
        biasDescriptor,
        new TensorShape(
            offset < 0 ? new int[3] : new int[] {1, hidden, 1}, new int[] {hidden, 1, 1}));
    putLong(bias, offset < 0 ? 0 : space + offset);
    return 0;
  }

  public int cudnnRNNForward(
      long handle,
      long rnn,
      int mode,
      long deviceLengths,
      long xDescriptor,
      long x,
      long yDescriptor,
      long y,
      long hDescriptor,
      long hx,
      long hy,
      long cDescriptor,
      long cx,
      long cy,
      long weightBytes,
      long weights,
      long workBytes,
      long work,
      long reserveBytes,
      long reserve) {
    CUDNN_STATUS_BAD_PARAM.unless(mode == 0 || mode == TRAINING, "forward mode " + mode);
    RnnCall call = new RnnCall(objects, "cudnnRNNForward", handle, rnn, xDescriptor);
    RnnShape shape = call.shape;
    SequenceShape sequences = call.sequences;
    SequenceBuffer input = call.sequence(xDescriptor, x, shape.inputSize(), "x");
    SequenceBuffer output = call.sequence(yDescriptor, y, shape.outputSize(), "y");
    call.lengths(deviceLengths);
    call.state(hDescriptor, hx, Access.READ, "hx");
    call.state(hDescriptor, hy, Access.WRITE, "hy");
    call.state(cDescriptor, cx, Access.READ, "cx");
    call.state(cDescriptor, cy, Access.WRITE, "cy");
    call.work(workBytes, work);
    WeightLayout layout = call.weights(layout(shape), weightBytes, weights, Access.READ);
    if (mode == TRAINING) {
      call.reserve(reserveBytes, reserve, Access.WRITE);
    }
    call.ranges.addAll(input.read());
    call.ranges.addAll(output.write());
    call.submit(
        memory -> {
          LstmTape tape = new LstmTape(shape, sequences);
          LstmWeights parameters = LstmWeights.read(memory, shape, layout, weights);
          LstmForward forward = new LstmForward(shape, sequences, parameters, tape);
          int states = call.stateSize();
          double[] result =
              forward.run(
                  input.values(memory),
                  FloatVector.read(memory, hx, states),
                  FloatVector.read(memory, cx, states));
          output.store(memory, result);
          FloatVector.write(memory, hy, forward.lastOutputs);
          FloatVector.write(memory, cy, forward.lastCells);
          if (mode == TRAINING) {
            tape.write(memory, reserve, LstmTape.FORWARD);
          }
        });
    return 0;
  }

  public int cudnnRNNBackwardData_v8(
      long handle,
      long rnn,
      long deviceLengths,
      long yDescriptor,
      long y,
      long dy,
      long xDescriptor,
      long dx,
      long hDescriptor,
      long hx,
      long dhy,
      long dhx,
      long cDescriptor,
      long cx,
      long dcy,
      long dcx,
      long weightBytes,
      long weights,
      long workBytes,
      long work,
      long reserveBytes,
      long reserve) {
    RnnCall call = new RnnCall(objects, "cudnnRNNBackwardData_v8", handle, rnn, xDescriptor);
    RnnShape shape = call.shape;
    SequenceShape sequences = call.sequences;
    SequenceBuffer output = call.sequence(yDescriptor, y, shape.outputSize(), "y");
    SequenceBuffer gradient = call.sequence(yDescriptor, dy, shape.outputSize(), "dy");
    SequenceBuffer input = call.sequence(xDescriptor, dx, shape.inputSize(), "dx");
    call.lengths(deviceLengths);
    call.state(hDescriptor, hx, Access.READ, "hx");
    call.state(hDescriptor, dhy, Access.READ, "dhy");
    call.state(hDescriptor, dhx, Access.WRITE, "dhx");
    call.state(cDescriptor, cx, Access.READ, "cx");
    call.state(cDescriptor, dcy, Access.READ, "dcy");
    call.state(cDescriptor, dcx, Access.WRITE, "dcx");
    call.work(workBytes, work);
    call.reserve(reserveBytes, reserve, Access.READ);
    call.reserve(reserveBytes, reserve, Access.WRITE);
    WeightLayout layout = call.weights(layout(shape), weightBytes, weights, Access.READ);
    call.ranges.addAll(output.read());
    call.ranges.addAll(gradient.read());
    call.ranges.addAll(input.write());
    call.submit(
        memory -> {
          LstmTape tape = LstmTape.read(memory, reserve, shape, sequences, LstmTape.FORWARD);
          LstmWeights parameters = LstmWeights.read(memory, shape, layout, weights);
          int count = call.stateSize();
          double[] states = FloatVector.read(memory, dhy, count);
          double[] cells = FloatVector.read(memory, dcy, count);
          double[] result =
              new LstmBackward(shape, sequences, tape)
                  .data(
                      parameters,
                      gradient.values(memory),
                      FloatVector.read(memory, cx, count),
                      states,
                      cells);
          input.store(memory, result);
          FloatVector.write(memory, dhx, states);
          FloatVector.write(memory, dcx, cells);
          tape.write(memory, reserve, LstmTape.BACKWARD_DATA);
        });
    return 0;
  }

  public int cudnnRNNBackwardWeights_v8(
      long handle,
      long rnn,
      int mode,
      long deviceLengths,
      long xDescriptor,
      long x,
      long hDescriptor,
      long hx,
      long yDescriptor,
      long y,
      long weightBytes,
      long gradients,
      long workBytes,
      long work,
      long reserveBytes,
      long reserve) {
    CUDNN_STATUS_NOT_SUPPORTED.unless(mode == 0, "gradients can only be added");
    RnnCall call = new RnnCall(objects, "cudnnRNNBackwardWeights_v8", handle, rnn, xDescriptor);
    RnnShape shape = call.shape;
    SequenceShape sequences = call.sequences;
    SequenceBuffer input = call.sequence(xDescriptor, x, shape.inputSize(), "x");
    SequenceBuffer output = call.sequence(yDescriptor, y, shape.outputSize(), "y");
    call.lengths(deviceLengths);
    call.state(hDescriptor, hx, Access.READ, "hx");
    call.work(workBytes, work);
    call.reserve(reserveBytes, reserve, Access.READ);
    WeightLayout layout = call.weights(layout(shape), weightBytes, gradients, Access.READ);
    call.weights(layout, weightBytes, gradients, Access.WRITE);
    call.ranges.addAll(input.read());
    call.ranges.addAll(output.read());
    call.submit(
        memory -> {
          LstmTape tape = LstmTape.read(memory, reserve, shape, sequences, LstmTape.BACKWARD_DATA);
          new LstmBackward(shape, sequences, tape)
              .parameters(input.values(memory), FloatVector.read(memory, hx, call.stateSize()))
              .addTo(memory, layout, gradients);
        });
    return 0;
  }
}
