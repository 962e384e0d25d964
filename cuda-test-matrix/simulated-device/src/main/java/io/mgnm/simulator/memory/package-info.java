/**
 * Device memory: allocations at made-up 64-bit addresses, their bytes, which of them were ever
 * written, and which of them a pending operation still needs. Depends on nothing.
 */
package io.mgnm.simulator.memory;
