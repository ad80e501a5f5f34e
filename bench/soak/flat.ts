/**
 * Whether something grows that should not.
 *
 * Owns: the rule. The first quarter of a run warms up; after that the least of the last quarter is hardly above the least of the
 * second one. The least, because what is waiting to be collected or forgotten makes every single figure too high.
 */
import type { Counts } from "./world.ts";

export interface Sample extends Counts {
  readonly heapUsed: number;
  readonly rss: number;
  readonly arrayBuffers: number;
}

const MB = 1_024 * 1_024;

interface Rule {
  readonly what: string;
  readonly of: (sample: Sample) => number;
  readonly ratio: number;
  readonly beside: number;
}

const RULES: readonly Rule[] = [
  { what: "heap in use", of: ({ heapUsed }) => heapUsed, ratio: 1.1, beside: 4 * MB },
  { what: "array buffers", of: ({ arrayBuffers }) => arrayBuffers, ratio: 1.1, beside: 4 * MB },
  // Pages come back to the system when the collector sees fit.
  { what: "resident memory", of: ({ rss }) => rss, ratio: 1.2, beside: 32 * MB },
  { what: "the core's state", of: ({ stateBytes }) => stateBytes, ratio: 1.2, beside: MB },
  { what: "the journal", of: ({ journalBytes }) => journalBytes, ratio: 1.5, beside: 32 * MB },
];

/** A sentence for each thing that grew. */
export function grown(samples: readonly Sample[]): string[] {
  const quarter = Math.floor(samples.length / 4);
  if (quarter === 0) return ["there are too few samples to say whether anything grew"];
  const least = (from: number, of: Rule["of"]): number => Math.min(...samples.slice(from, from + quarter).map(of));
  return RULES.flatMap(({ what, of, ratio, beside }) => {
    const [early, late] = [least(quarter, of), least(samples.length - quarter, of)];
    if (late <= early * ratio + beside) return [];
    return [`${what} grew: ${megabytes(early)} MB in the second quarter, ${megabytes(late)} MB in the last one`];
  });
}

function megabytes(bytes: number): string {
  return (bytes / MB).toFixed(1);
}
