/**
 * cuDNN on simulated devices, as far as an LSTM needs it: the RNN functions of version 8 with their
 * descriptors, computed in double. Strict about descriptors, sizes, layouts and the order of calls;
 * the weight space is laid out by a seed, so that only {@code cudnnGetRNNWeightParams} finds
 * anything in it. Builds on {@code driver}.
 */
package io.mgnm.simulator.dnn;
