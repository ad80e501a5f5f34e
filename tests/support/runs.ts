/**
 * How often properties run: a slice with fresh seeds in CI, twenty times that under `npm run soak`.
 */
const FACTOR = process.env["BARWISE_SOAK"] === "1" ? 20 : 1;

export function runs(count: number): number {
  return count * FACTOR;
}
