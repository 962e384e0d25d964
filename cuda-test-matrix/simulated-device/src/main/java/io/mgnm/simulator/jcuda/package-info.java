/**
 * Brings the parts together under JCuda: loads the stub libraries before JCuda's natives, which
 * then run on simulated machines.
 */
package io.mgnm.simulator.jcuda;
