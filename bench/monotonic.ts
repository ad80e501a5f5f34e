/**
 * One clock for all threads.
 *
 * Owns: microseconds of the machine's monotonic clock; `performance.now()` begins anew in each thread.
 */
export function nowUs(): number {
  return Number(process.hrtime.bigint()) / 1e3;
}
