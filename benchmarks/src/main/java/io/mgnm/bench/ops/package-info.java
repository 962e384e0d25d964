/**
 * Times of single operations on the CPU, by JMH: {@code bin/mgnm bench ops}. One benchmark over a
 * table of operations and directions; each is compared with the reference before it is timed.
 */
package io.mgnm.bench.ops;
