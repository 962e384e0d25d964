package io.mgnm.cli;

import java.util.concurrent.Callable;

/**
 * A subcommand of {@code mgnm}, annotated with picocli's {@code @Command}. Modules above this one
 * name theirs in {@code META-INF/services/io.mgnm.cli.Subcommand}; those of this module are listed
 * in {@link MgnmCommand}.
 *
 * <p>{@code call} returns 0, or throws: {@link io.mgnm.data.BadInputException} ends the program
 * with code 2 and its message alone, anything else with code 1.
 */
public interface Subcommand extends Callable<Integer> {}
