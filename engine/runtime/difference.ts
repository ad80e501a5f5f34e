/**
 * The first place at which two values differ.
 *
 * Owns: its path, as a person would write it: `outputs[2].order.qty`. May not: know what the values mean.
 */
export interface ValueDifference {
  readonly path: string;
  /** As JSON; `nothing` where there is no such place. */
  readonly recorded: string;
  readonly now: string;
}

const NOTHING = "nothing";
/** Longer texts are cut: the place says what to look at. */
const LONGEST = 200;

/** Undefined when both are the same to the byte in a journal, where -0 is 0 and what is undefined is not there. */
export function firstDifference(path: string, recorded: unknown, now: unknown): ValueDifference | undefined {
  const [before, after] = [JSON.stringify(recorded), JSON.stringify(now)];
  // What JSON cannot hold is null in both; a journal tells such numbers apart.
  if (before === after && !before?.includes("null")) return undefined;
  const found = walk(path, recorded, now);
  if (found !== undefined || before === after) return found;
  return { path, recorded: "the same keys in another order", now: "the same values" };
}

function walk(path: string, recorded: unknown, now: unknown): ValueDifference | undefined {
  if (Array.isArray(recorded) && Array.isArray(now)) return walkList(path, recorded, now);
  if (isObject(recorded) && isObject(now)) return walkObject(path, recorded, now);
  const isSame = recorded === now || (Number.isNaN(recorded) && Number.isNaN(now));
  return isSame ? undefined : { path, recorded: textOf(recorded), now: textOf(now) };
}

function walkList(path: string, recorded: readonly unknown[], now: readonly unknown[]): ValueDifference | undefined {
  for (let i = 0; i < Math.max(recorded.length, now.length); i++) {
    const found = walk(`${path}[${i}]`, recorded[i], now[i]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function walkObject(
  path: string,
  recorded: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): ValueDifference | undefined {
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(now)])) {
    const place = /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
    const found = walk(place, valueOf(recorded, key), valueOf(now, key));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Its own: a key of a journal may have the name of what every object inherits. */
function valueOf(object: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  const text = value === undefined ? NOTHING : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
