/**
 * Running kernels: modules loaded onto a device, launches of their kernels, block by block, and
 * what they counted. Depends on everything below: the instructions, the multiprocessor, memory.
 */
package io.mgnm.simulator.launch;
