/**
 * The test matrix and its command, {@code mgnm matrix}: which cases there are, which may be
 * unsupported, and what became of them.
 *
 * <p>Highest of this module: depends on everything below it.
 */
package io.mgnm.matrix;
