/**
 * The command line, {@code mgnm}: one class a subcommand, thin shells over the packages beside it.
 *
 * <p>Exit codes: 0 done, 1 failure, 2 bad input. Modules above this one contribute subcommands
 * through {@link io.mgnm.cli.Subcommand}.
 */
package io.mgnm.cli;
