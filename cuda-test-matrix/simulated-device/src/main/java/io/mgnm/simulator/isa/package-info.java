/**
 * What each PTX instruction does. {@link io.mgnm.simulator.isa.InstructionSet} maps an opcode to
 * the family that decodes it; a family takes the modifiers it knows and builds an instruction. To
 * add an instruction, add it to its family and to {@code InstructionSet}, and its known answers to
 * the tests; what a family does not take is refused by name and line.
 */
package io.mgnm.simulator.isa;
