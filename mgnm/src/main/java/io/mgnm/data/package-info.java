/**
 * Interaction data: reads tables and sequences of (user, item, time, rating), filters and splits
 * them, and keeps the result as a folder of memory-mapped flat arrays, a {@link
 * io.mgnm.data.Dataset}.
 *
 * <p>{@link io.mgnm.data.DatasetPreparation} writes such a folder, {@link io.mgnm.data.Dataset}
 * reads one. Nothing here knows the model or a backend; only the JDK, DuckDB (writing) and Jackson
 * (the manifest) are used.
 */
package io.mgnm.data;
