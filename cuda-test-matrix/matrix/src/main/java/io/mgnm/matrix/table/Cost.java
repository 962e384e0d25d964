package io.mgnm.matrix.table;

/**
 * What launches cost, added up.
 *
 * @param launches how many
 * @param bytes sectors leaving the SMs, with nothing found in L1
 * @param instructions of warps
 * @param occupancy share of the warps that an H100 can hold, of the launch that takes longest
 * @param boundBy what that launch waits for most
 * @param seconds estimated on an H100
 * @param blocks of that launch
 */
record Cost(
    int launches,
    long bytes,
    long instructions,
    double occupancy,
    String boundBy,
    double seconds,
    long blocks) {}
