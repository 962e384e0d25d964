/**
 * PTX text to a syntax tree. Knows the grammar and the layout of variables and parameters, not what
 * an instruction does (see {@code isa}).
 */
package io.mgnm.simulator.ptx;
