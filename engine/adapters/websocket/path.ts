/**
 * Paths into a JSON message.
 *
 * Owns: a small, safe subset of JSONPath: `$`, `.name`, `['name']`, `[0]`, and one `[*]` that stands for every item of
 * an array. No filters, no recursion, no code; own properties only. May not know what a path is for.
 */
type Step = string | number;

export interface Path {
  readonly source: string;
  /** Steps up to the `[*]`; null when there is none. */
  readonly items: readonly Step[] | null;
  /** Steps from the item, or from the message. */
  readonly steps: readonly Step[];
}

const STEP = /\.([A-Za-z0-9_-]+)|\[(\d{1,6})\]|\['([^']*)'\]|\["([^"]*)"\]|(\[\*\])/y;

/** Undefined when the text is no path. */
export function parsePath(source: string): Path | undefined {
  if (!source.startsWith("$")) return undefined;
  let items: Step[] | null = null;
  let steps: Step[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < source.length) {
    const match = STEP.exec(source);
    if (match === null) return undefined;
    if (match[5] !== undefined) {
      if (items !== null) return undefined;
      items = steps;
      steps = [];
    } else steps.push(match[2] === undefined ? ((match[1] ?? match[3] ?? match[4]) as string) : Number(match[2]));
  }
  return { source, items, steps };
}

/** The value at the steps, or undefined. */
export function valueAt(root: unknown, steps: readonly Step[]): unknown {
  let value = root;
  for (const step of steps) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<Step, unknown>)[step];
  }
  return value;
}
