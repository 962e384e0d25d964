/**
 * The search for settings: trials drawn at random from a space ({@link io.mgnm.tune.SearchSpace}),
 * the worse of which end early ({@link io.mgnm.tune.Search}), and the folder that keeps them all
 * ({@link io.mgnm.tune.SearchFolder}).
 *
 * <p>Depends on {@code io.mgnm.train} and what that depends on.
 */
package io.mgnm.tune;
