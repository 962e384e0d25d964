/**
 * The settings of a run: every key with its type, range, default and meaning in one table ({@link
 * io.mgnm.config.Key}), presets, and the values of one run ({@link io.mgnm.config.Settings}), read
 * from YAML and {@code key=value}. Depends on nothing else of this project.
 */
package io.mgnm.config;
